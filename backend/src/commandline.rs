//! The program's command line: `backend` serves, `backend token` makes a token and ends.

use std::{io, io::Write as _};

use clap::{Parser, Subcommand};
use service::{
    Clock, Health, Outcome, Shutdown, StartError,
    settings::{LogSettings, parse_command},
};

use crate::{Settings, Surroundings, access::token::TokenCommand, build};

/// Live state, REST, WebSocket, and the page.
#[derive(Debug, Parser)]
#[command(name = "backend", version, after_help = service::health::HELP)]
struct Line {
    #[command(subcommand)]
    command: Command,
}

/// What the program is asked to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Serve until stopped; so does `backend` alone
    Run(Box<Settings>),
    /// Make a token for somebody with the keys of CD_AUTH_SECRET_FILE, and print it
    Token(TokenLine),
}

/// `backend token`
#[derive(Debug, clap::Args)]
pub struct TokenLine {
    #[command(flatten)]
    token: TokenCommand,
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
            Self::Token(line) => &line.log,
        }
    }

    /// Does what was asked.
    ///
    /// # Errors
    /// [`StartError`] with one clear line.
    pub async fn run(self, shutdown: Shutdown) -> Result<Outcome, StartError> {
        match self {
            Self::Run(settings) => {
                let _traces = service::traces::start(&settings.traces, "backend");
                build(*settings, Surroundings::default(), Health::new()).await?.run(shutdown).await
            }
            Self::Token(line) => {
                let token = line.token.make(Clock::system().now())?;
                writeln!(io::stdout(), "{token}").map_err(StartError::failure)?;
                Ok(Outcome::Done)
            }
        }
    }
}
