//! `cargo xtask build --release`: the page, compressed and embedded, and one binary a service.

use std::process::{Command, ExitCode};

use anyhow::Result;

use crate::{page, process};

/// Builds the page and every service.
#[derive(Debug, clap::Args)]
pub struct Build {
    /// Optimised, with the page compressed by brotli and embedded in the binaries.
    #[arg(long)]
    release: bool,
    /// With TLS and SCRAM to Kafka: needs OpenSSL's headers (Debian: apt-get install libssl-dev pkg-config)
    #[arg(long)]
    tls: bool,
}

/// The services' packages.
pub const SERVICES: [&str; 4] = ["backend", "simulator", "sink", "standalone"];

/// Runs the subcommand.
#[allow(clippy::print_stderr, reason = "this is a build tool's progress")]
pub fn run(build: &Build) -> Result<ExitCode> {
    page::build(build.release, &mut |step| eprintln!("{step}"))?;
    services(build.release, build.tls)?;
    let dir = process::target_dir()?.join(if build.release { "release" } else { "debug" });
    for name in ["backend", "simulator", "sink", "code-delivery"] {
        let size = std::fs::metadata(dir.join(name)).map(|file| file.len() / 1024)?;
        eprintln!("{}/{name}: {size} KiB", dir.strip_prefix(process::root()?).unwrap_or(&dir).display());
    }
    Ok(ExitCode::SUCCESS)
}

/// Whether services with TLS can be compiled here.
pub fn has_openssl() -> bool {
    Command::new("pkg-config").args(["--exists", "openssl"]).status().is_ok_and(|status| status.success())
}

/// Compiles the services, with TLS to Kafka or without.
pub fn services(release: bool, tls: bool) -> Result<()> {
    let mut command = process::cargo()?;
    command.arg("build");
    SERVICES.iter().for_each(|name| {
        command.args(["--package", name]);
    });
    if release {
        command.arg("--release");
    }
    if tls {
        command.args(["--features", "tls"]);
    }
    process::succeed(&mut command)
}
