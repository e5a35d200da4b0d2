//! One request and its answer.

use std::{future::Future, pin::Pin};

use contract::Problem;
use leptos::prelude::window;
use model::read::{self, Read, Unreadable};
use serde_json::Value;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{Headers, RequestInit, Response};

use crate::access;

/// Sends a request and reads the JSON of its answer. `body` is JSON.
pub async fn json<T: Read>(method: &str, path: &str, body: Option<String>) -> Result<T, Problem> {
    let (status, value) = ask(method, path, body).await?;
    read::typed(value).map_err(|error| unreadable(status, &error))
}

type Boxed<'a, T> = Pin<Box<dyn Future<Output = T> + 'a>>;

/// What every request has in common, boxed: it is in the program once, and not with every type that is asked for.
fn ask<'a>(method: &'a str, path: &'a str, body: Option<String>) -> Boxed<'a, Result<(u16, Value), Problem>> {
    Box::pin(async move {
        let (status, text) = exchange(method, path, body).await.map_err(|_| unreachable())?;
        let value = read::json(&text);
        if (200..300).contains(&status) {
            return value.map(|value| (status, value)).map_err(|error| unreadable(status, &error));
        }
        // A proxy in between answers in its own words: then the status is all there is.
        Err(value.and_then(read::typed).unwrap_or_else(|_| foreign(status)))
    })
}

async fn exchange(method: &str, path: &str, body: Option<String>) -> Result<(u16, String), JsValue> {
    let headers = Headers::new()?;
    headers.set("accept", "application/json")?;
    access::sign(&headers)?;
    let init = RequestInit::new();
    init.set_method(method);
    if let Some(body) = body {
        headers.set("content-type", "application/json")?;
        init.set_body(&body.into());
    }
    init.set_headers(&headers);
    let url = format!("/api/v1{path}");
    let response: Response = JsFuture::from(window().fetch_with_str_and_init(&url, &init)).await?.dyn_into()?;
    let text = JsFuture::from(response.text()?).await?;
    Ok((response.status(), text.as_string().unwrap_or_default()))
}

fn problem(kind: &str, title: &str, status: u16, detail: String) -> Problem {
    Problem {
        kind: format!("/problems/{kind}"),
        title: title.into(),
        status,
        detail,
        instance: None,
        errors: Vec::new(),
        until: None,
    }
}

fn unreachable() -> Problem {
    problem("unreachable", "Server not reached", 0, "the server cannot be reached".into())
}

fn foreign(status: u16) -> Problem {
    problem("unexpected", "Unexpected answer", status, format!("the server answered {status}"))
}

fn unreadable(status: u16, error: &Unreadable) -> Problem {
    problem("unexpected", "Unexpected answer", status, format!("the server's answer cannot be read: {error}"))
}
