//! Real Kafka and Elasticsearch for tests, by `cargo xtask services`: an instance of the test's own, on ports that were
//! free, which is taken down when the test ends.

use std::{
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Command, Output},
    sync::{Mutex, PoisonError},
};

use serde_json::Value;

use crate::{kept, process::binary};

/// Running servers.
pub struct Servers {
    name: String,
    dir: PathBuf,
    /// Arguments of `up` that were given.
    arguments: Vec<String>,
    /// What `endpoints.json` says.
    pub endpoints: Value,
}

impl Servers {
    /// Starts servers with these arguments of `services up`, without data of an earlier run.
    ///
    /// # Panics
    /// Where the machine lacks something, or a server does not come up.
    pub fn start(name: &str, arguments: &[&str]) -> Self {
        // Two tests of a process would find the same ports free.
        static STARTING: Mutex<()> = Mutex::new(());
        let _alone = STARTING.lock().unwrap_or_else(PoisonError::into_inner);
        let program = binary("xtask");
        let target = program.ancestors().nth(2).expect("a built program lies in the target directory");
        let mut given: Vec<String> = arguments.iter().map(|argument| (*argument).to_owned()).collect();
        given.extend(["--port-base".to_owned(), free_ports().to_string()]);
        // Of this process, so that tests of another checkout or another run are not disturbed.
        let dir = target.join(format!("services/test-{name}-{}", std::process::id()));
        let mut servers = Self { name: format!("servers-{name}"), dir, arguments: given, endpoints: Value::Null };
        let output = servers.up(&["--clean"]);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "services up failed:\n{said}");
        servers.endpoints = serde_json::from_slice(&output.stdout).expect("up prints the endpoints");
        servers
    }

    /// The instance's directory.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// All brokers.
    ///
    /// # Panics
    /// Where none was asked for.
    pub fn kafka(&self) -> &str {
        self.endpoints["kafka"].as_str().expect("brokers were asked for")
    }

    /// Elasticsearch's URL.
    ///
    /// # Panics
    /// Where it was not asked for.
    pub fn elasticsearch(&self) -> &str {
        self.endpoints["elasticsearch"].as_str().expect("Elasticsearch was asked for")
    }

    /// Calls `services up` as it was called first, with more arguments.
    pub fn up(&self, more: &[&str]) -> Output {
        let mut arguments = vec!["up"];
        arguments.extend(self.arguments.iter().map(String::as_str));
        arguments.extend(more);
        self.call(&arguments)
    }

    /// Calls `services` with these arguments: `["kill", "kafka-2"]`.
    ///
    /// # Panics
    /// Where it cannot be called.
    pub fn call(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new(binary("xtask"));
        command.arg("services").args(arguments).arg("--dir").arg(&self.dir);
        command.output().expect("xtask can be called")
    }
}

impl Drop for Servers {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("{}", String::from_utf8_lossy(&self.call(&["logs", "--lines", "60"]).stdout));
        }
        let _ = self.call(&["down"]);
        kept::servers(&self.name, &self.dir);
        let _ = std::fs::remove_dir_all(&self.dir);
    }
}

/// A number from which on `services up` finds its ports free. Below those that systems give to clients.
pub fn free_ports() -> u16 {
    let first = u16::try_from(std::process::id() % 25).expect("less than 25");
    let bases = (0..25).map(|i| 21_000 + 400 * ((first + i) % 25));
    let is_free = |base: &u16| {
        let mut offsets = (92..=97).chain(152..=156).chain(172..=176).chain([200, 300]);
        offsets.all(|offset| TcpListener::bind(("127.0.0.1", base + offset)).is_ok())
    };
    bases.into_iter().find(is_free).expect("some of 25 ranges of ports is free")
}
