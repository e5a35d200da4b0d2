//! Everything in one process.

use std::process::ExitCode;

use standalone::Settings;

fn main() -> ExitCode {
    let settings: Settings = service::settings::parse();
    service::telemetry::init(&settings.log);
    let _traces = service::traces::start(&settings.traces, "code-delivery");
    service::start::run(async |shutdown| standalone::run(settings, shutdown).await)
}
