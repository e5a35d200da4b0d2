//! The sink's metrics: what each is called and means.

use ::metrics::{Unit, describe_counter, describe_gauge, describe_histogram};

/// Gives each metric its HELP text. The recorder must be there.
pub(crate) fn describe() {
    describe_counter!("cd_sink_records_total", "Records that went the whole way and may be committed, by topic");
    describe_counter!("cd_stored_total", "Items that the store holds now and did not before");
    describe_counter!("cd_known_total", "Items that the store held before: they were sent again");
    describe_counter!("cd_dead_letters_total", "Records that can never be stored, acknowledged in dlq, by reason");
    describe_counter!("cd_sink_retries_total", "Attempts that failed and were made again, by what was tried");
    describe_gauge!("cd_sink_alarm", "1 while something has not worked for a minute, by what was tried");
    describe_gauge!("cd_sink_lag_records", "Records behind what is stored, by topic and partition");
    describe_gauge!("cd_sink_behind_seconds", Unit::Seconds, "Age of the oldest record that may not be stored yet");
    describe_histogram!("cd_append_to_stored_seconds", Unit::Seconds, "From the broker's append to the store's answer");
    describe_histogram!(
        "cd_sink_store_seconds",
        Unit::Seconds,
        "Time of a batch in the store, waits and repetitions included"
    );
}
