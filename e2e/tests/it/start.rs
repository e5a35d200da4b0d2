//! A start that cannot succeed: one clear line, exit code 2, nothing touched. And a start by a newcomer: no noise.

use std::{
    net::TcpListener,
    process::{Command, Output},
    time::Duration,
};

use e2e::process::{Running, Standalone, binary, free_port};

fn refuse(arguments: &[&str], environment: &[(&str, &str)]) -> Output {
    let mut command = Command::new(binary("code-delivery"));
    command.current_dir(e2e::process::root()).args(arguments).envs(environment.iter().copied());
    command.output().unwrap()
}

/// The complaint, after checking that it is one line and that the code is 2.
fn complaint(output: &Output) -> String {
    let text = String::from_utf8_lossy(&output.stderr);
    let lines: Vec<&str> = text.lines().filter(|line| line.starts_with("error: ")).collect();
    assert_eq!((output.status.code(), lines.len()), (Some(2), 1), "{text}");
    lines[0].to_owned()
}

#[test]
fn a_port_in_use_is_named() {
    let data = tempfile::tempdir().unwrap();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let addr = taken.local_addr().unwrap().to_string();
    let dir = data.path().to_str().unwrap();
    let text = complaint(&refuse(&["--data-dir", dir, "--http-addr", &addr], &[]));
    assert!(text.contains(&addr) && text.contains("in use"), "{text}");
    let admin = complaint(&refuse(&["--data-dir", dir, "--http-addr", "127.0.0.1:0", "--admin-addr", &addr], &[]));
    assert!(admin.contains(&addr) && admin.contains("in use"), "{admin}");
}

#[test]
fn a_directory_that_cannot_be_written_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("file");
    std::fs::write(&file, "not a directory").unwrap();
    let inside = file.join("data");
    let text = complaint(&refuse(&["--data-dir", inside.to_str().unwrap(), "--http-addr", "127.0.0.1:0"], &[]));
    assert!(text.contains(inside.to_str().unwrap()), "{text}");
}

#[test]
fn a_database_of_a_newer_version_is_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("history.sqlite");
    // The head of an SQLite file: its user_version stands at byte 60, big-endian (https://sqlite.org/fileformat.html).
    let mut first = start_once(dir.path());
    assert!(first.stop(Duration::from_secs(30)).success());
    let mut bytes = std::fs::read(&path).unwrap();
    bytes[60..64].copy_from_slice(&9_999u32.to_be_bytes());
    std::fs::write(&path, &bytes).unwrap();
    let text = complaint(&refuse(&["--data-dir", dir.path().to_str().unwrap(), "--http-addr", "127.0.0.1:0"], &[]));
    assert!(text.contains("9999") && text.contains("newer"), "{text}");
    assert_eq!(std::fs::read(&path).unwrap(), bytes);
}

fn start_once(data: &std::path::Path) -> Running {
    let mut command = Command::new(binary("code-delivery"));
    command.args(["--http-addr", &format!("127.0.0.1:{}", free_port()), "--admin-addr", "127.0.0.1:0", "--demo", "0"]);
    let process = Running::start("code-delivery", command.arg("--data-dir").arg(data));
    let deadline = std::time::Instant::now() + Duration::from_secs(60);
    while !process.log().contains("Code Delivery is up") {
        assert!(std::time::Instant::now() < deadline, "it does not come up:\n{}", process.log());
        std::thread::sleep(Duration::from_millis(20));
    }
    process
}

#[test]
fn a_misspelt_name_and_a_foreign_address_are_refused() {
    let misspelt = complaint(&refuse(&[], &[("CD_HTTP_ADR", "127.0.0.1:0")]));
    assert!(misspelt.contains("CD_HTTP_ADR") && misspelt.contains("CD_HTTP_ADDR"), "{misspelt}");
    let data = tempfile::tempdir().unwrap();
    let dir = data.path().to_str().unwrap();
    let open = complaint(&refuse(&["--data-dir", dir, "--http-addr", "0.0.0.0:0"], &[]));
    assert!(open.contains("loopback"), "{open}");
    let routes = complaint(&refuse(&["--data-dir", dir, "--http-addr", "127.0.0.1:0", "--routes-dir", dir], &[]));
    assert!(routes.contains("no valid route"), "{routes}");
}

#[test]
fn two_processes_do_not_share_their_data() {
    let data = tempfile::tempdir().unwrap();
    let _first = start_once(data.path());
    let dir = data.path().to_str().unwrap();
    let text =
        complaint(&refuse(&["--data-dir", dir, "--http-addr", "127.0.0.1:0", "--admin-addr", "127.0.0.1:0"], &[]));
    assert!(text.contains("in use by another process"), "{text}");
}

#[tokio::test]
async fn the_log_of_a_quiet_run_holds_no_warning() {
    let data = tempfile::tempdir().unwrap();
    let mut server = Standalone::start(data.path(), 12);
    server.ready().await;
    let rest = e2e::rest::Rest::new(&server.url);
    e2e::eventually("couriers on the road", Duration::from_secs(30), async || {
        let status = rest.get("/status").await;
        (status["couriers"].as_u64() >= Some(3)).then_some(())
    })
    .await;
    assert!(server.process.stop(Duration::from_secs(30)).success());
    let log = server.process.log();
    let noise: Vec<&str> =
        log.lines().filter(|line| ["WARN", "ERROR", "panicked"].iter().any(|word| line.contains(word))).collect();
    assert!(noise.is_empty(), "{noise:#?}");
}
