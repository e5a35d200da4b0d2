//! The program's command line: `sink` runs, its subcommands do one thing and end.

use std::{io, io::Write as _};

use clap::{Parser, Subcommand};
use contract::CourierId;
use service::{
    Clock, Health, Outcome, Shutdown, StartError,
    settings::{KafkaSettings, LogSettings, parse_command},
};

use crate::{
    Surroundings, build, expire, redrive,
    settings::{Retention, Settings, open_reader, open_writer},
    verify,
};

/// Stores what Kafka brings: positions and deliveries, from Kafka into the history.
#[derive(Debug, Parser)]
#[command(name = "sink", version, after_help = service::health::HELP)]
struct Line {
    #[command(subcommand)]
    command: Command,
}

/// What the program is asked to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Store what comes until stopped; so does `sink` alone
    Run(Settings),
    /// Check that no fix of any ended run is missing or doubled; exit code 1 and a list if one is
    Verify(VerifyCommand),
    /// Put dead letters back that can be stored now; those that cannot stay, and are counted by reason
    Redrive(RedriveCommand),
    /// Remove what is older than it is kept, as the running sink does every hour
    Expire(ExpireCommand),
    /// Remove everything about a courier from the store. What Kafka still holds of it goes with Kafka's own retention
    Forget(ForgetCommand),
}

/// `sink verify`
#[derive(Debug, clap::Args)]
pub struct VerifyCommand {
    #[command(flatten)]
    history: history::Options,
    #[command(flatten)]
    log: LogSettings,
}

/// `sink redrive`
#[derive(Debug, clap::Args)]
pub struct RedriveCommand {
    /// Look at all letters again, not only at those behind the last redrive
    #[arg(long)]
    from_beginning: bool,
    #[command(flatten)]
    kafka: KafkaSettings,
    #[command(flatten)]
    log: LogSettings,
}

/// `sink expire`
#[derive(Debug, clap::Args)]
pub struct ExpireCommand {
    #[command(flatten)]
    history: history::Options,
    #[command(flatten)]
    retention: Retention,
    #[command(flatten)]
    log: LogSettings,
}

/// `sink forget`
#[derive(Debug, clap::Args)]
pub struct ForgetCommand {
    /// Who
    #[arg(long, value_name = "COURIER")]
    courier: CourierId,
    #[command(flatten)]
    history: history::Options,
    #[command(flatten)]
    log: LogSettings,
}

/// Reads the command line and the environment; what is wrong is printed as one line and ends the process with 2.
pub fn parse() -> Command {
    parse_command::<Line>().command
}

impl Command {
    /// How its log is written.
    pub fn log(&self) -> &LogSettings {
        match self {
            Self::Run(settings) => &settings.log,
            Self::Verify(command) => &command.log,
            Self::Redrive(command) => &command.log,
            Self::Expire(command) => &command.log,
            Self::Forget(command) => &command.log,
        }
    }

    /// Does what was asked. A subcommand prints its result; `verify` ends with [`Outcome::Failed`] where it found a fault.
    ///
    /// # Errors
    /// [`StartError`] with one clear line.
    pub async fn run(self, shutdown: Shutdown) -> Result<Outcome, StartError> {
        let mut out = io::stdout();
        match self {
            Self::Run(settings) => build(settings, Surroundings::default(), Health::new())?.run(shutdown).await,
            Self::Verify(command) => {
                let reader = open_reader(&command.history)?;
                let summary = verify::verify(&*reader, &mut out).await.map_err(StartError::failure)?;
                Ok(if summary.faulty == 0 { Outcome::Done } else { Outcome::Failed })
            }
            Self::Redrive(command) => {
                let work = move || redrive::redrive(&command.kafka, command.from_beginning, &Clock::system(), &mut out);
                tokio::task::spawn_blocking(work).await.map_err(StartError::failure)??;
                Ok(Outcome::Done)
            }
            Self::Expire(command) => {
                command.retention.check()?;
                let writer = open_writer(&command.history)?;
                let now = Clock::system().now();
                let removed = expire::once(&*writer, command.retention, now).await.map_err(StartError::failure)?;
                tell_removed(&mut out, removed)
            }
            Self::Forget(command) => {
                let writer = open_writer(&command.history)?;
                let removed = writer.forget(&command.courier).await.map_err(StartError::failure)?;
                tell_removed(&mut out, removed)
            }
        }
    }
}

fn tell_removed(out: &mut io::Stdout, removed: history::Expired) -> Result<Outcome, StartError> {
    let history::Expired { positions, deliveries } = removed;
    writeln!(out, "removed {positions} positions and {deliveries} deliveries").map_err(StartError::failure)?;
    Ok(Outcome::Done)
}

#[cfg(test)]
mod tests {
    use service::settings::{Refusal, try_parse_command};

    use super::*;

    fn command(line: &str) -> Result<Command, String> {
        let args = std::iter::once("sink").chain(line.split_whitespace()).map(Into::into).collect();
        let read = try_parse_command::<Line>(std::iter::empty(), args).map(|line| line.command);
        read.map_err(|refusal| match refusal {
            Refusal::Clap(error) => format!("clap: {}", error.kind()),
            Refusal::Start(error) => error.to_string(),
        })
    }

    #[test]
    fn without_a_subcommand_it_runs() {
        for line in ["--kafka-brokers a:1 --history-url sqlite:x", "run --kafka-brokers a:1 --history-url sqlite:x"] {
            let Ok(Command::Run(settings)) = command(line) else { panic!("{line}") };
            assert_eq!((settings.kafka.brokers.as_str(), settings.batching.batch), ("a:1", 5_000));
        }
        assert!(command("").unwrap_err().contains("CD_KAFKA_BROKERS"));
        assert!(command("--help").unwrap_err().starts_with("clap:"));
    }

    #[test]
    fn subcommands_need_no_kafka() {
        assert!(matches!(command("verify --history-url sqlite:x"), Ok(Command::Verify(_))));
        assert!(matches!(command("expire --history-url sqlite:x --positions-retention 4d"), Ok(Command::Expire(_))));
        assert!(matches!(command("forget --courier c-1 --history-url sqlite:x"), Ok(Command::Forget(_))));
        assert!(command("forget --courier c/1 --history-url sqlite:x").unwrap_err().contains("1 to 64 characters"));
        assert!(matches!(command("redrive --kafka-brokers a:1"), Ok(Command::Redrive(_))));
        assert!(command("redrive").unwrap_err().contains("CD_KAFKA_BROKERS"));
        assert!(command("verify").unwrap_err().contains("CD_HISTORY_URL"));
        assert!(command("redo").unwrap_err().contains("redo"));
    }
}
