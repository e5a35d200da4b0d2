//! The summary: the state of everything, made once a second and shared by all sockets.

use std::sync::{Arc, atomic::Ordering};

use contract::live::{ServerMessage, Summary};

use super::{
    Live,
    latency::{Recent, percentiles},
};

/// The last summary as text, with a number so that a socket knows whether it has sent it.
#[derive(Debug, Clone, Default)]
pub struct SummaryText {
    /// Counts summaries from 1; 0 while there is none.
    pub number: u64,
    /// The message.
    pub text: Arc<str>,
}

/// Makes the summary of now.
pub fn refresh(live: &Live, recent: &mut Recent) {
    let counts = live.latency.take();
    live.figures.sent_after(&counts);
    let latency_ms = percentiles(&recent.push(counts));
    let (now, (counts, late)) = {
        let state = live.state.read();
        (state.fleet.now(), state.fleet.tally())
    };
    metrics::gauge!("cd_couriers", "status" => "on_delivery").set(counts.on_delivery);
    metrics::gauge!("cd_couriers", "status" => "idle").set(counts.idle);
    metrics::gauge!("cd_couriers", "status" => "late").set(counts.late);
    metrics::gauge!("cd_couriers", "status" => "alarm").set(counts.alarm);
    metrics::gauge!("cd_couriers", "status" => "offline").set(counts.offline);
    let behind_ms = live.behind_ms.load(Ordering::Relaxed);
    let summary = ServerMessage::Summary(Summary { now, behind_ms, latency_ms, counts, late });
    let Ok(text) = serde_json::to_string(&summary) else { return };
    let mut shared = live.summary.write();
    *shared = SummaryText { number: shared.number + 1, text: text.into() };
}
