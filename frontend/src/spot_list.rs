//! Couriers on one spot: at the last zoom no more nearness tells them apart, so a click lists them.

use leptos::prelude::*;

use crate::{
    live::Live,
    part::part,
    sign::{glyph, icon_small, of_status},
    words::{self, say},
};

/// Width of the list with its distance from the spot, px.
const WIDTH: f64 = 244.0;
const AWAY: f64 = 18.0;
/// Height of the heading, and of a row, px; beyond so many rows it scrolls.
const HEAD: f64 = 52.0;
const ROW: f64 = 44.0;
const ROWS: usize = 6;

/// The list of [`crate::live::Stack`]; a row selects its courier.
#[component]
pub fn SpotList() -> impl IntoView {
    let live = Live::expect();
    part(move || {
        let stack = live.stack.get()?;
        let stage = crate::browser::by_id("stage");
        let (width, height) =
            stage.map_or((1000.0, 700.0), |stage| (f64::from(stage.client_width()), f64::from(stage.client_height())));
        let tall = HEAD + ROW * stack.couriers.len().min(ROWS) as f64;
        let x = (stack.at.x + AWAY).min(width - live.padding.get().right - WIDTH - 12.0).max(12.0);
        let y = (stack.at.y - tall / 2.0).min(height - live.padding.get().bottom - tall).max(12.0);
        let style = format!("transform:translate({}px,{}px)", x.round() as i32, y.round() as i32);
        let heading = words::couriers_here(stack.couriers.len());
        let label = heading.clone();
        let row = |courier: contract::CourierId| {
            let known = live.world.with_value(|world| world.courier_row(&courier))?;
            let name = crate::format::courier(courier.as_str());
            let state = words::status(known.status);
            let id = courier.to_string();
            let choose = move |_| {
                live.stack.set(None);
                live.select_courier(courier.clone());
            };
            Some(view! {
                <li><button data-stacked=id on:click=choose>
                    {glyph(of_status(known.status), of_status(known.status))}
                    <span class="cut">{name}</span>
                    <span class="muted small">{state}</span>
                </button></li>
            })
        };
        let rows: Vec<_> = stack.couriers.into_iter().filter_map(row).collect();
        Some(view! {
            <section class="card stack" aria-label=label style=style>
                <h3>
                    {heading}
                    <button class="ib" aria-label=say!(close) on:click=move |_| live.stack.set(None)>{icon_small("close")}</button>
                </h3>
                <ul>{rows}</ul>
            </section>
        })
    })
}
