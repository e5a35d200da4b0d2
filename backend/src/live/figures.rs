//! The backend's metrics: what each is called and means, and those that are counted so often that they are looked up once.

use metrics::{Counter, Unit, counter, describe_counter, describe_gauge};

use super::latency::EDGES;

/// Upper edges of the buckets of [`Figures::sent_after`], ms, as their label says them in s.
const BUCKETS: [(u32, &str); 11] = [
    (25, "0.025"),
    (50, "0.05"),
    (100, "0.1"),
    (150, "0.15"),
    (250, "0.25"),
    (500, "0.5"),
    (1_000, "1"),
    (2_000, "2"),
    (5_000, "5"),
    (60_000, "60"),
    (u32::MAX, "+Inf"),
];

/// Metrics of the hot path.
#[derive(Debug)]
pub struct Figures {
    /// Positions and deliveries that changed the live state.
    pub applied: Counter,
    /// Those that did not.
    pub skipped: Counter,
    /// Records of couriers in frames.
    pub sent: Counter,
    /// Bytes of frames.
    pub frame_bytes: Counter,
    within: [Counter; BUCKETS.len()],
    measured: Counter,
}

impl Figures {
    /// Looks them up. The recorder must be there.
    pub fn new() -> Self {
        describe();
        Self {
            applied: counter!("cd_applied_total"),
            skipped: counter!("cd_skipped_total"),
            sent: counter!("cd_sent_total"),
            frame_bytes: counter!("cd_frame_bytes_total"),
            within: BUCKETS.map(|(_, edge)| counter!("cd_append_to_sent_seconds_bucket", "le" => edge)),
            measured: counter!("cd_append_to_sent_seconds_count"),
        }
    }

    /// Adds what the meter of latencies has counted, to the buckets of a histogram as Prometheus reads it: each holds all
    /// that lie below its edge. Counting so, once a second, costs a socket nothing.
    pub fn sent_after(&self, counts: &[u32; EDGES.len()]) {
        self.within.iter().zip(BUCKETS).for_each(|(counter, (edge, _))| counter.increment(below(counts, edge)));
        self.measured.increment(below(counts, u32::MAX));
    }

    /// Counts a frame and the couriers in it.
    pub fn frame(&self, frame: &[u8]) {
        self.frame_bytes.increment(frame.len() as u64);
        self.sent.increment(couriers(frame));
    }
}

/// How many of the counted lie at this edge or below it.
fn below(counts: &[u32; EDGES.len()], edge: u32) -> u64 {
    let counted = EDGES.iter().zip(counts).filter(|(known, _)| **known <= edge);
    counted.map(|(_, count)| u64::from(*count)).sum()
}

/// How many couriers are in a frame: those of kinds 1 and 2 have their number at 16.
fn couriers(frame: &[u8]) -> u64 {
    let number = frame.get(16..20).and_then(|bytes| bytes.try_into().ok()).map_or(0, u32::from_le_bytes);
    if matches!(frame.get(1), Some(1 | 2)) { number.into() } else { 0 }
}

impl Default for Figures {
    fn default() -> Self {
        Self::new()
    }
}

/// Gives each metric its HELP text.
fn describe() {
    describe_counter!("cd_consumed_total", "Records that were read from Kafka");
    describe_counter!("cd_applied_total", "Positions and deliveries that changed the live state");
    describe_counter!(
        "cd_skipped_total",
        "Positions and deliveries of no effect: known, older than what is known, or beyond a limit"
    );
    describe_counter!("cd_sent_total", "Couriers in frames to viewers: a fix counts once for each viewer");
    describe_counter!("cd_frame_bytes_total", Unit::Bytes, "Bytes of frames, before the WebSocket's heads");
    describe_counter!("cd_append_to_sent_seconds_bucket", "Fixes that left within that time of the broker's append, s");
    describe_counter!(
        "cd_append_to_sent_seconds_count",
        "Fixes whose way to a viewer was measured: a sample of each tick"
    );
    describe_counter!("cd_unknown_status_total", "Deliveries in a state that only a later version knows");
    describe_counter!("cd_http_requests_total", "Answers by status");
    describe_counter!("cd_refused_total", "Requests and sockets that were turned away, by why");
    describe_counter!("cd_sockets_closed_total", "Sockets that were closed, by close code");
    describe_counter!("cd_sockets_slow_total", "Sockets that the ring of events has overtaken");
    describe_counter!("cd_socket_resume_total", "How sockets began: new, resumed, reset");
    describe_gauge!("cd_sockets", "Open sockets");
    describe_gauge!("cd_behind_seconds", Unit::Seconds, "How far the live state is behind the broker");
    describe_gauge!("cd_positions_not_shown", "Positions of couriers above CD_MAX_COURIERS");
    describe_gauge!("cd_couriers", "Couriers by their state");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_bucket_holds_all_below_its_edge() {
        let mut counts = [0; EDGES.len()];
        // Two fixes within 25 ms, one within a second, one within a minute.
        for (edge, count) in [(25, 2), (1_000, 1), (60_000, 1)] {
            counts[EDGES.iter().position(|known| *known == edge).unwrap()] = count;
        }
        assert_eq!(BUCKETS.map(|(edge, _)| below(&counts, edge)), [2, 2, 2, 2, 2, 2, 3, 3, 3, 4, 4]);
    }

    #[test]
    fn each_bucket_ends_where_the_meter_can_tell() {
        for (edge, label) in BUCKETS {
            assert!(EDGES.contains(&edge), "{label}");
            assert!(edge == u32::MAX || label.parse() == Ok(f64::from(edge) / 1e3), "{label}");
        }
    }

    #[test]
    fn couriers_of_full_frames_and_deltas_are_counted() {
        let mut frame = [0; 32];
        for (kind, sent) in [(1, 7), (2, 7), (3, 0)] {
            (frame[1], frame[16]) = (kind, 7);
            assert_eq!(couriers(&frame), sent);
        }
        assert_eq!(couriers(&[]), 0);
    }
}
