//! A service as a process: started, waited for, killed, its log kept for when a test fails.

use std::{
    collections::HashSet,
    fs::File,
    io::{BufRead, BufReader, Write},
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    sync::{Arc, Mutex, PoisonError},
    thread::JoinHandle,
    time::{Duration, Instant},
};

use crate::kept;

/// A running process. It is killed when this is dropped, and its log is printed if a test is failing then.
pub struct Running {
    child: Child,
    log: Arc<Mutex<Vec<String>>>,
    readers: Vec<JoinHandle<()>>,
    name: String,
}

/// Path of a binary that the workspace builds, beside this test's own.
///
/// # Panics
/// Where it is not built: the journeys need `cargo xtask test`.
pub fn binary(name: &str) -> PathBuf {
    let own = std::env::current_exe().expect("a test has a path");
    let dir = own.ancestors().find(|dir| dir.join(name).is_file());
    dir.unwrap_or_else(|| panic!("{name} is not built: run cargo xtask test")).join(name)
}

/// The workspace's root.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("e2e lies in the workspace")
}

/// A port of the loopback interface that was free a moment ago, and that no other test of this process was given. It lies
/// below those that the system gives to outgoing connections: one of these may take any of theirs before a service does.
///
/// # Panics
/// Where none is free.
pub fn free_port() -> u16 {
    static GIVEN: Mutex<Option<HashSet<u16>>> = Mutex::new(None);
    let mut given = GIVEN.lock().unwrap_or_else(PoisonError::into_inner);
    let given = given.get_or_insert_default();
    let from = (uuid::Uuid::new_v4().as_u128() % 5_000) as u16;
    let mut ports = (0..5_000).map(|n| 10_000 + (from + n) % 5_000);
    let is_free = |port: &u16| !given.contains(port) && TcpListener::bind(("127.0.0.1", *port)).is_ok();
    let port = ports.find(is_free).expect("loopback has a free port");
    given.insert(port);
    port
}

impl Running {
    /// Starts a command. Its environment holds none of our settings but those given.
    ///
    /// # Panics
    /// Where it cannot be started.
    pub fn start(name: &str, command: &mut Command) -> Self {
        for (variable, _) in std::env::vars_os() {
            if variable.to_string_lossy().starts_with("CD_") {
                command.env_remove(variable);
            }
        }
        command.current_dir(root()).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        kept::secrets_of(command);
        let mut child = command.spawn().unwrap_or_else(|error| panic!("cannot start {name}: {error}"));
        let log = Arc::new(Mutex::new(Vec::new()));
        let (out, err) = (child.stdout.take(), child.stderr.take());
        let id = child.id();
        let keep = |stream: Box<dyn std::io::Read + Send>| -> JoinHandle<()> {
            let log = log.clone();
            let mut file: Option<File> = kept::log(name, id);
            std::thread::spawn(move || {
                for line in BufReader::new(stream).lines().map_while(Result::ok) {
                    if let Some(file) = &mut file {
                        // One write a line: both streams end in this file.
                        file.write_all(format!("{line}\n").as_bytes()).expect("a log can be kept");
                    }
                    if let Ok(mut log) = log.lock() {
                        log.push(line);
                    }
                }
            })
        };
        let readers = out.map(|stream| keep(Box::new(stream))).into_iter();
        let readers = readers.chain(err.map(|stream| keep(Box::new(stream)))).collect();
        Self { child, log, readers, name: name.to_owned() }
    }

    /// Everything that it has printed.
    pub fn log(&self) -> String {
        self.log.lock().map(|log| log.join("\n")).unwrap_or_default()
    }

    /// Its number.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Kills it as a crash would: no chance to clean up.
    pub fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// Asks it to stop (SIGTERM) and waits for its end.
    ///
    /// # Panics
    /// Where it has not ended after `within`.
    pub fn stop(&mut self, within: Duration) -> ExitStatus {
        self.signal("TERM");
        self.wait(within)
    }

    /// Sends a signal by its name: what Ctrl-C sends is `INT`.
    ///
    /// # Panics
    /// Where it cannot be sent.
    pub fn signal(&self, name: &str) {
        let asked = Command::new("kill").args(["-s", name]).arg(self.id().to_string()).status();
        assert!(asked.is_ok_and(|status| status.success()), "cannot signal {}", self.name);
    }

    /// Waits for its end, and until all that it has printed is in the log.
    ///
    /// # Panics
    /// Where it has not ended after `within`.
    pub fn wait(&mut self, within: Duration) -> ExitStatus {
        let deadline = Instant::now() + within;
        loop {
            let ended = self.child.try_wait().expect("a child can be waited for");
            if let Some(status) = ended.filter(|_| self.readers.iter().all(JoinHandle::is_finished)) {
                return status;
            }
            assert!(Instant::now() < deadline, "{} has not ended after {within:?}", self.name);
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Whether it still runs.
    pub fn is_running(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if std::thread::panicking() {
            eprintln!("--- log of {} ---\n{}\n--- end of log ---", self.name, self.log());
        }
    }
}

/// The one process with everything in it, and where it is reached.
pub struct Standalone {
    /// The process.
    pub process: Running,
    /// `http://127.0.0.1:PORT`.
    pub url: String,
    port: u16,
    admin: u16,
    data: PathBuf,
    demo: u32,
    flags: Vec<String>,
}

impl Standalone {
    /// Starts it on free ports.
    pub fn start(data: &Path, demo: u32) -> Self {
        Self::start_with(data, demo, &[])
    }

    /// The same, with more flags.
    pub fn start_with(data: &Path, demo: u32, flags: &[&str]) -> Self {
        let flags = flags.iter().map(|flag| (*flag).to_owned()).collect();
        Self::on_ports(data, demo, flags, free_port(), free_port())
    }

    fn on_ports(data: &Path, demo: u32, flags: Vec<String>, port: u16, admin: u16) -> Self {
        let mut command = Command::new(binary("code-delivery"));
        command.arg("--http-addr").arg(format!("127.0.0.1:{port}"));
        command.arg("--admin-addr").arg(format!("127.0.0.1:{admin}"));
        command.arg("--demo").arg(demo.to_string()).arg("--data-dir").arg(data).args(&flags);
        let process = Running::start("code-delivery", &mut command);
        let url = format!("http://127.0.0.1:{port}");
        Self { process, url, port, admin, data: data.to_path_buf(), demo, flags }
    }

    /// Kills it and starts it again on the same ports and data.
    pub fn crash_and_restart(&mut self) {
        self.process.kill();
        *self = Self::on_ports(&self.data, self.demo, self.flags.clone(), self.port, self.admin);
    }

    /// Waits until it is ready.
    pub async fn ready(&mut self) {
        let url = format!("http://127.0.0.1:{}/readyz", self.admin);
        let process = &mut self.process;
        crate::eventually("readyz", Duration::from_secs(60), async || {
            assert!(process.is_running(), "it ended before it was ready:\n{}", process.log());
            reqwest::get(&url).await.ok().filter(|answer| answer.status().is_success()).map(|_| ())
        })
        .await;
    }

    /// URL of a page of the admin port.
    pub fn admin(&self, page: &str) -> String {
        format!("http://127.0.0.1:{}{page}", self.admin)
    }
}
