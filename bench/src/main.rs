//! One run of one benchmark against one server, told as a line of JSON: `cargo xtask bench` starts this often enough, in
//! turns, and makes the table.
//!
//! This process holds everything but the server: the embedded broker (`broker`), couriers who publish by a schedule
//! (`couriers`), and viewers who count what arrives (`viewer`, `tally`). It runs on one core, the server that it starts
//! (`server`) on another, so that helpers cost the server nothing.

mod backlog;
mod broker;
mod city;
mod couriers;
mod http;
mod idle;
mod product;
mod raw;
mod reading;
mod server;
mod sink;
mod start;
mod tally;
mod viewer;

use clap::{Parser, Subcommand};

#[derive(Debug, Parser)]
#[command(about, long_about = None)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Product(product::Product),
    Idle(idle::Idle),
    Sink(sink::Sink),
    Start(start::Start),
    RawServer(raw::RawServer),
}

#[allow(clippy::print_stdout, reason = "the result of a run goes to whoever started it")]
fn main() -> anyhow::Result<()> {
    let result = match Arguments::parse().command {
        Command::Product(product) => product::run(&product)?,
        Command::Idle(idle) => idle::run(&idle)?,
        Command::Sink(sink) => sink::run(&sink)?,
        Command::Start(start) => start::run(&start)?,
        Command::RawServer(raw) => return raw::run(&raw),
    };
    println!("{result}");
    Ok(())
}
