//! `cargo xtask chaos`, as a process: see `e2e::chaos`.

use std::process::ExitCode;

use clap::Parser;

#[derive(Debug, Parser)]
struct Line {
    #[command(flatten)]
    options: e2e::chaos::Options,
}

#[tokio::main]
async fn main() -> ExitCode {
    let options = Line::parse().options;
    let run = async {
        tokio::select! {
            done = e2e::chaos::run(&options) => done,
            // What was started is taken down as the run is dropped.
            _ = tokio::signal::ctrl_c() => Err(anyhow::anyhow!("interrupted")),
        }
    };
    match run.await {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("chaos: {error:#}");
            ExitCode::FAILURE
        }
    }
}
