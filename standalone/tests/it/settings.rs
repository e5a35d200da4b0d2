//! Every `CD_` name that is accepted does something, and stands in docs/protocol.md with the services that read it and its
//! default.

use std::collections::{BTreeMap, BTreeSet};

use clap::{Args, Command};
use service::settings::KNOWN;

const PAGE: &str = include_str!("../../../docs/protocol.md");
const SERVICES: [&str; 4] = ["backend", "simulator", "sink", "one process"];

/// What a service says of a setting.
#[derive(Debug, PartialEq)]
struct Said {
    default: Option<String>,
    required: bool,
}

/// The settings of each service, by name, as clap reads them.
fn by_service() -> [BTreeMap<String, Said>; 4] {
    fn of<T: Args>() -> BTreeMap<String, Said> {
        let command = T::augment_args(Command::new("service"));
        let named = command.get_arguments().filter_map(|argument| {
            let name = argument.get_env()?.to_string_lossy().into_owned();
            let defaults = argument.get_default_values();
            let default = defaults.first().map(|default| default.to_string_lossy().into_owned());
            Some((name, Said { default, required: argument.is_required_set() }))
        });
        named.collect()
    }
    [of::<backend::Settings>(), of::<simulator::Settings>(), of::<sink::Settings>(), of::<standalone::Settings>()]
}

/// A row of the table: services, names, and the defaults as they stand there.
struct Row {
    who: BTreeSet<&'static str>,
    names: Vec<&'static str>,
    default: &'static str,
}

fn rows() -> Vec<Row> {
    let section = PAGE.lines().skip_while(|line| *line != "## Settings").skip(1);
    let lines = section.take_while(|line| !line.starts_with('#')).filter(|line| line.starts_with('|')).skip(2);
    let mut who = BTreeSet::new();
    let row = |line: &'static str| {
        let cells: Vec<&str> = line.split('|').map(str::trim).collect();
        match cells[1] {
            "" => {}
            "all" => who = SERVICES.into(),
            named => who = named.split(", ").collect(),
        }
        Row { who: who.clone(), names: cells[2].split('`').skip(1).step_by(2).collect(), default: cells[3] }
    };
    lines.map(row).collect()
}

#[test]
fn every_known_name_is_a_setting_of_some_service() {
    let read: BTreeSet<String> = by_service().iter().flat_map(BTreeMap::keys).cloned().collect();
    assert_eq!(
        read,
        KNOWN.iter().map(|name| (*name).to_owned()).collect(),
        "known, and read by nobody, or the other way"
    );
}

#[test]
fn the_table_of_the_protocol_has_every_name_once() {
    let named: Vec<&str> = rows().iter().flat_map(|row| row.names.clone()).collect();
    let mut sorted = named.clone();
    sorted.sort_unstable();
    assert_eq!(sorted, KNOWN);
}

#[test]
fn the_table_says_who_reads_each_name_and_its_default() {
    let services = by_service();
    for Row { who, names, default } in rows() {
        for (at, name) in names.iter().enumerate() {
            let readers = SERVICES.iter().zip(&services).filter(|(_, read)| read.contains_key(*name));
            let readers: Vec<(&str, &Said)> = readers.map(|(service, read)| (*service, &read[*name])).collect();
            assert_eq!(readers.iter().map(|(service, _)| *service).collect::<BTreeSet<_>>(), who, "{name}");
            for (service, said) in readers {
                assert_eq!(
                    written(name, service, said),
                    told(name, service, default, at, names.len()),
                    "{name}, {service}"
                );
            }
        }
    }
}

/// The default in the table's words. Those of two names are words on what happens without one.
fn written(name: &str, service: &str, said: &Said) -> String {
    match name {
        "CD_ADMIN_ADDR" => format!("127.0.0.1:{}", port(service)),
        "CD_BASEMAP_URL" | "CD_BASEMAP_ATTRIBUTION" if said.default.is_none() => "the page's own".into(),
        _ if said.required => "required".into(),
        _ => said.default.clone().unwrap_or_default(),
    }
}

/// What a row tells of the `at`th of its `count` names: a default each, or one for all; or one each for two services.
fn told(name: &str, service: &str, default: &str, at: usize, count: usize) -> String {
    let parts: Vec<&str> = default.split(", ").collect();
    let own = if parts.len() == count { parts[at] } else { default };
    match (name, own.split_once("; ")) {
        ("CD_DEMO", Some((simulator, one_process))) => {
            if service == "simulator" {
                simulator.into()
            } else {
                one_process.to_owned()
            }
        }
        // Those of the others stand beside it.
        ("CD_ADMIN_ADDR", None) => own.replace("8091", &port(service).to_string()),
        _ => own.to_owned(),
    }
}

fn port(service: &str) -> u16 {
    let port = match service {
        "simulator" => simulator::ADMIN_PORT,
        "sink" => sink::ADMIN_PORT,
        _ => backend::ADMIN_PORT,
    };
    let row = rows().into_iter().find(|row| row.names == ["CD_ADMIN_ADDR"]).unwrap();
    let line = PAGE.lines().find(|line| line.contains("`CD_ADMIN_ADDR` |")).unwrap();
    assert!(row.default.contains(&port.to_string()) || line.contains(&format!("{service} :{port}")), "{line}");
    port
}
