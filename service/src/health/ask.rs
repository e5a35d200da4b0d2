//! `PROGRAM health`: the program asks its own running service. So a container needs no shell and no HTTP client of others.

use std::ffi::OsString;
use std::io::{Read, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream};
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;

use crate::settings::{AdminSettings, Refusal, try_parse};

/// How long each of connecting, writing and reading may take.
const WITHIN: Duration = Duration::from_secs(2);
/// More of an answer than this is not read: the first line is enough.
const MOST: u64 = 1024;

/// What the programs' help says of it.
pub const HELP: &str = "`health` in place of all else asks the running service whether it is ready: exit code 0 or 1";

/// Asks the admin port whether the service is ready, and ends with 0 or 1
#[derive(Debug, Parser)]
#[command(name = "health")]
struct Ask {
    #[command(flatten)]
    admin: AdminSettings,
}

/// The answer, where the command line's first word is `health`: 0 ready, 1 not ready or not reached, 2 a bad setting. The
/// address is that of CD_ADMIN_ADDR or `--admin-addr`; where none was given, `port` on the loopback interface.
#[allow(clippy::print_stdout, reason = "whoever asks reads it")]
pub fn asked(port: u16) -> Option<ExitCode> {
    let mut args: Vec<OsString> = std::env::args_os().collect();
    if args.get(1).is_none_or(|word| word != "health") {
        return None;
    }
    args.remove(1);
    let ask: Ask = match try_parse(std::env::vars_os().map(|(name, _)| name), args) {
        Ok(ask) => ask,
        Err(Refusal::Clap(asked)) => asked.exit(),
        Err(Refusal::Start(error)) => {
            eprintln!("error: {error}");
            return Some(ExitCode::from(error.exit_code()));
        }
    };
    Some(match ready(reachable(ask.admin.addr(port))) {
        Ok(()) => {
            println!("ready");
            ExitCode::SUCCESS
        }
        Err(reason) => {
            eprintln!("not ready: {reason}");
            ExitCode::FAILURE
        }
    })
}

/// Who listens on all addresses is reached on the loopback interface.
fn reachable(addr: SocketAddr) -> SocketAddr {
    let ip = match addr.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, addr.port())
}

/// Asks `/readyz` at `addr`; fails with one line.
fn ready(addr: SocketAddr) -> Result<(), String> {
    let failed = |error: std::io::Error| format!("{addr}: {error}");
    let mut stream = TcpStream::connect_timeout(&addr, WITHIN).map_err(failed)?;
    stream.set_read_timeout(Some(WITHIN)).and_then(|()| stream.set_write_timeout(Some(WITHIN))).map_err(failed)?;
    let request = format!("GET /readyz HTTP/1.1\r\nHost: {addr}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).map_err(failed)?;
    let mut answer = Vec::new();
    stream.take(MOST).read_to_end(&mut answer).map_err(failed)?;
    let answer = String::from_utf8_lossy(&answer);
    let line = answer.lines().next().unwrap_or_default();
    match line.split(' ').nth(1) {
        Some("200") => Ok(()),
        _ => Err(format!("{addr} answers {line:?}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Health, Shutdown, Tasks, health};

    #[tokio::test(flavor = "multi_thread")]
    async fn the_answer_is_that_of_the_admin_port() {
        let health = Health::new();
        let shutdown = Shutdown::new();
        let mut tasks = Tasks::new(&shutdown);
        let addr = health::serve_admin(SocketAddr::from(([0, 0, 0, 0], 0)), health.clone(), &mut tasks).await.unwrap();
        let ask = || tokio::task::spawn_blocking(move || ready(reachable(addr)));
        assert!(ask().await.unwrap().unwrap_err().contains("503"));
        health.set_ready();
        assert_eq!(ask().await.unwrap(), Ok(()));
        shutdown.request();
        tasks.join(Duration::from_secs(10)).await;
        let gone = ask().await.unwrap().unwrap_err();
        assert!(gone.starts_with("127.0.0.1:"), "{gone}");
    }
}
