//! Processes that outlive us: started in a group of their own, so that Ctrl-C in our terminal is not theirs; found again
//! by number and time of start, so that nobody else's process is ever taken for one of them.

use std::{
    fs,
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread::sleep,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};
use rustix::process::{Pid, Signal, kill_process};

use super::instance;

/// How long a server may take to stop by itself. Three brokers that go together wait for each other.
const STOPPING: Duration = Duration::from_secs(20);
/// How often a process is looked at.
const LOOK: Duration = Duration::from_millis(50);

/// A process as the system knows it: a number is used again, number and time of start are not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// Its number.
    pub pid: u32,
    /// When it started, in the system's words.
    started: String,
}

/// What a process does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Life {
    /// It runs.
    Running,
    /// It was stopped by a signal and can go on.
    Frozen,
    /// It has ended.
    Gone,
}

impl Identity {
    fn of(pid: u32) -> Option<Self> {
        let (life, started) = look(pid)?;
        (life != Life::Gone).then_some(Self { pid, started })
    }

    /// What this very process does.
    pub fn life(&self) -> Life {
        match look(self.pid) {
            Some((life, started)) if started == self.started => life,
            _ => Life::Gone,
        }
    }

    fn parse(text: &str) -> Option<Self> {
        let (pid, started) = text.trim().split_once(' ')?;
        Some(Self { pid: pid.parse().ok()?, started: started.to_owned() })
    }

    fn signal(&self, signal: Signal) -> Result<()> {
        if self.life() == Life::Gone {
            return Ok(());
        }
        let pid = i32::try_from(self.pid).ok().and_then(Pid::from_raw).context("a process has a positive number")?;
        match kill_process(pid, signal) {
            // It ended between the look and the signal.
            Err(rustix::io::Errno::SRCH) => Ok(()),
            other => other.with_context(|| format!("cannot signal process {pid:?}")),
        }
    }
}

/// A server's process, by the file that remembers it.
#[derive(Debug, Clone)]
pub struct Daemon {
    record: PathBuf,
    /// Where the server itself writes its number, where it does.
    own: Option<PathBuf>,
    /// What its command line holds.
    home: PathBuf,
}

impl Daemon {
    pub(super) fn new(record: PathBuf, own: Option<PathBuf>, home: PathBuf) -> Self {
        Self { record, own, home }
    }

    /// Starts `command` with its output into a file, and remembers it. The child is given back for whoever wants to see it
    /// end early; dropping it leaves the process alone.
    pub fn spawn(&self, command: &mut Command, output: &Path) -> Result<Child> {
        let child = detached(command, output)?;
        let identity = Identity::of(child.id()).context("the process ended at once")?;
        self.remember(&identity)?;
        Ok(child)
    }

    fn remember(&self, identity: &Identity) -> Result<()> {
        instance::put(&self.record, &format!("{} {}\n", identity.pid, identity.started))
    }

    /// The process, if it still is there (frozen or not).
    pub fn running(&self) -> Result<Option<Identity>> {
        if let Some(known) = self.known() {
            return Ok(Some(known));
        }
        // A server that writes its number itself may have come up after an `up` that was interrupted.
        let text = self.own.as_ref().and_then(|path| fs::read_to_string(path).ok());
        let Some(identity) = text.and_then(|text| text.trim().parse().ok()).and_then(Identity::of) else {
            return Ok(None);
        };
        if !command_line(identity.pid).contains(&*self.home.to_string_lossy()) {
            return Ok(None);
        }
        self.remember(&identity)?;
        Ok(Some(identity))
    }

    /// Whether a process was remembered and has ended without being asked to.
    pub fn has_died(&self) -> bool {
        self.record.exists() && self.known().is_none()
    }

    fn known(&self) -> Option<Identity> {
        let known = fs::read_to_string(&self.record).ok().as_deref().and_then(Identity::parse)?;
        (known.life() != Life::Gone).then_some(known)
    }

    /// SIGTERM; a frozen process is let go on, or it could not follow.
    pub fn ask_to_stop(&self) -> Result<()> {
        self.signal(Signal::TERM)?;
        self.signal(Signal::CONT)
    }

    /// Sends a signal, if the process still is there.
    pub fn signal(&self, signal: Signal) -> Result<()> {
        self.running()?.map_or(Ok(()), |identity| identity.signal(signal))
    }

    /// Waits for the end of a process that was asked to stop, and kills it where it takes too long. Says so in words that
    /// follow "stopped".
    pub fn await_end(&self) -> Result<&'static str> {
        let mut how = "";
        if !self.has_ended_within(STOPPING)? {
            how = " (killed: it did not stop by itself)";
            self.kill()?;
        }
        self.forget()?;
        Ok(how)
    }

    /// SIGKILL, and waits for the end. The process stays remembered, as after a crash.
    pub fn kill(&self) -> Result<()> {
        self.signal(Signal::KILL)?;
        if !self.has_ended_within(STOPPING)? {
            bail!("a killed process does not end: {}", self.record.display());
        }
        Ok(())
    }

    fn has_ended_within(&self, within: Duration) -> Result<bool> {
        let deadline = Instant::now() + within;
        while self.running()?.is_some() {
            if Instant::now() >= deadline {
                return Ok(false);
            }
            sleep(LOOK);
        }
        Ok(true)
    }

    fn forget(&self) -> Result<()> {
        match fs::remove_file(&self.record) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(error).with_context(|| format!("cannot delete {}", self.record.display()))
            }
            _ => Ok(()),
        }
    }
}

/// Starts a command in a group of its own, without our input, its output in a file.
pub fn detached(command: &mut Command, output: &Path) -> Result<Child> {
    if let Some(parent) = output.parent() {
        fs::create_dir_all(parent).with_context(|| format!("cannot create {}", parent.display()))?;
    }
    let out = fs::File::create(output).with_context(|| format!("cannot write {}", output.display()))?;
    let err = out.try_clone()?;
    command.process_group(0).stdin(Stdio::null()).stdout(out).stderr(err);
    command.spawn().with_context(|| format!("cannot run {}", command.get_program().to_string_lossy()))
}

/// State and time of start of a process; `None` where there is none.
#[cfg(target_os = "linux")]
fn look(pid: u32) -> Option<(Life, String)> {
    parse_stat(&fs::read_to_string(format!("/proc/{pid}/stat")).ok()?)
}

#[cfg(target_os = "linux")]
fn command_line(pid: u32) -> String {
    let bytes = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    String::from_utf8_lossy(&bytes).replace('\0', " ")
}

/// Reads a line of `/proc/PID/stat`: the name stands in parentheses and may hold anything, so what counts comes after the
/// last one: the state first, the time of start (ticks since the system's start) as the twentieth.
#[cfg(any(target_os = "linux", test))]
fn parse_stat(text: &str) -> Option<(Life, String)> {
    let mut fields = text.get(text.rfind(')')? + 1..)?.split_whitespace();
    let life = life(fields.next()?.chars().next()?);
    Some((life, fields.nth(18)?.to_owned()))
}

#[cfg(not(target_os = "linux"))]
fn look(pid: u32) -> Option<(Life, String)> {
    let text = ps(pid, "stat=,lstart=");
    let (state, started) = text.trim().split_once(' ')?;
    Some((life(state.chars().next()?), started.split_whitespace().collect::<Vec<_>>().join("-")))
}

#[cfg(not(target_os = "linux"))]
fn command_line(pid: u32) -> String {
    ps(pid, "command=")
}

#[cfg(not(target_os = "linux"))]
fn ps(pid: u32, what: &str) -> String {
    let output = Command::new("ps").args(["-o", what, "-p", &pid.to_string()]).output();
    output.map(|output| String::from_utf8_lossy(&output.stdout).into_owned()).unwrap_or_default()
}

/// A process that has ended but was not waited for yet (Z) is gone, too.
fn life(state: char) -> Life {
    match state {
        'Z' | 'X' | 'x' => Life::Gone,
        'T' | 't' => Life::Frozen,
        _ => Life::Running,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_parentheses_does_not_confuse() {
        let rest = "1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 987654 20 21";
        for (state, life) in [('S', Life::Running), ('T', Life::Frozen), ('Z', Life::Gone)] {
            let line = format!("42 (a) b) c) {state} {rest}");
            assert_eq!(parse_stat(&line), Some((life, "987654".to_owned())));
        }
        assert_eq!(parse_stat("42 (java"), None);
        assert_eq!(parse_stat("42 (java) S 1 2"), None);
    }

    #[test]
    fn a_process_is_known_by_its_start_and_not_by_its_number() {
        let dir = tempfile::tempdir().unwrap();
        let daemon = Daemon::new(dir.path().join("run/one"), None, dir.path().into());
        let mut command = Command::new("sleep");
        let mut child = daemon.spawn(command.arg("60"), &dir.path().join("out")).unwrap();
        let identity = daemon.running().unwrap().unwrap();
        assert_eq!(identity.pid, child.id());

        daemon.signal(Signal::STOP).unwrap();
        let deadline = Instant::now() + Duration::from_secs(10);
        while identity.life() != Life::Frozen {
            assert!(Instant::now() < deadline, "it was not stopped");
        }
        let other = Identity { started: "1".into(), ..identity.clone() };
        assert_eq!(other.life(), Life::Gone);
        other.signal(Signal::KILL).unwrap();
        assert_eq!(identity.life(), Life::Frozen, "a signal reached a process that only has the number");

        daemon.ask_to_stop().unwrap();
        assert_eq!(daemon.await_end().unwrap(), "");
        assert!(daemon.running().unwrap().is_none() && !daemon.has_died());
        child.wait().unwrap();
    }

    #[test]
    fn a_killed_process_is_said_to_have_died() {
        let dir = tempfile::tempdir().unwrap();
        let daemon = Daemon::new(dir.path().join("one"), None, dir.path().into());
        let mut child = daemon.spawn(Command::new("sleep").arg("60"), &dir.path().join("out")).unwrap();
        assert!(!daemon.has_died());
        daemon.kill().unwrap();
        assert!(daemon.has_died() && daemon.running().unwrap().is_none());
        child.wait().unwrap();
    }
}
