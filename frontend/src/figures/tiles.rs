//! The five numbers of the whole span.

use leptos::prelude::*;
use model::figures::{Kind, Picture, Wanted};

use super::{Desk, length, number, share, words};
use crate::{format, words::say};

/// A row of tiles.
pub fn of(desk: Desk, picture: &Picture) -> AnyView {
    let sum = picture.total;
    let big = |id: &'static str, name: &'static str, text: String, of: u64, kind: Kind, note: AnyView| {
        let wanted = Wanted { kind, ..Wanted::default() };
        view! {
            <li data-figure=id>
                <span class="k">{name}</span>
                <b>{number(desk, text, name.to_owned(), of, wanted)}</b>
                <span class="small faint">{note}</span>
            </li>
        }
        .into_any()
    };
    let late = Wanted { kind: Kind::Late, ..Wanted::default() };
    let late = number(desk, words::late(sum.late()), say!(fig_late).to_owned(), sum.late(), late);
    let none = || ().into_any();
    let promised = view! { {late} " " {words::of_promised(sum.promised)} }.into_any();
    view! {
        <ul class="tiles">
            {big("count", say!(fig_count), format::exact(sum.count), sum.count, Kind::All, none())}
            {big("delivered", say!(fig_delivered), format::exact(sum.delivered), sum.delivered, Kind::Delivered, none())}
            {big("on-time", say!(fig_on_time), share(sum.on_time()), sum.kept, Kind::OnTime, promised)}
            {big("duration", say!(fig_duration), length(sum.mean_s()), sum.delivered, Kind::Delivered, none())}
            {big(
                "eta-error", say!(fig_eta_error), length(sum.mean_eta_error_s()), sum.predicted, Kind::Predicted,
                words::of_predicted(sum.predicted).into_any(),
            )}
        </ul>
    }
    .into_any()
}
