//! Texts of the figures that depend on something.

use model::figures::{Kind, Span};

use super::say;
use crate::format;

pub fn span(span: Span) -> &'static str {
    match span {
        Span::Hour => "1 h",
        Span::Day => "24 h",
        Span::Week => say!(fig_week),
        Span::Month => say!(fig_month),
    }
}
pub fn empty(span: Span) -> String {
    say!(fig_empty, span = self::span(span))
}
pub fn late(n: u64) -> String {
    say!(fig_n_late, n = format::exact(n))
}
pub fn of_promised(n: u64) -> String {
    say!(fig_of_promised, n = format::exact(n))
}
pub fn of_predicted(n: u64) -> String {
    say!(fig_of_predicted, n = format::exact(n))
}
pub fn through(time: &str) -> String {
    say!(fig_through, time)
}
pub fn all_routes(n: usize) -> String {
    say!(fig_all_routes, n)
}
/// What a list is of.
pub fn kind(kind: Kind) -> &'static str {
    match kind {
        Kind::All => say!(fig_count),
        Kind::Delivered => say!(fig_delivered),
        Kind::OnTime => say!(fig_kind_on_time),
        Kind::Late => say!(fig_kind_late),
        Kind::Predicted => say!(fig_kind_predicted),
    }
}
/// How many rows are listed, of those that may be.
pub fn listed(n: usize, more: bool) -> String {
    let n = format::exact(n as u64);
    if more { say!(fig_listed_newest, n) } else { say!(fig_listed_all, n) }
}
pub fn off_by(time: &str) -> String {
    say!(fig_off_by, time)
}
pub fn in_bar(stretch: &str, count: u64, late: u64) -> String {
    say!(fig_in_bar, stretch, count, late)
}
pub fn kept_in_bar(stretch: &str, share: &str, n: u64) -> String {
    say!(fig_kept_in_bar, stretch, share, n)
}
/// What a drawing says to who cannot see it.
pub fn chart(count: u64, late: u64, span: &str) -> String {
    say!(fig_chart, span, count, late)
}
pub fn chart_on_time(share: &str, span: &str) -> String {
    say!(fig_chart_on_time, span, share)
}
