//! A sink with a deliberate fault, for the tests that must find it: `SINK_FAULT=commit` takes a batch for stored before it
//! is; `SINK_FAULT=dlq` takes an outage of the store for a reason to refuse. No installation has this program, and the
//! sink itself knows no such switch: the fault is a store that lies.

use std::{process::ExitCode, sync::Arc, time::Duration};

use async_trait::async_trait;
use contract::{CourierId, Millis};
use history::{Expired, HistoryWriter, Item, PartitionMark, Refusal, Unavailable, Verdict};
use service::{Health, StartError};
use sink::{Surroundings, commands::Command};

fn main() -> ExitCode {
    let command = sink::commands::parse();
    service::telemetry::init(command.log());
    service::start::run(async |shutdown| {
        let Command::Run(settings) = command else { return Err(StartError::setting("only `run` has a fault")) };
        let inner = history::open_writer(&settings.history).map_err(StartError::failure)?;
        let writer: Arc<dyn HistoryWriter> = match std::env::var("SINK_FAULT").as_deref() {
            Ok("commit") => Arc::new(Hasty(inner)),
            Ok("dlq") => Arc::new(Harsh(inner)),
            _ => return Err(StartError::setting("SINK_FAULT must be commit or dlq")),
        };
        let surroundings = Surroundings { writer: Some(writer), ..Surroundings::default() };
        sink::build(settings, surroundings, Health::new())?.run(shutdown).await
    })
}

/// Says that all is stored, and begins to store it.
struct Hasty(Arc<dyn HistoryWriter>);

#[async_trait]
impl HistoryWriter for Hasty {
    async fn store(&self, batch: Arc<[Item]>) -> Result<Vec<Verdict>, Unavailable> {
        let (inner, items) = (Arc::clone(&self.0), Arc::clone(&batch));
        tokio::spawn(async move {
            while inner.store(Arc::clone(&items)).await.is_err() {
                tokio::time::sleep(Duration::from_millis(500)).await;
            }
        });
        Ok(vec![Verdict::New; batch.len()])
    }

    async fn checkpoint(&self, _: &[PartitionMark]) -> Result<(), Unavailable> {
        Ok(())
    }

    async fn expire(&self, positions_before: Millis, deliveries_before: Millis) -> Result<Expired, Unavailable> {
        self.0.expire(positions_before, deliveries_before).await
    }

    async fn forget(&self, courier: &CourierId) -> Result<Expired, Unavailable> {
        self.0.forget(courier).await
    }
}

/// Refuses what the store does not take at once.
struct Harsh(Arc<dyn HistoryWriter>);

#[async_trait]
impl HistoryWriter for Harsh {
    async fn store(&self, batch: Arc<[Item]>) -> Result<Vec<Verdict>, Unavailable> {
        Ok(self.0.store(Arc::clone(&batch)).await.unwrap_or_else(|error| {
            let refusal = Refusal { class: "Unavailable".into(), message: error.to_string() };
            vec![Verdict::Refused(refusal); batch.len()]
        }))
    }

    async fn checkpoint(&self, marks: &[PartitionMark]) -> Result<(), Unavailable> {
        self.0.checkpoint(marks).await
    }

    async fn expire(&self, positions_before: Millis, deliveries_before: Millis) -> Result<Expired, Unavailable> {
        self.0.expire(positions_before, deliveries_before).await
    }

    async fn forget(&self, courier: &CourierId) -> Result<Expired, Unavailable> {
        self.0.forget(courier).await
    }
}
