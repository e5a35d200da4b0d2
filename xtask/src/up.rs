//! `cargo xtask up`: builds the page and the one process, and becomes it; with `--real` it runs the services apart, on
//! real servers.

#[cfg(unix)]
mod real;
#[cfg(unix)]
mod supervisor;

use std::{
    net::SocketAddr,
    path::PathBuf,
    process::{Command, ExitCode},
};

use anyhow::{Context, Result};

#[cfg(unix)]
use crate::services;
use crate::{page, process};

/// Builds the page, then runs everything in one process until Ctrl-C. With --real: on a real Kafka and Elasticsearch, each
/// service a process of its own.
#[derive(Debug, clap::Args)]
pub struct Up {
    /// Couriers that keep delivering [default: 12]
    #[arg(long, value_name = "N")]
    demo: Option<u32>,
    /// Where everything is stored [default: target/code-delivery]
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Address of the page, REST and the socket [default: 127.0.0.1:8080]
    #[arg(long, value_name = "ADDR")]
    http_addr: Option<SocketAddr>,
    /// Address of health and metrics [default: 127.0.0.1:8091]
    #[arg(long, value_name = "ADDR")]
    admin_addr: Option<SocketAddr>,
    /// On a real Kafka and Elasticsearch of this machine (see `services`), each service a process of its own
    #[arg(long)]
    real: bool,
    /// With --real: how many of each service; backends, and admin pages, listen on consecutive ports [default: 1]
    #[arg(long, requires = "real", value_name = "N")]
    replicas: Option<u16>,
    /// Open the page in a browser
    #[arg(long)]
    open: bool,
    /// Optimised: slower to build, faster to run
    #[arg(long)]
    release: bool,
}

/// Runs the subcommand.
#[allow(clippy::print_stderr, reason = "this is a build tool's progress")]
pub fn run(up: &Up) -> Result<ExitCode> {
    page::build(up.release, &mut |step| eprintln!("{step}"))?;
    if up.real {
        return on_real_servers(up);
    }
    eprintln!("services: compiling");
    let mut build = process::cargo()?;
    build.args(["build", "--package", "standalone"]);
    if up.release {
        build.arg("--release");
    }
    process::succeed(&mut build)?;
    let program = process::target_dir()?.join(if up.release { "release" } else { "debug" }).join("code-delivery");
    let mut command = Command::new(program);
    command.current_dir(process::root()?);
    let option = |command: &mut Command, flag: &str, value: Option<String>| {
        if let Some(value) = value {
            command.arg(flag).arg(value);
        }
    };
    // A path that the user gave is meant from where the user stands.
    let data = up.data.as_ref().map(std::path::absolute).transpose().context("--data")?;
    option(&mut command, "--demo", up.demo.map(|n| n.to_string()));
    option(&mut command, "--data-dir", data.map(|dir| dir.to_string_lossy().into_owned()));
    option(&mut command, "--http-addr", up.http_addr.map(|addr| addr.to_string()));
    option(&mut command, "--admin-addr", up.admin_addr.map(|addr| addr.to_string()));
    if up.open {
        command.arg("--open");
    }
    become_it(&mut command)
}

#[cfg(unix)]
fn on_real_servers(up: &Up) -> Result<ExitCode> {
    services::told(real::run(up))
}

#[cfg(not(unix))]
fn on_real_servers(_: &Up) -> Result<ExitCode> {
    anyhow::bail!("--real needs a Unix")
}

/// Replaces this process, so that signals and the exit code are the service's own.
#[cfg(unix)]
fn become_it(command: &mut Command) -> Result<ExitCode> {
    use std::os::unix::process::CommandExt;
    let error = command.exec();
    Err(error).with_context(|| format!("cannot run {}", process::describe(command)))
}

#[cfg(not(unix))]
fn become_it(command: &mut Command) -> Result<ExitCode> {
    Ok(process::exit_code(process::status(command)?))
}
