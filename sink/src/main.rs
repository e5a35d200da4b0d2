//! The sink as a process of its own.

use std::process::ExitCode;

fn main() -> ExitCode {
    if let Some(answer) = service::health::asked(sink::ADMIN_PORT) {
        return answer;
    }
    let command = sink::commands::parse();
    service::telemetry::init(command.log());
    service::start::run(async |shutdown| command.run(shutdown).await)
}
