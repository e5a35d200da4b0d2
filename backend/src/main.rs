//! The backend as a process of its own.

use std::process::ExitCode;

use backend::{Settings, Surroundings};
use service::Health;

/// Frames and Kafka's records are made and dropped by the hundred thousand a second.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    if let Some(answer) = service::health::asked(backend::ADMIN_PORT) {
        return answer;
    }
    let settings: Settings = service::settings::parse();
    service::telemetry::init(&settings.log);
    service::start::run(async |shutdown| {
        let server = backend::build(settings, Surroundings::default(), Health::new()).await?;
        server.run(shutdown).await
    })
}
