//! Each tool of others refuses a broken copy of what it takes: a check that nothing can fail would show nothing. They are had as
//! `cargo xtask check` has them; `cargo xtask test` runs these where they are to be had.

use std::fs;

use tempfile::TempDir;

use super::*;

const LACKING: &str = "the tool is to be had, which `cargo xtask test` asks before";

/// What a file of the project says, with one place changed.
fn changed(name: &str, from: &str, to: &str) -> String {
    let text = fs::read_to_string(process::root().unwrap().join(name)).unwrap();
    assert!(text.contains(from), "{name} has no {from}");
    text.replacen(from, to, 1)
}

fn faults(finding: Finding) -> Vec<String> {
    match finding {
        Finding::Faults(lines) => lines,
        Finding::NotRun(reason) => panic!("{LACKING}: {reason}"),
    }
}

#[test]
#[ignore = "needs hadolint"]
fn hadolint_refuses_a_broken_containerfile() {
    let dir = TempDir::new().unwrap();
    let place = dir.path().join("Containerfile");
    let lint = |from, to| {
        fs::write(&place, changed("Containerfile", from, to)).unwrap();
        faults(hadolint(&[place.to_str().unwrap()]).unwrap())
    };
    assert_eq!(lint("FROM tools", "FROM tools"), Vec::<String>::new());
    assert!(lint("# hadolint ignore=DL3008\n", "").iter().any(|line| line.contains("DL3008")));
    assert!(!lint("WORKDIR /source", "WORKDIRR /source").is_empty());
}

#[test]
#[ignore = "needs a loader of compose files"]
fn the_loader_of_compose_refuses_a_broken_file() {
    let dir = TempDir::new().unwrap();
    let place = dir.path().join("docker-compose.yml");
    let load = |from, to| {
        fs::write(&place, changed("docker-compose.yml", from, to)).unwrap();
        faults(compose(place.to_str().unwrap()).unwrap())
    };
    assert_eq!(load("read_only: true", "read_only: true"), Vec::<String>::new());
    assert!(!load("read_only: true", "read_onli: true").is_empty(), "a word that compose does not know");
    assert!(!load("restart: unless-stopped", "restart: [7]").is_empty(), "a list where a text must stand");
    assert!(!load("condition: service_healthy", "condition: healthy").is_empty(), "a state that there is not");
}

#[test]
#[ignore = "needs kubernetes-validate"]
fn the_schemas_of_kubernetes_refuse_a_broken_document() {
    let root = process::root().unwrap();
    let program =
        python_tool("kubernetes-validate", KUBERNETES).unwrap().unwrap_or_else(|why| panic!("{LACKING}: {why}"));
    let dir = TempDir::new().unwrap();
    let place = dir.path().join("local.json");
    let all = k8s::overlay(&root, "local").unwrap();
    let validate = |pointer: &str, value: Value| {
        let mut all = all.clone();
        let deployment = all.iter_mut().find(|document| document["kind"] == "Deployment").unwrap();
        *deployment.pointer_mut(pointer).unwrap() = value;
        of_kubernetes(&program, &all, &place).unwrap()
    };
    assert_eq!(of_kubernetes(&program, &all, &place).unwrap(), Vec::<String>::new());
    assert!(!validate("/spec/replicas", "two".into()).is_empty());
    assert!(!validate("/spec/template/spec/containers/0/name", 7.into()).is_empty());
    assert!(!validate("/spec/template/spec", serde_json::json!({ "container": [] })).is_empty());
}

#[test]
fn a_rendering_that_differs_is_told_on_both_sides() {
    let document = |name: &str, n: u32| serde_json::json!({ "kind": "K", "metadata": { "name": name }, "n": n });
    let (ours, theirs) = ([document("a", 1), document("b", 1)], [document("b", 2), document("a", 1)]);
    assert_eq!(differences(&ours, &theirs), ["only ours: K b", "only theirs: K b"]);
    assert_eq!(differences(&ours, &[document("b", 1), document("a", 1)]), Vec::<String>::new());
}

#[test]
#[ignore = "needs kubectl or kustomize"]
fn the_rendering_of_kustomize_is_compared() {
    // A copy whose base is another: theirs is of the copy, ours of what stands here.
    let root = process::root().unwrap();
    let dir = TempDir::new().unwrap();
    process::succeed(Command::new("cp").arg("-R").args([root.join("k8s"), root.join("observability")]).arg(dir.path()))
        .unwrap();
    assert_eq!(faults(kustomize(dir.path()).unwrap()), Vec::<String>::new());
    // kustomize refuses a patch whose target is not there in the form of a name; ours must, too.
    fs::write(
        dir.path().join("k8s/base/settings.yaml"),
        changed("k8s/base/settings.yaml", "CD_LOG: info", "CD_LOG: ["),
    )
    .unwrap();
    assert!(kustomize(dir.path()).map_or(true, |finding| !faults(finding).is_empty()));
}

#[test]
#[ignore = "needs promtool"]
fn promtool_refuses_broken_rules_and_tests() {
    let program = prometheus().unwrap().unwrap_or_else(|why| panic!("{LACKING}: {why}"));
    let dir = TempDir::new().unwrap();
    for folder in ["observability/rules", "observability/tests"] {
        fs::create_dir_all(dir.path().join(folder)).unwrap();
    }
    let files = [metrics::CONFIGURATION, metrics::RULES, metrics::TESTS];
    let check = |broken: &str, from: &str, to: &str| {
        for file in files {
            let text = if file == broken { changed(file, from, to) } else { changed(file, "", "") };
            fs::write(dir.path().join(file), text).unwrap();
        }
        of_promtool(&program, dir.path()).unwrap()
    };
    assert_eq!(check("", "", ""), Vec::<String>::new());
    assert!(!check(metrics::CONFIGURATION, "scrape_interval: 10s", "scrape_interval: often").is_empty());
    assert!(!check(metrics::RULES, "cd_behind_seconds > 10", "cd_behind_seconds >> 10").is_empty(), "no expression");
    assert!(!check(metrics::RULES, "cd_behind_seconds > 10", "cd_behind_seconds > 10000").is_empty(), "fires no more");
    assert!(!check(metrics::TESTS, "exp_alerts:\n", "exp_alert:\n").is_empty(), "a word that promtool does not know");
}
