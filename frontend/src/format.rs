//! [`model::format`] in the language of the page.

#![allow(missing_docs, reason = "they are those of `model::format`")]

use contract::{Millis, live::EtaRange};
use model::format;
pub use model::format::{age, courier, duration, late_badge, range, route, speed, time, time_s};

use crate::words::language;

pub fn date(at: Millis, zone_min: i32) -> String {
    format::date(at, zone_min, language())
}
pub fn in_range(range: EtaRange, now: Millis) -> String {
    format::in_range(range, now, language())
}
pub fn ago(at: Millis, now: Millis) -> String {
    format::ago(at, now, language())
}
pub fn about_min(seconds: u32) -> String {
    format::about_min(seconds, language())
}
pub fn distance(metres: f64) -> String {
    format::distance(metres, language())
}
pub fn heading(degrees: f64) -> String {
    format::heading(degrees, language())
}
pub fn delay(ms: u32) -> String {
    format::delay(ms, language())
}
pub fn times(factor: f64) -> String {
    format::times(factor, language())
}
pub fn percent(share: f64) -> String {
    format::percent(share, language())
}
pub fn count(n: u64) -> String {
    format::count(n, language())
}
pub fn exact(n: u64) -> String {
    format::exact(n, language())
}
