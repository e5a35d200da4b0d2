//! The backend as a process of its own.

use std::process::ExitCode;

/// Frames and Kafka's records are made and dropped by the hundred thousand a second.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    if let Some(answer) = service::health::asked(backend::ADMIN_PORT) {
        return answer;
    }
    let command = backend::commandline::parse();
    service::telemetry::init(command.log());
    service::start::run(async |shutdown| command.run(shutdown).await)
}
