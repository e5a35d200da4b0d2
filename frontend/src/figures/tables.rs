//! The same as tables: every number is a button that leads to its deliveries.

use leptos::prelude::*;
use model::figures::{Along, Kind, Picture, Sum, Wanted};

use super::{Desk, length, number, share};
use crate::{format, words::say};

fn columns() -> [&'static str; 6] {
    [say!(fig_count), say!(fig_delivered), say!(fig_on_time), say!(fig_late), say!(fig_duration), say!(fig_eta_error)]
}

/// By time, without what is empty, and by route.
pub fn of(desk: Desk, picture: &Picture) -> Vec<AnyView> {
    let times = picture.bars.iter().enumerate().filter(|(_, bar)| bar.count > 0).filter_map(|(index, bar)| {
        let at = picture.window.bar(index)?;
        Some(row(desk, desk.stretch(at), bar, &Wanted { at: Some(at), ..Wanted::default() }))
    });
    let routes = picture.routes.iter().map(|(key, sum)| {
        let along = Along::of_key(key);
        row(desk, desk.route(&along), sum, &Wanted { along, ..Wanted::default() })
    });
    vec![
        table("table-time", say!(fig_by_time), say!(fig_time), times.collect()),
        table("table-routes", say!(fig_routes), say!(fig_route), routes.collect()),
    ]
}

fn table(id: &'static str, title: &'static str, first: &'static str, rows: Vec<AnyView>) -> AnyView {
    let heads = columns().map(|name| view! { <th scope="col">{name}</th> });
    view! {
        // It may be wider than a phone; then it scrolls, by the keyboard too.
        <div class="chart wide" role="region" aria-label=title tabindex="0">
            <table id=id>
                <caption>{title}</caption>
                <thead><tr><th scope="col">{first}</th>{Vec::from(heads)}</tr></thead>
                <tbody>{rows}</tbody>
            </table>
        </div>
    }
    .into_any()
}

fn row(desk: Desk, name: String, sum: &Sum, behind: &Wanted) -> AnyView {
    let cells = [
        (format::exact(sum.count), sum.count, Kind::All),
        (format::exact(sum.delivered), sum.delivered, Kind::Delivered),
        (share(sum.on_time()), sum.kept, Kind::OnTime),
        (format::exact(sum.late()), sum.late(), Kind::Late),
        (length(sum.mean_s()), sum.delivered, Kind::Delivered),
        (length(sum.mean_eta_error_s()), sum.predicted, Kind::Predicted),
    ];
    let mut heads = columns().into_iter();
    let cells = cells.map(|(text, of, kind)| {
        let what = format!("{}, {name}", heads.next().unwrap_or_default());
        view! { <td>{number(desk, text, what, of, Wanted { kind, ..behind.clone() })}</td> }
    });
    view! { <tr><th scope="row">{name}</th>{Vec::from(cells)}</tr> }.into_any()
}
