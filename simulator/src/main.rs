//! The simulator as a process of its own.

use std::process::ExitCode;

use service::Health;
use simulator::{Settings, Surroundings};

fn main() -> ExitCode {
    if let Some(answer) = service::health::asked(simulator::ADMIN_PORT) {
        return answer;
    }
    let settings: Settings = service::settings::parse();
    service::telemetry::init(&settings.log);
    let _traces = service::traces::start(&settings.traces, "simulator");
    service::start::run(async |shutdown| {
        simulator::build(settings, Surroundings::default(), Health::new())?.run(shutdown).await
    })
}
