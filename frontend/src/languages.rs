//! The choice of the language.

use leptos::prelude::*;
use model::Language;

use crate::{
    browser,
    words::{self, say},
};

/// A button for each language, in itself. To choose another one loads the page again.
pub fn choice() -> AnyView {
    let buttons = Language::ALL.map(|language| {
        let on = language == words::language();
        let choose = move |_| {
            if !on {
                browser::speak(language.tag());
            }
        };
        view! { <button lang=language.tag() aria-pressed=on.to_string() on:click=choose>{language.name()}</button> }
    });
    view! { <div class="seg languages" role="group" aria-label=say!(language)>{Vec::from(buttons)}</div> }.into_any()
}
