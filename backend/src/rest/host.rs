//! Which names this server answers to. Where access is open everyone who reaches the port is a dispatcher, and
//! a foreign page can make its own name point there (DNS rebinding): so a request must ask for a name of this machine. The
//! address for customers is known, too; under it nothing is told without a token (`crate::access`). Where everybody needs a
//! token a foreign name gains nothing, and any is answered to; so is, beyond loopback, an address, which no name stands for.

use std::{net::IpAddr, sync::Arc};

use axum::{
    extract::{Request, State},
    http::header,
    middleware::Next,
    response::{IntoResponse, Response},
};
use contract::ProblemKind;

use super::problem::Answer;
use crate::App;

/// Refuses requests for names that are not ours.
pub async fn known(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let host = request.headers().get(header::HOST).map(|host| host.to_str().unwrap_or("?"));
    // HTTP/1.0 needs no Host, and no browser speaks it.
    let known = |host: &str| {
        let address = !app.addr.ip().is_loopback() && name_of(host).trim_matches(['[', ']']).parse::<IpAddr>().is_ok();
        address || is_known(host, &app.allowed_origins) || app.access.is_public(host)
    };
    if !app.access.is_open() || host.is_none_or(known) {
        return next.run(request).await;
    }
    let detail = "this server does not answer to that Host; CD_ALLOWED_ORIGINS lists other names";
    Answer::new(ProblemKind::Forbidden, detail).into_response()
}

fn is_known(host: &str, origins: &[String]) -> bool {
    let name = name_of(host);
    let ours = ["localhost", "127.0.0.1", "[::1]"].iter().any(|ours| name.eq_ignore_ascii_case(ours));
    let of_origin = |origin: &String| origin.split_once("://").is_some_and(|(_, known)| known == host);
    ours || name.ends_with(".localhost") || origins.iter().any(of_origin)
}

/// A `Host` without its port.
fn name_of(host: &str) -> &str {
    match host.rsplit_once(':') {
        // The colons of an IPv6 address lie inside its brackets.
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_of_this_machine_and_listed_ones_are_known() {
        let origins = ["https://dispatch.example".to_owned()];
        for host in ["127.0.0.1:8080", "localhost", "LOCALHOST:1", "[::1]:8080", "[::1]", "dispatch.example"] {
            assert!(is_known(host, &origins), "{host}");
        }
        for host in ["evil.example", "127.0.0.1.evil.example:8080", "?", "", "localhost.evil.example", "[::2]"] {
            assert!(!is_known(host, &origins), "{host}");
        }
    }
}
