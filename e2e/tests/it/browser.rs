//! The page in a headless Chromium. The tests themselves stand in `e2e/browser/`, in the page's own language; here they are
//! run by Node.js, with a deadline, and what they said is told where they fail.

use std::{
    fs::File,
    os::unix::process::CommandExt,
    path::PathBuf,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use e2e::process;

/// The whole run takes about half of it on two cores that have other tests to run, too.
const DEADLINE: Duration = Duration::from_secs(35 * 60);

#[test]
#[ignore = "needs Chromium and Node.js"]
fn the_page_in_a_browser() {
    let root = process::root();
    assert!(root.join("dist/index.html").is_file(), "the page is not built: run cargo xtask page");
    assert!(root.join("node_modules/playwright-core").is_dir(), "npm packages are missing: run npm ci");
    let mut tests: Vec<PathBuf> = std::fs::read_dir(root.join("e2e/browser"))
        .expect("the tests are there")
        .map(|entry| entry.expect("the folder can be read").path())
        .filter(|path| path.to_string_lossy().ends_with(".test.mjs"))
        .collect();
    tests.sort();
    assert!(!tests.is_empty(), "no tests in e2e/browser");

    let told = tempfile::NamedTempFile::new().expect("a temporary file");
    let out = told.reopen().expect("a temporary file can be opened again");
    let err: File = out.try_clone().expect("a file can be cloned");
    let mut command = Command::new("node");
    // One file at a time: each has a server and a browser that draws on the processor.
    command.args(["--test", "--test-concurrency=1", "--test-reporter=spec"]).args(&tests).current_dir(root);
    command.env("E2E_BIN", process::binary("code-delivery"));
    // A group of its own, so that at the deadline servers and browsers end with it.
    let mut run = command.process_group(0).stdin(Stdio::null()).stdout(out).stderr(err).spawn().expect("node starts");
    let began = Instant::now();
    let status = loop {
        if let Some(status) = run.try_wait().expect("a child can be waited for") {
            break Some(status);
        }
        if began.elapsed() > DEADLINE {
            let _ = Command::new("kill").args(["-KILL", "--", &format!("-{}", run.id())]).status();
            let _ = run.wait();
            break None;
        }
        std::thread::sleep(Duration::from_millis(100));
    };
    let text = std::fs::read_to_string(told.path()).unwrap_or_default();
    match status {
        Some(status) if status.success() => {}
        Some(status) => panic!("browser tests failed ({status}):\n{text}"),
        None => panic!("browser tests have not ended after {DEADLINE:?}:\n{text}"),
    }
}
