//! Processes that belong together: started, their output told apart, started again when they die, stopped at Ctrl-C.

use std::{
    io::{BufRead, BufReader, Read},
    os::unix::process::CommandExt as _,
    process::{Child, Command, ExitCode, ExitStatus, Stdio},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use anyhow::{Context, Result};
use rustix::process::{Pid, Signal, kill_process};

use crate::process;

/// How often the processes are looked at.
const TURN: Duration = Duration::from_millis(100);
/// How long to wait before a process that died is started again: the first time, and at most.
const FIRST_WAIT: Duration = Duration::from_millis(500);
const LONGEST_WAIT: Duration = Duration::from_secs(30);
/// A process that ran for this long had started well.
const STARTED_WELL: Duration = Duration::from_secs(60);
/// How long a process may take to stop: a service drains for 30 s at most.
const STOP_WITHIN: Duration = Duration::from_secs(45);
/// What a service says that cannot run with its settings.
const MISSET: i32 = 2;

/// The processes.
pub struct Supervisor {
    children: Vec<Supervised>,
    stop: Arc<AtomicBool>,
}

struct Supervised {
    name: String,
    command: Command,
    state: State,
    /// How long to wait before the next start.
    wait: Duration,
}

enum State {
    Runs { child: Child, since: Instant },
    Waits { until: Instant },
    Ended,
}

impl Supervisor {
    /// Nobody yet. From here on Ctrl-C, SIGTERM and a closed terminal ask for the stop of all.
    pub fn new() -> Result<Self> {
        let stop = Arc::new(AtomicBool::new(false));
        for signal in [signal_hook::consts::SIGINT, signal_hook::consts::SIGTERM, signal_hook::consts::SIGHUP] {
            signal_hook::flag::register(signal, Arc::clone(&stop)).context("cannot listen to signals")?;
        }
        Ok(Self { children: Vec::new(), stop })
    }

    /// Starts a process and takes it on. What it prints is printed with its name before each line.
    pub fn start(&mut self, name: &str, mut command: Command) -> Result<()> {
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        // A group of its own: Ctrl-C in the terminal is for us, and a service that is told twice to stop stops at once.
        command.process_group(0);
        let child = spawn(name, &mut command)?;
        let state = State::Runs { child, since: Instant::now() };
        self.children.push(Supervised { name: name.to_owned(), command, state, wait: FIRST_WAIT });
        Ok(())
    }

    /// Whether the stop was asked for.
    pub fn stopping(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    /// Looks at each process once and starts those again that died and have waited. Answers the name of one that cannot
    /// run with its settings, if there is one: starting it again would not help.
    pub fn turn(&mut self) -> Result<Option<String>> {
        std::thread::sleep(TURN);
        // What was asked to stop may stop.
        if self.stopping() {
            return Ok(None);
        }
        for supervised in &mut self.children {
            if supervised.look()? == Some(MISSET) {
                return Ok(Some(supervised.name.clone()));
            }
        }
        Ok(None)
    }

    /// Stops all that run and waits for their ends. Answers failure where one had to be killed.
    pub fn stop(mut self) -> Result<ExitCode> {
        for supervised in &self.children {
            if let State::Runs { child, .. } = &supervised.state {
                ask_to_stop(child);
            }
        }
        let mut all_well = true;
        let deadline = Instant::now() + STOP_WITHIN;
        for supervised in &mut self.children {
            let State::Runs { child, .. } = &mut supervised.state else { continue };
            let status = loop {
                match child.try_wait()? {
                    None if Instant::now() < deadline => std::thread::sleep(TURN),
                    None => {
                        child.kill()?;
                        say(&supervised.name, "did not stop in time and was killed");
                        break child.wait()?;
                    }
                    Some(status) => break status,
                }
            };
            if !status.success() {
                all_well = false;
                say(&supervised.name, &ended(status));
            }
        }
        Ok(if all_well { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }
}

impl Supervised {
    /// Looks at the process. Answers its exit code where it has just ended.
    fn look(&mut self) -> Result<Option<i32>> {
        match &mut self.state {
            State::Runs { child, since } => {
                let Some(status) = child.try_wait()? else { return Ok(None) };
                if since.elapsed() >= STARTED_WELL {
                    self.wait = FIRST_WAIT;
                }
                if status.code() == Some(MISSET) {
                    self.state = State::Ended;
                    return Ok(status.code());
                }
                let wait = self.wait;
                self.wait = next_wait(wait);
                say(&self.name, &format!("{}; it starts again in {:.1} s", ended(status), wait.as_secs_f32()));
                self.state = State::Waits { until: Instant::now() + wait };
                Ok(Some(status.code().unwrap_or(-1)))
            }
            State::Waits { until } if *until <= Instant::now() => {
                let child = spawn(&self.name, &mut self.command)?;
                self.state = State::Runs { child, since: Instant::now() };
                Ok(None)
            }
            State::Waits { .. } | State::Ended => Ok(None),
        }
    }
}

fn next_wait(wait: Duration) -> Duration {
    (wait * 2).min(LONGEST_WAIT)
}

fn ended(status: ExitStatus) -> String {
    use std::os::unix::process::ExitStatusExt;
    match (status.code(), status.signal()) {
        (Some(code), _) => format!("ended with code {code}"),
        (None, Some(signal)) => format!("was ended by signal {signal}"),
        (None, None) => "ended".into(),
    }
}

fn ask_to_stop(child: &Child) {
    let pid = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
    // One that has just ended needs no signal.
    let _ = pid.map(|pid| kill_process(pid, Signal::TERM));
}

fn spawn(name: &str, command: &mut Command) -> Result<Child> {
    let mut child = command.spawn().with_context(|| format!("cannot run {}", process::describe(command)))?;
    let streams = [child.stdout.take().map(boxed), child.stderr.take().map(boxed)];
    for stream in streams.into_iter().flatten() {
        let name = name.to_owned();
        // Ends with the stream, and that with the process.
        std::thread::spawn(move || {
            for line in BufReader::new(stream).lines().map_while(std::io::Result::ok) {
                say(&name, &line);
            }
        });
    }
    Ok(child)
}

fn boxed(stream: impl Read + Send + 'static) -> Box<dyn Read + Send> {
    Box::new(stream)
}

#[allow(clippy::print_stdout, reason = "this is the output of the processes")]
fn say(name: &str, line: &str) {
    println!("{name} | {line}");
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Turns until it is so.
    fn until(supervisor: &mut Supervisor, what: &str, mut is_so: impl FnMut(&Supervisor) -> bool) -> Option<String> {
        let deadline = Instant::now() + Duration::from_secs(20);
        let mut misset = None;
        while !is_so(supervisor) {
            assert!(Instant::now() < deadline, "not within 20 s: {what}");
            misset = supervisor.turn().unwrap().or(misset);
        }
        misset
    }

    fn shell(script: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        command
    }

    fn pid(supervisor: &Supervisor) -> Option<u32> {
        match &supervisor.children[0].state {
            State::Runs { child, .. } => Some(child.id()),
            _ => None,
        }
    }

    #[test]
    fn a_process_that_was_killed_runs_again_and_stops_when_asked() {
        let mut supervisor = Supervisor::new().unwrap();
        supervisor.start("one", shell("exec sleep 1000")).unwrap();
        let first = pid(&supervisor).unwrap();
        kill_process(Pid::from_raw(first as i32).unwrap(), Signal::KILL).unwrap();
        until(&mut supervisor, "it runs again", |supervisor| pid(supervisor).is_some_and(|pid| pid != first));
        let second = pid(&supervisor).unwrap();
        // sleep does not handle SIGTERM: it ends by it, and that is told as a failure.
        assert_eq!(supervisor.stop().unwrap(), ExitCode::FAILURE);
        assert!(!std::path::Path::new(&format!("/proc/{second}")).exists());
    }

    #[test]
    fn a_process_with_a_wrong_setting_is_named_and_left() {
        let mut supervisor = Supervisor::new().unwrap();
        supervisor.start("one", shell("exit 2")).unwrap();
        let misset = until(&mut supervisor, "its end is seen", |supervisor| {
            matches!(supervisor.children[0].state, State::Ended)
        });
        assert_eq!(misset.as_deref(), Some("one"));
        assert_eq!(supervisor.stop().unwrap(), ExitCode::SUCCESS);
    }

    #[test]
    fn waits_grow_to_half_a_minute() {
        let waits: Vec<f32> = std::iter::successors(Some(FIRST_WAIT), |wait| Some(next_wait(*wait)))
            .take(8)
            .map(|wait| wait.as_secs_f32())
            .collect();
        assert_eq!(waits, [0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 30.0, 30.0]);
    }
}
