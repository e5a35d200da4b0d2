//! What docs/protocol.md gives people to copy: its client and its first request, taken from the page as they stand there. And
//! Ctrl-C, which such a client must survive with everything in place.

use std::{
    process::{Command, Stdio},
    time::Duration,
};

use e2e::{
    eventually,
    process::{Running, Standalone},
    rest::Rest,
};
use reqwest::Method;
use serde_json::{Value, json};

const PAGE: &str = include_str!("../../../docs/protocol.md");
/// Where the page's examples talk to.
const THERE: &str = "127.0.0.1:8080";

/// The block of this language that follows a heading.
fn block(heading: &str, language: &str) -> &'static str {
    let (_, section) = PAGE.split_once(&format!("\n### {heading}\n")).expect("the heading is there");
    let (_, code) = section.split_once(&format!("```{language}\n")).expect("a block of that language");
    code.split_once("```").expect("the block ends").0
}

/// The page's client, beside a server of the test's own.
fn client(server: &Standalone, dir: &std::path::Path) -> Running {
    let code = block("A client in 20 lines", "js");
    let lines = code.lines().filter(|line| !line.trim().is_empty()).count();
    assert!((15..=25).contains(&lines), "{lines} lines are not 20");
    assert_eq!(code.matches(THERE).count(), 1);
    let file = dir.join("client.mjs");
    let here = server.url.trim_start_matches("http://");
    std::fs::write(&file, code.replace(THERE, here)).expect("a file can be written");
    let mut command = Command::new("node");
    if !has_web_socket() {
        command.arg("--experimental-websocket");
    }
    Running::start("client", command.arg(file))
}

/// As the page says: from 22 on.
fn has_web_socket() -> bool {
    let mut node = Command::new("node");
    let asked = node.args(["-e", "process.exit(typeof WebSocket === 'function' ? 0 : 1)"]).stderr(Stdio::null());
    asked.status().expect("node runs").success()
}

/// Path and body of the page's PUT.
fn first_request() -> (String, Value) {
    let code = block("Start a delivery", "sh");
    let path = code.split(THERE).nth(1).and_then(|rest| rest.split_whitespace().next()).expect("a URL");
    let body = code.split("-d '").nth(1).and_then(|rest| rest.split('\'').next()).expect("a body");
    let path = path.strip_prefix("/api/v1").expect("a path of the API").to_owned();
    (path, body.parse().expect("JSON"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_clients_of_the_page_work_and_ctrl_c_loses_nothing() {
    let data = tempfile::tempdir().unwrap();
    let mut server = Standalone::start(data.path(), 3);
    server.ready().await;
    let client = client(&server, data.path());
    let heard = async |what: &str, word: &str| {
        eventually(what, Duration::from_secs(30), async || client.log().contains(word).then_some(())).await;
    };
    heard("the welcome", r#"{"type":"welcome""#).await;
    heard("a summary", r#"{"type":"summary""#).await;

    let rest = Rest::new(&server.url);
    let (path, body) = first_request();
    let (status, document) = rest.ask(Method::PUT, &path, Some(&body)).await.expect("an answer");
    assert_eq!((status, &document["courier"], &document["status"]), (202, &body["courier"], &json!("requested")));
    let (status, again) = rest.ask(Method::PUT, &path, Some(&body)).await.expect("an answer");
    assert_eq!((status, &again["delivery"]), (200, &document["delivery"]));
    let courier = body["courier"].as_str().expect("a courier");
    heard("the event", &format!(r#""courier":"{courier}","status":"in_transit""#)).await;
    // Its fixes, where REST says that it is.
    let moving = |log: &str| {
        let mut fixes = log.lines().filter_map(|line| line.strip_prefix(courier)).filter_map(|place| {
            let (lat, lon) = place.trim().split_once(' ')?;
            Some((lat.parse::<f64>().ok()?, lon.parse::<f64>().ok()?))
        });
        let first = fixes.next();
        fixes.find(|fix| first.is_some_and(|first| first != *fix))
    };
    let (lat, lon) = eventually("the courier to move", Duration::from_secs(30), async || moving(&client.log())).await;
    let live = rest.get(&format!("/couriers/{courier}")).await;
    let far = |name: &str, seen: f64| (live["position"][name].as_f64().expect("a place") - seen).abs();
    // A kilometre: it drives on meanwhile.
    assert!(far("lat", lat) < 0.009 && far("lon", lon) < 0.018, "{lat} {lon}: {live}");

    // Ctrl-C: the client is told, the process ends well, and the next one goes on with the run.
    let stopped = rest.get("/status").await["now"].as_i64().expect("a time");
    server.process.signal("INT");
    heard("the close", "closed 1012 restart").await;
    assert!(server.process.wait(Duration::from_secs(30)).success(), "it does not end well on Ctrl-C");
    let mut server = Standalone::start(data.path(), 0);
    server.ready().await;
    let rest = Rest::new(&server.url);
    eventually("the run to go on", Duration::from_secs(30), async || {
        let live = rest.ask(Method::GET, &format!("/couriers/{courier}"), None).await?.1;
        (live["position"]["at"].as_i64()? > stopped).then_some(())
    })
    .await;
    let (status, ended) = rest.ask(Method::POST, &format!("{path}/cancel"), Some(&json!({}))).await.expect("an answer");
    assert_eq!((status, &ended["status"]), (202, &json!("cancelled")));
    // Those of the time when nobody was there, too: a fix for each second of the run.
    let time = |name: &str| ended[name].as_i64().expect("a time");
    let fixes = (time("finished_at") - time("started_at")) / time("interval_ms") + 1;
    eventually("every fix up to the end to be stored", Duration::from_secs(30), async || {
        let audit = rest.ask(Method::GET, &format!("{path}/audit"), None).await?.1;
        (audit["stored"] == fixes && audit["missing"] == json!([])).then_some(())
    })
    .await;
    server.process.signal("INT");
    assert!(server.process.wait(Duration::from_secs(30)).success());
}
