//! The viewer's zone.

use js_sys::Date;
use model::format;

/// Offset from UTC in minutes, east positive, and the zone's name in short.
pub fn zone() -> (i32, String) {
    let now = Date::new_0();
    let zone_min = -now.get_timezone_offset() as i32;
    // "Fri Nov 21 2025 14:02:47 GMT+0200 (Eastern European Standard Time)"
    let text = String::from(now.to_string());
    let long_name = text.split_once('(').map_or("", |(_, name)| name.trim_end_matches(')'));
    (zone_min, format::zone(long_name, zone_min))
}
