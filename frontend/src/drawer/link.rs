//! The customer's link: made and copied with one press, and what is to be known before it is given away.

use contract::{Problem, rest::Link};
use leptos::{prelude::*, task::spawn_local};

use super::Story;
use crate::{
    access, browser,
    net::api,
    part::{part, watch},
    sign::icon,
    signal::RwSignal,
    words::{self, say},
};

/// The button, and under it the answer.
#[component]
pub fn CustomerLink() -> impl IntoView {
    let story = Story::expect();
    let busy = RwSignal::new(false);
    let answer = RwSignal::new(None::<Answer>);
    // What was said of one delivery is no answer about the next.
    watch(move || {
        story.delivery.with(|delivery| delivery.as_ref().map(|delivery| delivery.delivery));
        answer.set(None);
    });
    let make = move |_| {
        let Some(id) = story.delivery.with_untracked(|d| d.as_ref().map(|d| d.delivery)) else { return };
        busy.set(true);
        spawn_local(async move {
            let made = api::link(id).await;
            let copied = match &made {
                Ok(link) => browser::copy(link.url.clone()).await,
                Err(_) => false,
            };
            busy.try_set(false);
            answer.try_set(Some(Answer { made, copied }));
        });
    };
    let said = move || answer.get().map(Answer::view);
    view! {
        <button class="btn" id="link" disabled=move || busy.get() on:click=make>{icon("copy")} {say!(link)}</button>
        {part(said)}
    }
    .into_any()
}

#[derive(Clone, PartialEq)]
struct Answer {
    made: Result<Link, Problem>,
    copied: bool,
}

impl Answer {
    fn view(self) -> AnyView {
        let Link { url, notice, .. } = match self.made {
            Ok(link) => link,
            Err(problem) => {
                let text = words::problem(&problem);
                return view! { <div class="note late wide" role="alert">{icon("warn")}<span>{text}</span></div> }
                    .into_any();
            }
        };
        let said = if self.copied { say!(link_copied) } else { say!(link_made) };
        let (class, sign) = if notice.is_some() { ("note late wide", "warn") } else { ("note wide", "check") };
        view! {
            <div class=class role="status" id="link-said">
                {icon(sign)}
                <span>
                    {said} " " {notice.map(|notice| words::link_notice(notice, access::token().is_none()))}
                    <a href=url target="_blank" rel="noopener">{say!(link_open)}</a>
                </span>
            </div>
        }
        .into_any()
    }
}
