//! Tokens, from the command that makes them to the log, which must hold none of them: whatever level it is written at.

use std::{
    path::Path,
    process::{Command, Output},
    time::Duration,
};

use e2e::process::{Standalone, binary};
use futures_util::{SinkExt, StreamExt};
use reqwest::{Client, Method};
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;

const KEYS: [&str; 2] = ["the first key of the journeys, long enough", "the second key of the journeys, long enough"];
const ROUTE: &str = "railway-square-to-market-hall";

fn token(secret: &Path, arguments: &str) -> Output {
    let mut command = Command::new(binary("backend"));
    command.arg("token").args(arguments.split(' ')).env("CD_AUTH_SECRET_FILE", secret);
    command.output().unwrap()
}

/// The token that the command prints, and nothing else.
fn made(secret: &Path, arguments: &str) -> String {
    let output = token(secret, arguments);
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success() && text.lines().count() == 1, "{text} {}", String::from_utf8_lossy(&output.stderr));
    e2e::kept::secret("token", text.trim());
    text.trim().to_owned()
}

async fn ask(url: &str, method: Method, path: &str, token: Option<&str>, body: Option<Value>) -> (u16, Value) {
    let mut request = Client::new().request(method, format!("{url}/api/v1{path}"));
    if let Some(token) = token {
        request = request.bearer_auth(token);
    }
    if let Some(body) = body {
        request = request.json(&body);
    }
    let answer = request.send().await.unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap_or_default())
}

/// What a socket is told first.
async fn hello(url: &str, token: &str) -> Message {
    let mut socket = e2e::socket::connect(url).await.unwrap();
    let hello = json!({ "type": "hello", "token": token, "cursor": null });
    socket.send(Message::text(hello.to_string())).await.unwrap();
    tokio::time::timeout(Duration::from_secs(30), socket.next()).await.unwrap().unwrap().unwrap()
}

#[tokio::test]
async fn tokens_open_what_they_say_and_stand_in_no_log() {
    let data = tempfile::tempdir().unwrap();
    let secret = data.path().join("secret");
    std::fs::write(&secret, KEYS.join("\n")).unwrap();
    let flags = ["--auth-secret-file", secret.to_str().unwrap(), "--log", "trace"];
    let mut server = Standalone::start_with(data.path(), 0, &flags);
    server.ready().await;
    let url = server.url.clone();

    let dispatcher = made(&secret, "--role dispatcher --name ana --for 1h");
    let viewer = made(&secret, "--role viewer");
    let courier = made(&secret, "--role courier --courier c-17 --days 30");
    let body = || Some(json!({ "courier": "c-17", "route": ROUTE }));
    assert_eq!(ask(&url, Method::POST, "/deliveries", None, body()).await.0, 401);
    assert_eq!(ask(&url, Method::POST, "/deliveries", Some(&viewer), body()).await.0, 403);
    let named = Client::new().post(format!("{url}/api/v1/deliveries")).bearer_auth(&dispatcher);
    let answer = named.header("x-request-id", "order-4711").json(&body()).send().await.unwrap();
    let (status, started): (_, Value) = (answer.status().as_u16(), answer.json().await.unwrap());
    assert_eq!((status, &started["requested_by"]), (202, &json!("dispatcher:ana")), "{started}");
    let id = started["delivery"].as_str().unwrap();
    let path = format!("/deliveries/{id}");
    assert_eq!(ask(&url, Method::GET, &path, Some(&courier), None).await.0, 200);
    let (status, link) = ask(&url, Method::POST, &format!("{path}/link"), Some(&dispatcher), None).await;
    assert_eq!(status, 201, "{link}");
    let customer = link["url"].as_str().unwrap().split_once('#').unwrap().1.to_owned();
    e2e::kept::secret("link", &customer);
    assert_eq!(ask(&url, Method::GET, &path, Some(&customer), None).await.0, 200);
    let (status, _) = ask(&url, Method::POST, &format!("{path}/cancel"), Some(&dispatcher), Some(json!({}))).await;
    assert_eq!(status, 202);
    let wrong = format!("{}x", dispatcher);
    assert_eq!(ask(&url, Method::GET, &path, Some(&wrong), None).await.0, 401);
    // Where it does not belong, too.
    assert_eq!(ask(&url, Method::GET, &format!("/status?token={viewer}"), Some(&viewer), None).await.0, 422);
    for token in [&dispatcher, &viewer] {
        assert!(matches!(hello(&url, token).await, Message::Text(text) if text.contains(r#""you":{"role":"#)));
    }
    assert!(matches!(hello(&url, &courier).await, Message::Close(Some(frame)) if u16::from(frame.code) == 4403));
    assert!(matches!(hello(&url, &wrong).await, Message::Close(Some(frame)) if u16::from(frame.code) == 4401));
    hello(&url, &customer).await;

    assert!(server.process.stop(Duration::from_secs(30)).success());
    let log = server.process.log();
    let audit: Vec<&str> = log.lines().filter(|line| line.contains(" audit: ")).collect();
    let told = |words: &[&str]| audit.iter().any(|line| words.iter().all(|word| line.contains(word)));
    assert!(told(&["dispatcher:ana", "POST", &format!("path=\"{path}\""), "status=202"]), "{audit:#?}");
    // A request is found again by its id, in the audit and in what was done for it.
    assert!(told(&["request=\"order-4711\"", &format!("path=\"{path}\"")]), "{audit:#?}");
    let requested = log.lines().find(|line| line.contains("delivery requested") && line.contains(id));
    assert!(requested.is_some_and(|line| line.contains("request=\"order-4711\"")), "{requested:?}");
    assert!(told(&["dispatcher:ana", &format!("{path}/cancel"), "status=202"]), "{audit:#?}");
    assert!(told(&["dispatcher:ana", &format!("{path}/link"), "status=201"]), "{audit:#?}");
    assert!(told(&["viewer:viewer", "POST", "status=403"]), "{audit:#?}");
    assert!(log.contains("TRACE"), "everything that can be written was");
    for secret in KEYS.into_iter().chain([&dispatcher, &viewer, &courier, &customer, &wrong].map(String::as_str)) {
        let line = log.lines().find(|line| line.contains(secret));
        assert_eq!(line, None, "{secret}");
        // The part that makes a token good.
        let line = secret.rsplit_once('.').and_then(|(_, signature)| log.lines().find(|line| line.contains(signature)));
        assert_eq!(line, None, "{secret}");
    }
}

#[test]
fn the_command_that_makes_tokens_says_what_is_wrong() {
    let data = tempfile::tempdir().unwrap();
    let (secret, none) = (data.path().join("secret"), data.path().join("none"));
    std::fs::write(&secret, "too short").unwrap();
    for (file, arguments, expected) in [
        (&secret, "--role viewer", "line 1: a key needs 32"),
        (&none, "--role viewer", "none"),
        (&secret, "--role king", "must be viewer, dispatcher"),
        (&secret, "--role courier", "needs --courier"),
    ] {
        let output = token(file, arguments);
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!((output.status.code(), output.stdout.len()), (Some(2), 0), "{text}");
        assert!(text.contains(expected) && !text.contains("too short") && text.lines().count() == 1, "{text}");
    }
}
