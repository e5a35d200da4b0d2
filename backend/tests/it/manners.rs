//! What holds for every answer, whatever was asked: headers, ids of requests, compression, paths and methods that are none.

use reqwest::Method;

use crate::harness::{Reply, samples::ROUTE, shared};

const PATHS: [&str; 7] = ["/routes", "/status", "/nothing", "/couriers/nobody", "//", "//app.js", "//api/none"];

#[tokio::test]
async fn every_answer_carries_the_security_headers() {
    let api = shared().api();
    for path in PATHS {
        let reply = api.get(path).await;
        let policy = reply.header("content-security-policy");
        assert!(policy.starts_with("default-src 'self'; ") && policy.contains("frame-ancestors 'none'"), "{path}");
        assert!(!policy.contains("unsafe-eval") || policy.contains("'wasm-unsafe-eval'"), "{path}");
        assert_eq!(reply.header("x-content-type-options"), "nosniff", "{path}");
        assert_eq!(reply.header("x-frame-options"), "DENY", "{path}");
        assert_eq!(reply.header("referrer-policy"), "no-referrer", "{path}");
        assert_eq!(reply.header("cross-origin-opener-policy"), "same-origin", "{path}");
        assert!(!reply.header("x-request-id").is_empty(), "{path}");
        if path.starts_with("//") && !path.starts_with("//api") {
            continue;
        }
        assert_eq!(reply.header("cache-control"), "no-store", "{path}");
    }
}

#[tokio::test]
async fn a_page_that_made_its_name_point_here_gets_nothing() {
    for path in ["/status", "/live", "/routes", "//"] {
        let asked = shared().api().ask(Method::GET, path).header("host", "evil.example");
        Reply::of(asked).await.problem("forbidden");
        let ours = Reply::of(shared().api().ask(Method::GET, path).header("host", "localhost:8080")).await;
        assert_ne!(ours.status, 403, "{path}");
    }
}

#[tokio::test]
async fn a_requests_own_id_comes_back() {
    let asked = shared().api().ask(Method::GET, "/status").header("x-request-id", "mine-7");
    assert_eq!(Reply::of(asked).await.header("x-request-id"), "mine-7");
}

#[tokio::test]
async fn answers_are_compressed_where_the_client_can_read_it() {
    let api = shared().api();
    for coding in ["br", "gzip"] {
        let reply = Reply::of(api.ask(Method::GET, "/routes").header("accept-encoding", coding)).await;
        assert_eq!((reply.status, reply.header("content-encoding")), (200, coding));
        assert!(reply.header("vary").to_lowercase().contains("accept-encoding"));
    }
    assert_eq!(api.get("/routes").await.header("content-encoding"), "");
}

#[tokio::test]
async fn a_compressed_problem_names_its_instance_all_the_same() {
    let api = shared().api();
    let plain = api.get("/couriers/nobody").await;
    let packed = Reply::of(api.ask(Method::GET, "/couriers/nobody").header("accept-encoding", "gzip")).await;
    assert_eq!(plain.problem("not-found").instance.as_deref(), Some("/api/v1/couriers/nobody"));
    assert_eq!((packed.status, packed.header("content-encoding")), (404, "gzip"));
    // A gzip stream ends with the length of what it holds (RFC 1952).
    let length = u32::from_le_bytes(packed.body[packed.body.len() - 4..].try_into().unwrap());
    assert_eq!(length as usize, plain.body.len());
}

#[tokio::test]
async fn paths_that_are_none_answer_a_problem() {
    let api = shared().api();
    for path in ["/nothing", "/deliveries/a/b/c", "//api", "//api/", "//api/v2/routes", "//api/v1", "//api/v1/", "/%ff"]
    {
        for method in [Method::GET, Method::POST, Method::DELETE] {
            let reply = Reply::of(api.ask(method.clone(), path)).await;
            // A path that is no UTF-8 is named differently, but is a problem as well.
            if path == "/%ff" {
                assert_eq!(reply.problem("not-found").status, 404);
                continue;
            }
            let asked = path.strip_prefix('/').filter(|rest| rest.starts_with('/'));
            let asked = asked.map_or(format!("/api/v1{path}"), str::to_owned);
            assert_eq!(reply.problem("not-found").instance, Some(asked), "{method} {path}");
        }
    }
}

#[tokio::test]
async fn methods_that_a_path_does_not_have_answer_a_problem() {
    let api = shared().api();
    let routes = format!("/routes/{ROUTE}");
    for (method, path) in [
        (Method::DELETE, "/deliveries"),
        (Method::POST, routes.as_str()),
        (Method::PUT, "/status"),
        (Method::PATCH, "/deliveries/019a9e0e-5b00-7c3e-8000-1f2e3d4c5b6a"),
        (Method::GET, "/deliveries/019a9e0e-5b00-7c3e-8000-1f2e3d4c5b6a/cancel"),
        (Method::POST, "/live"),
        (Method::POST, "/openapi.json"),
    ] {
        let reply = Reply::of(api.ask(method.clone(), path)).await;
        assert_eq!(reply.problem("method-not-allowed").status, 405, "{method} {path}");
        assert!(!reply.header("allow").is_empty(), "{method} {path}");
    }
}

#[tokio::test]
async fn bytes_in_a_path_that_are_no_text_are_a_problem() {
    let api = shared().api();
    for path in ["/couriers/%ff", "/deliveries/%ff", "/routes/%c3%28"] {
        let reply = api.get(path).await;
        assert!(matches!(reply.status, 400 | 404), "{path}: {}", reply.status);
        assert_eq!(reply.header("content-type"), "application/problem+json", "{path}: {}", reply.text());
    }
}

#[tokio::test]
async fn the_page_is_the_only_thing_outside_the_api() {
    let api = shared().api();
    for path in ["//", "//map/c-17", "//index.html"] {
        let reply = api.get(path).await;
        assert!(reply.header("content-type").starts_with("text/html"), "{path}: {}", reply.header("content-type"));
    }
    assert_eq!(api.get("//nothing.js").await.status, 404);
    assert_eq!(api.get("//%2e%2e/Cargo.toml").await.status, 404);
    assert_eq!(Reply::of(api.ask(Method::POST, "//")).await.status, 405);
}
