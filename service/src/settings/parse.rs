//! Reading the settings of a process: environment and flags, or one clear line and exit code 2.

use std::ffi::OsString;

use clap::error::ErrorKind;

use crate::StartError;

use super::names;

/// Reads the settings. A `CD_` name in the environment that no service knows, and anything that clap refuses, is printed
/// as one line on stderr and ends the process with 2; `--help` and `--version` work as usual.
pub fn parse<T: clap::Parser>() -> T {
    or_exit(try_parse(std::env::vars_os().map(|(name, _)| name), std::env::args_os()))
}

fn or_exit<T>(read: Result<T, Refusal>) -> T {
    match read {
        Ok(settings) => settings,
        Err(Refusal::Clap(asked)) => asked.exit(),
        Err(Refusal::Start(error)) => {
            eprintln!("error: {error}");
            std::process::exit(i32::from(error.exit_code()))
        }
    }
}

/// Reads the command line of a program that serves, and whose subcommands do one thing and end; as [`parse`]. Without a word
/// that is no flag the subcommand is `run`.
pub fn parse_command<T: clap::Parser>() -> T {
    or_exit(try_parse_command(std::env::vars_os().map(|(name, _)| name), std::env::args_os().collect()))
}

/// As [`parse_command`], for names and arguments of the caller's.
///
/// # Errors
/// [`Refusal`].
pub fn try_parse_command<T: clap::Parser>(
    names: impl Iterator<Item = OsString>,
    mut args: Vec<OsString>,
) -> Result<T, Refusal> {
    // Help and version are about the whole program.
    let whole = ["-h", "--help", "-V", "--version"];
    let first = args.get(1).and_then(|arg| arg.to_str());
    if first.is_none_or(|first| first.starts_with('-') && !whole.contains(&first)) {
        args.insert(1.min(args.len()), "run".into());
    }
    try_parse(names, args)
}

/// Why there are no settings.
#[derive(Debug)]
pub enum Refusal {
    /// Help or version was asked for: clap prints it.
    Clap(clap::Error),
    /// A setting is wrong.
    Start(StartError),
}

/// As [`parse`], for names and arguments of the caller's.
pub fn try_parse<T: clap::Parser>(
    names: impl Iterator<Item = OsString>,
    args: impl IntoIterator<Item = OsString>,
) -> Result<T, Refusal> {
    if let Some(complaint) = names::unknown(names.map(|name| name.to_string_lossy().into_owned())) {
        return Err(Refusal::Start(StartError::setting(complaint)));
    }
    T::try_parse_from(args).map_err(|error| match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            Refusal::Clap(error)
        }
        _ => Refusal::Start(StartError::setting(one_line(&error.render().to_string()))),
    })
}

/// clap's message without the usage and the hints, on one line, with the environment names of the flags in it.
fn one_line(message: &str) -> String {
    let end = ["\n\nUsage:", "\n\nFor more information"].iter().filter_map(|mark| message.find(mark)).min();
    let message = message[..end.unwrap_or(message.len())].trim_start_matches("error: ");
    let mut line = message.split_whitespace().collect::<Vec<_>>().join(" ");
    let flags: Vec<String> =
        line.split([' ', '\'', '=', ',']).filter(|word| word.starts_with("--")).map(Into::into).collect();
    let mut named = Vec::new();
    for flag in flags {
        let name = format!("CD_{}", flag[2..].replace('-', "_").to_uppercase());
        if names::KNOWN.contains(&name.as_str()) && !named.contains(&name) {
            named.push(name);
        }
    }
    if !named.is_empty() {
        line.push_str(&format!(" (in the environment: {})", named.join(", ")));
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::{AdminSettings, KafkaSettings, LogSettings, parse_duration};
    use clap::Parser;
    use std::time::Duration;

    #[derive(Debug, Parser)]
    struct Sample {
        #[command(flatten)]
        kafka: KafkaSettings,
        #[command(flatten)]
        log: LogSettings,
        #[command(flatten)]
        admin: AdminSettings,
        #[arg(long, default_value = "100ms", value_parser = parse_duration)]
        tick: Duration,
    }

    fn read(args: &[&str], names: &[&str]) -> Result<Sample, String> {
        let args = std::iter::once("sample").chain(args.iter().copied()).map(OsString::from);
        try_parse(names.iter().map(OsString::from), args).map_err(|refusal| match refusal {
            Refusal::Start(error) => {
                assert_eq!(error.exit_code(), 2);
                error.to_string()
            }
            Refusal::Clap(error) => format!("clap: {}", error.kind()),
        })
    }

    #[test]
    fn flags_are_read_and_defaults_hold() {
        let sample = read(&["--kafka-brokers", "a:1", "--kafka-prefix", "x."], &[]).unwrap();
        assert_eq!(sample.kafka.topic("positions"), "x.positions");
        assert_eq!(sample.admin.addr(8092).to_string(), "127.0.0.1:8092");
        assert_eq!((sample.tick, sample.log.log.as_str()), (Duration::from_millis(100), "info"));
    }

    #[test]
    fn every_refusal_is_one_line_that_names_the_setting() {
        for (args, names, expected) in [
            (vec![], vec![], "CD_KAFKA_BROKERS"),
            (vec!["--kafka-brokers", "a:1", "--tick", "5"], vec![], "invalid value '5' for '--tick <TICK>'"),
            (vec!["--kafka-brokers", "a:1", "--log-format", "xml"], vec![], "[possible values: text, json]"),
            (vec!["--kafka-brokers", "a:1", "--admin-addr", "here"], vec![], "CD_ADMIN_ADDR"),
            (vec!["--kafka-brokers", "a:1", "--kafka-options", "x"], vec![], "each option must be name=value"),
            (vec!["--kafka-brokers", "a:1", "--nonsense"], vec![], "--nonsense"),
            (vec!["--kafka-brokers", "a:1"], vec!["CD_KAFKA_BROKER"], "the nearest one is CD_KAFKA_BROKERS"),
        ] {
            let line = read(&args, &names).unwrap_err();
            assert!(line.contains(expected) && !line.contains('\n') && !line.contains("Usage"), "{line}");
        }
    }

    #[test]
    fn a_refusal_does_not_repeat_passwords() {
        let options = "sasl.username=me;sasl.password=hunter2;half";
        let line = read(&["--kafka-brokers", "a:1", "--kafka-options", options], &[]).unwrap_err();
        assert!(line.contains("CD_KAFKA_OPTIONS") && !line.contains("hunter2"), "{line}");
    }

    #[test]
    fn help_is_help() {
        assert!(read(&["--help"], &[]).unwrap_err().starts_with("clap:"));
    }
}
