//! Words about the past, and about taking it along.

pub const PAST: &str = "Past";
pub const RETURN: &str = "Return to live";
pub const LIVE_AWAY: &str = "Live is reconnecting";
pub const HISTORY_AWAY: &str = "History is not available";
pub const PAST_COMING: &str = ", loading";
pub const PAST_CUT: &str = "the first 20,000 couriers";
pub const NO_COURIERS_THEN: &str = "No couriers then";
pub const NO_DELIVERIES_THEN: &str = "No deliveries then";
pub const THEN_WHY: &str = "Nothing had moved in the 15 min before this moment.";
pub const PLAY: &str = "Play";
pub const PAUSE: &str = "Pause";
pub const PACE: &str = "How fast the past is played";
pub const STEP_BACK: &str = "Back 10 s";
pub const STEP_FORWARD: &str = "Forward 10 s";
pub const TO_START: &str = "To the delivery’s start";
pub const TO_END: &str = "To the delivery’s end";
pub const REPLAY: &str = "Replay";
pub const GPX: &str = "GPX";
pub const GEOJSON: &str = "GeoJSON";
pub const NO_TRAIL: &str = "The trail could not be fetched";

pub fn pace(pace: u32) -> String {
    format!("{pace}×")
}
pub fn playing(pace: u32) -> String {
    format!("playing {pace}×")
}
pub fn live_goes_on(time: &str) -> String {
    format!("Live goes on: {time}")
}
pub fn save_trail(format: &str) -> String {
    format!("Save the trail as {format}")
}

pub fn reconnecting_showing(time: &str) -> String {
    format!("Reconnecting, showing {time}")
}
pub fn next_try(seconds: i64) -> String {
    format!("next try in {seconds} s")
}
pub fn as_it_was(time: &str) -> String {
    format!("As it was at {time}")
}
pub fn caught_up(updates: u32) -> String {
    format!("Caught up, {} {}", model::format::exact(updates.into()), if updates == 1 { "update" } else { "updates" })
}
pub fn away(time: &str) -> String {
    format!("You were away {time}")
}
pub fn map_fault(why: &str) -> String {
    format!("The map cannot be drawn: {why}. The list goes on.")
}
