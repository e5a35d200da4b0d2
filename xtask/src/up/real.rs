//! `cargo xtask up --real`: Kafka and Elasticsearch of this machine, and each service a process of its own, in as many
//! replicas as asked for.

use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
    path::Path,
    process::{Command, ExitCode},
    time::{Duration, Instant},
};

use anyhow::{Result, bail, ensure};

use super::{Up, supervisor::Supervisor};
use crate::{
    build, process,
    services::{self, Endpoints},
};

/// Where the first backend serves unless told otherwise, and the first admin pages.
const HTTP: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 8080);
const ADMIN: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 8091);
/// Most replicas: beyond it a single machine shows nothing more.
const MAX_REPLICAS: u16 = 16;
/// How long one question whether a backend is ready may take.
const ASK: Duration = Duration::from_secs(1);
/// Couriers that keep delivering where nothing else is asked for.
const DEMO: u32 = 12;

/// Runs it until Ctrl-C. What was built stays; servers that did not run before are stopped at the end, with their data
/// kept.
#[allow(clippy::print_stderr, reason = "this is a build tool's progress")]
pub fn run(up: &Up) -> Result<ExitCode> {
    let replicas = up.replicas.unwrap_or(1);
    ensure!((1..=MAX_REPLICAS).contains(&replicas), "--replicas must be 1 to {MAX_REPLICAS}");
    ensure!(up.data.is_none(), "--data is where the embedded store lies; --real stores in Elasticsearch");
    let (http, admin) = (up.http_addr.unwrap_or(HTTP), up.admin_addr.unwrap_or(ADMIN));
    let (backends, admins) = (ports(http, replicas)?, ports(admin, 3 * replicas)?);
    eprintln!("services: compiling");
    build::services(up.release, false)?;

    let options = services::Options { elasticsearch: true, ..services::Options::new(false)? };
    let ran_before = services::any_runs(&options.dir)?;
    let mut progress = |line: &str| eprintln!("{line}");
    let endpoints = services::up(&options, &mut progress)?;
    let done = serve(up, &endpoints, &backends, &admins);
    if ran_before {
        eprintln!("Kafka and Elasticsearch ran before, and still run: cargo xtask services down");
    } else {
        services::down(&options.dir, false, &mut progress)?;
    }
    done
}

/// As many addresses as asked for, on consecutive ports.
fn ports(first: SocketAddr, count: u16) -> Result<Vec<SocketAddr>> {
    let Some(last) = first.port().checked_add(count - 1) else {
        bail!("{first}: there are no {count} ports from there on");
    };
    Ok((first.port()..=last).map(|port| SocketAddr::new(first.ip(), port)).collect())
}

#[allow(clippy::print_stderr, reason = "this is a build tool's progress")]
fn serve(up: &Up, endpoints: &Endpoints, backends: &[SocketAddr], admins: &[SocketAddr]) -> Result<ExitCode> {
    let bin = process::target_dir()?.join(if up.release { "release" } else { "debug" });
    let replicas = backends.len();
    let mut supervisor = Supervisor::new()?;
    for (i, http) in backends.iter().enumerate() {
        let name = |kind: &str| format!("{kind}-{}", i + 1);
        let mut backend = service(&bin, "backend", endpoints, admins[i])?;
        backend.env("CD_HTTP_ADDR", http.to_string());
        supervisor.start(&name("backend"), backend)?;
        let mut simulator = service(&bin, "simulator", endpoints, admins[replicas + i])?;
        simulator.args(["--demo", &up.demo.unwrap_or(DEMO).to_string()]);
        supervisor.start(&name("simulator"), simulator)?;
        let mut sink = service(&bin, "sink", endpoints, admins[2 * replicas + i])?;
        sink.arg("run");
        supervisor.start(&name("sink"), sink)?;
    }
    let began = Instant::now();
    let mut waiting: Vec<(SocketAddr, SocketAddr)> = backends.iter().copied().zip(admins.iter().copied()).collect();
    while !supervisor.stopping() {
        if let Some(name) = supervisor.turn()? {
            eprintln!("{name} cannot run with these settings; its last line says why");
            supervisor.stop()?;
            return Ok(ExitCode::from(2));
        }
        if waiting.is_empty() {
            continue;
        }
        waiting.retain(|(_, admin)| !is_ready(*admin));
        if waiting.is_empty() {
            eprintln!("ready after {:.1} s:", began.elapsed().as_secs_f32());
            for (i, http) in backends.iter().enumerate() {
                eprintln!("  http://{http}  metrics of backend, simulator, sink: {}", metrics(admins, replicas, i));
            }
            if up.open {
                open(&format!("http://{}", backends[0]));
            }
        }
    }
    eprintln!("stopping; each service drains first");
    supervisor.stop()
}

fn metrics(admins: &[SocketAddr], replicas: usize, i: usize) -> String {
    let ports = [i, replicas + i, 2 * replicas + i].map(|at| admins[at].port().to_string());
    ports.join(", ")
}

/// A service with the settings that all have.
fn service(bin: &Path, program: &str, endpoints: &Endpoints, admin: SocketAddr) -> Result<Command> {
    let mut command = Command::new(bin.join(program));
    command.current_dir(process::root()?).env("CD_ADMIN_ADDR", admin.to_string());
    if let Some(kafka) = &endpoints.kafka {
        command.env("CD_KAFKA_BROKERS", kafka);
    }
    if let Some(url) = &endpoints.elasticsearch
        && program != "simulator"
    {
        command.env("CD_HISTORY_URL", url);
    }
    Ok(command)
}

/// Whether a service says that it is ready.
fn is_ready(admin: SocketAddr) -> bool {
    let Ok(mut stream) = TcpStream::connect_timeout(&admin, ASK) else { return false };
    let mut answer = String::new();
    stream.set_read_timeout(Some(ASK)).is_ok()
        && stream.write_all(b"GET /readyz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").is_ok()
        && stream.read_to_string(&mut answer).is_ok()
        && answer.starts_with("HTTP/1.1 200")
}

#[allow(clippy::print_stderr, reason = "this is a build tool's progress")]
fn open(url: &str) {
    let program = if cfg!(target_os = "macos") { "open" } else { "xdg-open" };
    if Command::new(program).arg(url).spawn().is_err() {
        eprintln!("--open: no {program} here; open {url} yourself");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replicas_listen_on_consecutive_ports() {
        let found = ports("127.0.0.1:8091".parse().unwrap(), 3).unwrap();
        assert_eq!(found.iter().map(SocketAddr::port).collect::<Vec<_>>(), [8091, 8092, 8093]);
        assert!(ports("127.0.0.1:65535".parse().unwrap(), 2).is_err());
        assert_eq!(metrics(&ports("127.0.0.1:8091".parse().unwrap(), 6).unwrap(), 2, 1), "8092, 8094, 8096");
    }
}
