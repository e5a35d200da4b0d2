//! How a process starts and how it ends: errors of the start with their exit codes, and the body of every `main`.
//!
//! Exit codes: 0 asked to stop and stopped, 1 failure, 2 bad setting.

use std::net::SocketAddr;
use std::process::ExitCode;

use tokio::net::TcpListener;

use crate::{BoxError, Shutdown, shutdown};

/// Why a service did not start. Its text is one clear line for the operator.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// A setting is wrong, or what it points to is not usable.
    #[error("{0}")]
    Setting(String),
    /// An address cannot be listened on.
    #[error("{setting}: cannot listen on {addr}: {}", reason(.source))]
    Bind {
        /// The setting that holds the address.
        setting: &'static str,
        /// The address.
        addr: SocketAddr,
        /// What the system said.
        source: std::io::Error,
    },
    /// Something else failed.
    #[error("{0}")]
    Failure(#[source] BoxError),
}

/// The system's error in the words of an operator.
fn reason(error: &std::io::Error) -> String {
    match error.kind() {
        std::io::ErrorKind::AddrInUse => "the port is in use".into(),
        std::io::ErrorKind::AddrNotAvailable => "this machine has no such address".into(),
        std::io::ErrorKind::PermissionDenied => "not allowed (ports below 1024 need privileges)".into(),
        _ => error.to_string(),
    }
}

impl StartError {
    /// A wrong setting: name it, and say what would be right.
    pub fn setting(line: impl Into<String>) -> Self {
        Self::Setting(line.into())
    }

    /// Any other failure.
    pub fn failure(error: impl Into<BoxError>) -> Self {
        Self::Failure(error.into())
    }

    /// The process's exit code: 2 for what the operator can mend in the settings, otherwise 1.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Setting(_) | Self::Bind { .. } => 2,
            Self::Failure(_) => 1,
        }
    }
}

/// How a service ended once it ran.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It was asked to stop, and stopped in order.
    Done,
    /// A task failed, or did not stop in time. What and why stands in the log.
    Failed,
    /// It found out while running that a setting is wrong, or what it points to is not usable: starting it again without a
    /// change is of no use.
    Misset,
}

impl From<Outcome> for ExitCode {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Done => Self::SUCCESS,
            Outcome::Failed => Self::from(1),
            Outcome::Misset => Self::from(2),
        }
    }
}

/// Listens on `addr`, which came from `setting` (as `CD_HTTP_ADDR`).
pub async fn bind(setting: &'static str, addr: SocketAddr) -> Result<TcpListener, StartError> {
    TcpListener::bind(addr).await.map_err(|source| StartError::Bind { setting, addr, source })
}

/// The body of a `main`: makes the runtime, asks for shutdown on SIGTERM and SIGINT, runs `service` to its end. A start
/// error is printed as one line on stderr.
pub fn run(service: impl AsyncFnOnce(Shutdown) -> Result<Outcome, StartError>) -> ExitCode {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().thread_name("worker").build();
    let result = runtime.map_err(StartError::failure).and_then(|runtime| {
        let result = runtime.block_on(async {
            let shutdown = Shutdown::new();
            shutdown::on_signals(&shutdown).map_err(StartError::failure)?;
            service(shutdown).await
        });
        // What still blocks a thread has been named by the supervisor; it must not hold the process.
        runtime.shutdown_background();
        result
    });
    match result {
        Ok(outcome) => outcome.into(),
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::from(error.exit_code())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_port_in_use_is_one_clear_line() {
        let taken = bind("CD_HTTP_ADDR", SocketAddr::from(([127, 0, 0, 1], 0))).await.unwrap();
        let addr = taken.local_addr().unwrap();
        let error = bind("CD_HTTP_ADDR", addr).await.unwrap_err();
        assert_eq!(error.to_string(), format!("CD_HTTP_ADDR: cannot listen on {addr}: the port is in use"));
        assert_eq!(error.exit_code(), 2);
    }
}
