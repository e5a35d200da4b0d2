//! What people ask about servers: which run, and what they wrote.

use std::{collections::VecDeque, fs, path::Path, process::ExitCode};

use anyhow::Result;

use super::{daemon::Life, elasticsearch, instance::Instance, instance::Server, kafka};

/// Prints a line a server. Success where all of them answer.
#[allow(clippy::print_stdout, reason = "this is the answer")]
pub fn status(dir: &Path) -> Result<ExitCode> {
    let Some(instance) = Instance::read(dir)? else {
        println!("nothing was ever started in {}", dir.display());
        return Ok(ExitCode::FAILURE);
    };
    let mut all = true;
    for server in instance.servers() {
        let state = state(&instance, server)?;
        all &= matches!(state, State::Answers(_));
        println!("{}", line(server, instance.port(server), &state));
    }
    Ok(if all { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// How a server is.
#[derive(Debug, PartialEq, Eq)]
pub enum State {
    /// It was not started, or was stopped.
    Stopped,
    /// It ended without being asked to.
    Died,
    /// It was stopped by a signal.
    Frozen,
    /// It runs and does not answer (yet), and why.
    Silent(String),
    /// It answers, in these words.
    Answers(String),
}

/// Looks at a server and asks it.
pub fn state(instance: &Instance, server: Server) -> Result<State> {
    let daemon = instance.daemon(server);
    let Some(identity) = daemon.running()? else {
        return Ok(if daemon.has_died() { State::Died } else { State::Stopped });
    };
    if identity.life() == Life::Frozen {
        return Ok(State::Frozen);
    }
    let answer = match server {
        Server::Kafka(id) => kafka::answer(instance, id).map(|known| {
            let all = usize::from(instance.shape.brokers);
            (known == all, format!("{known} of {all} brokers"))
        }),
        Server::Elasticsearch => elasticsearch::answer(instance).map(|health| (health != "red", health)),
    };
    Ok(match answer {
        Ok((true, words)) => State::Answers(words),
        Ok((false, words)) => State::Silent(words),
        Err(error) => State::Silent(format!("{error:#}")),
    })
}

fn line(server: Server, port: u16, state: &State) -> String {
    let words = match state {
        State::Stopped => "stopped".to_owned(),
        State::Died => "died: cargo xtask services logs, then start".to_owned(),
        State::Frozen => "frozen: cargo xtask services thaw".to_owned(),
        State::Silent(why) => format!("runs, not ready: {why}"),
        State::Answers(words) => format!("answers: {words}"),
    };
    format!("{server:<14} 127.0.0.1:{port}  {words}")
}

/// Prints the end of the logs of one server or of all.
#[allow(clippy::print_stdout, reason = "this is the answer")]
pub fn logs(dir: &Path, server: Option<Server>, lines: usize) -> Result<()> {
    let Some(instance) = Instance::read(dir)? else {
        println!("nothing was ever started in {}", dir.display());
        return Ok(());
    };
    for one in instance.servers().into_iter().filter(|one| server.is_none_or(|server| server == *one)) {
        println!("{}", tail_of(&instance, one, lines));
    }
    Ok(())
}

/// The last lines of what a server wrote, under the names of its files.
pub fn tail_of(instance: &Instance, server: Server, lines: usize) -> String {
    let mut text = String::new();
    for path in [instance.output(server), instance.log(server)] {
        let Ok(bytes) = fs::read(&path) else { continue };
        let tail = tail(&String::from_utf8_lossy(&bytes), lines);
        if !tail.is_empty() {
            text.push_str(&format!("--- {}\n{tail}", path.display()));
        }
    }
    if text.is_empty() { format!("--- {server} has written nothing\n") } else { text }
}

fn tail(text: &str, lines: usize) -> String {
    let mut last = VecDeque::with_capacity(lines + 1);
    for line in text.lines() {
        last.push_back(line);
        if last.len() > lines {
            last.pop_front();
        }
    }
    last.into_iter().flat_map(|line| [line, "\n"]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_state_says_what_to_do() {
        let line = |state| line(Server::Kafka(2), 19_094, &state);
        assert_eq!(
            line(State::Answers("3 of 3 brokers".into())),
            "kafka-2        127.0.0.1:19094  answers: 3 of 3 brokers"
        );
        assert!(line(State::Frozen).ends_with("thaw"));
        assert!(line(State::Silent("2 of 3 brokers".into())).ends_with("not ready: 2 of 3 brokers"));
    }

    #[test]
    fn a_tail_is_the_last_lines() {
        assert_eq!(tail("a\nb\nc\n", 2), "b\nc\n");
        assert_eq!(tail("a\nb", 5), "a\nb\n");
        assert_eq!(tail("a", 0), "");
    }
}
