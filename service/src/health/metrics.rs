//! The process's metrics recorder: installed once, however many services live in the process.

use std::sync::OnceLock;

use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};

/// Upper bounds of histograms of times, s: from a tenth of a millisecond to a minute.
const SECONDS: [f64; 14] = [0.0001, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0, 15.0, 60.0];

/// Reads the recorder.
#[derive(Clone)]
pub(super) struct Handle(PrometheusHandle);

impl Handle {
    /// All metrics as Prometheus' text.
    pub(super) fn render(&self) -> String {
        self.0.run_upkeep();
        self.0.render()
    }

    /// Sorts recorded samples into their histograms. To be called every few seconds, or they pile up unread.
    pub(super) fn upkeep(&self) {
        self.0.run_upkeep();
    }
}

/// Installs the recorder, or finds the one that is there.
pub(super) fn install() -> Handle {
    static HANDLE: OnceLock<PrometheusHandle> = OnceLock::new();
    let handle = HANDLE.get_or_init(|| {
        let builder = PrometheusBuilder::new();
        // Fails only for an empty list of bounds; then histograms would be summaries.
        let builder = builder
            .set_buckets_for_metric(Matcher::Suffix("_seconds".into()), &SECONDS)
            .unwrap_or_else(|_| PrometheusBuilder::new());
        let recorder = builder.build_recorder();
        let handle = recorder.handle();
        // Fails where the program has installed another recorder: then that one has the numbers.
        if ::metrics::set_global_recorder(recorder).is_err() {
            tracing::warn!("another metrics recorder is installed: /metrics stays empty");
        }
        describe();
        handle
    });
    Handle(handle.clone())
}

/// HELP texts of what every service has.
fn describe() {
    use ::metrics::{describe_counter, describe_gauge};
    describe_gauge!("cd_ready", "1 from when the service has reached its state until it drains");
    describe_counter!("cd_records_lost_total", "Records that Kafka deleted before they were read, by topic");
    describe_counter!("cd_bad_records_total", "Records that cannot be read, by service and topic");
}
