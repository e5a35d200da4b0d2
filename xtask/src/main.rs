//! The only build tool: `cargo xtask help` lists what it does.

mod bench;
mod build;
#[cfg(unix)]
mod chaos;
mod check;
mod city;
mod deploy;
#[cfg(unix)]
mod observe;
mod page;
mod process;
#[cfg(unix)]
mod services;
mod shots;
mod test;
mod up;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

#[derive(Debug, Parser)]
#[command(about, bin_name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Up(up::Up),
    Test(test::Test),
    Check(check::Check),
    Build(build::Build),
    Page(page::Page),
    City(city::City),
    Bench(bench::Bench),
    Shots(shots::Shots),
    Kibana(deploy::kibana::import::Kibana),
    #[cfg(unix)]
    Chaos(chaos::Chaos),
    #[cfg(unix)]
    Observe(observe::Observe),
    #[cfg(unix)]
    Services(services::Services),
}

fn main() -> ExitCode {
    let result = match Arguments::parse().command {
        Command::Up(up) => up::run(&up),
        Command::Test(test) => test::run(&test),
        Command::Check(check) => check::run(&check),
        Command::Build(build) => build::run(&build),
        Command::Bench(bench) => bench::run(&bench),
        Command::Shots(shots) => shots::run(&shots),
        Command::Kibana(kibana) => deploy::kibana::import::run(&kibana),
        #[cfg(unix)]
        Command::Chaos(chaos) => chaos::run(&chaos),
        #[cfg(unix)]
        Command::Observe(observe) => observe::run(&observe),
        #[cfg(unix)]
        Command::Services(services) => services::run(&services),
        Command::City(city) => city::run(&city).map(|()| ExitCode::SUCCESS),
        Command::Page(page) => page::run(&page).map(|()| ExitCode::SUCCESS),
    };
    result.unwrap_or_else(|error| {
        eprintln!("error: {error:#}");
        ExitCode::FAILURE
    })
}
