//! The only build tool.

mod city;
mod page;

use clap::{Parser, Subcommand};

#[derive(Debug, Parser)]
#[command(about, bin_name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    City(city::City),
    Page(page::Page),
}

fn main() -> anyhow::Result<()> {
    match Arguments::parse().command {
        Command::City(city) => city::run(&city),
        Command::Page(page) => page::run(&page),
    }
}
