//! An Elasticsearch of a test's own, to be configured badly and to be killed: from the distribution in E2E_ELASTICSEARCH_HOME
//! with the Java in E2E_JAVA_HOME.

use std::{
    env, fs,
    net::TcpListener,
    path::{Path, PathBuf},
    process::Command,
};

use history::Options;
use tempfile::TempDir;

pub struct OwnServer {
    dir: TempDir,
    home: PathBuf,
    ports: [u16; 2],
    settings: Vec<String>,
}

impl OwnServer {
    /// Starts a server with these settings (`name=value`) beside what it needs to run alone.
    pub fn start(settings: &[&str]) -> Self {
        let home = PathBuf::from(env::var("E2E_ELASTICSEARCH_HOME").expect("E2E_ELASTICSEARCH_HOME is set"));
        let dir = tempfile::tempdir().unwrap();
        let config = dir.path().join("config");
        for part in ["config", "config/jvm.options.d", "data", "logs", "tmp"] {
            fs::create_dir_all(dir.path().join(part)).unwrap();
        }
        let options = fs::read_to_string(home.join("config/jvm.options")).unwrap();
        // A reduced Java lacks that module.
        let options: Vec<&str> = options.lines().filter(|line| !line.contains("jdk.incubator.vector")).collect();
        fs::write(config.join("jvm.options"), options.join("\n") + "\n-Xms512m\n-Xmx512m\n").unwrap();
        fs::copy(home.join("config/log4j2.properties"), config.join("log4j2.properties")).unwrap();
        fs::write(config.join("elasticsearch.yml"), "").unwrap();
        give_away(dir.path());
        let free = || TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let settings = settings.iter().map(|setting| (*setting).to_owned()).collect();
        let server = Self { dir, home, ports: [free(), free()], settings };
        server.launch();
        server
    }

    fn launch(&self) {
        let dir = self.dir.path();
        let mut command = Command::new("bash");
        command.arg(self.home.join("bin/elasticsearch")).arg("-d").arg("-p").arg(dir.join("pid"));
        let own = [
            format!("http.port={}", self.ports[0]),
            format!("transport.port={}", self.ports[1]),
            format!("path.data={}", dir.join("data").display()),
            format!("path.logs={}", dir.join("logs").display()),
            "discovery.type=single-node".into(),
            "network.host=127.0.0.1".into(),
            "xpack.security.enabled=false".into(),
            "cluster.routing.allocation.disk.threshold_enabled=false".into(),
        ];
        command.args(own.iter().chain(&self.settings).map(|setting| format!("-E{setting}")));
        command.env("ES_JAVA_HOME", env::var_os("E2E_JAVA_HOME").expect("E2E_JAVA_HOME is set"));
        command.env("ES_PATH_CONF", dir.join("config")).env("ES_TMPDIR", dir.join("tmp"));
        command.current_dir(dir).stdin(std::process::Stdio::null());
        as_nobody(&mut command);
        // It returns when the server is there.
        let output = fs::File::create(dir.join("out")).unwrap();
        let status = command.stdout(output.try_clone().unwrap()).stderr(output).status().unwrap();
        assert!(status.success(), "{}", fs::read_to_string(dir.join("out")).unwrap());
    }

    pub fn address(&self) -> String {
        format!("http://127.0.0.1:{}", self.ports[0])
    }

    pub fn options(&self) -> Options {
        Options::new(self.address())
    }

    fn pid(&self) -> Option<String> {
        fs::read_to_string(self.dir.path().join("pid")).ok().map(|pid| pid.trim().to_owned())
    }

    /// kill -9.
    pub fn kill(&self) {
        let pid = self.pid().expect("it runs");
        assert!(Command::new("kill").args(["-9", &pid]).status().unwrap().success());
        while Path::new("/proc").join(&pid).exists() {
            std::thread::yield_now();
        }
    }

    /// Starts it again with the same data.
    pub fn start_again(&self) {
        self.launch();
    }
}

impl Drop for OwnServer {
    fn drop(&mut self) {
        if let Some(pid) = self.pid() {
            let _ = Command::new("kill").args(["-9", &pid]).status();
        }
    }
}

fn am_root() -> bool {
    fs::metadata("/proc/self").is_ok_and(|me| std::os::unix::fs::MetadataExt::uid(&me) == 0)
}

/// Elasticsearch refuses to run as root.
fn as_nobody(command: &mut Command) {
    use std::os::unix::process::CommandExt;
    if am_root() {
        command.uid(65_534).gid(65_534);
    }
}

fn give_away(dir: &Path) {
    if am_root() {
        assert!(Command::new("chown").args(["-R", "65534:65534"]).arg(dir).status().unwrap().success());
    }
}
