//! The built page, embedded in a release binary and read from `dist/` in a debug one.

use std::sync::Arc;

use axum::{
    body::Body,
    extract::State,
    http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header},
    response::{Html, IntoResponse, Response},
};
use rust_embed::{EmbeddedFile, RustEmbed};

use crate::App;

/// What `cargo xtask page` made. Where it is missing the placeholder below says so.
#[derive(RustEmbed)]
#[folder = "$CARGO_MANIFEST_DIR/../dist"]
#[allow_missing = true]
struct Dist;

/// What is shown where the page was not built.
const NOT_BUILT: &str = "<!doctype html><meta charset=utf-8><title>Code Delivery</title>\
    <p>The page is not built. Run <code>cargo xtask page</code>, or <code>cargo xtask up</code> for everything.</p>\n";

/// Any path that is not REST: a file of the page, or the page itself, which reads its state from the URL.
pub async fn serve(State(app): State<Arc<App>>, method: Method, uri: Uri, headers: HeaderMap) -> Response {
    if method != Method::GET && method != Method::HEAD {
        return StatusCode::METHOD_NOT_ALLOWED.into_response();
    }
    let asked = uri.path().trim_start_matches('/');
    let is_file = asked.rsplit('/').next().is_some_and(|name| name.contains('.'));
    let name = match asked {
        file if is_file => file,
        "track" | "track/" => "track.html",
        "login" | "login/" => "login.html",
        _ => "index.html",
    };
    let locked = app.access.needs_token(&headers, &app.allowed_origins);
    if name == "index.html"
        && (app.basemap.is_some() || locked)
        && let Some(file) = Dist::get(name)
    {
        let page = String::from_utf8_lossy(&file.data);
        let page = app.basemap.as_ref().map_or(page.to_string(), |basemap| basemap.put_into(&page));
        // The page need not fetch what it will not be told anything to show.
        let page = if locked { page.replacen("<html ", "<html data-access=\"token\" ", 1) } else { page };
        return ([(header::CACHE_CONTROL, "no-cache")], Html(page)).into_response();
    }
    let accepts = |coding: &str| {
        let accepted = headers.get(header::ACCEPT_ENCODING).and_then(|value| value.to_str().ok()).unwrap_or_default();
        accepted.split(',').any(|part| part.split(';').next().is_some_and(|name| name.trim() == coding))
    };
    let packed = accepts("br").then(|| Dist::get(&format!("{name}.br"))).flatten();
    let (file, encoding) = match packed {
        Some(file) => (file, Some("br")),
        None => match Dist::get(name) {
            Some(file) => (file, None),
            None if is_file && name != "index.html" => {
                return (StatusCode::NOT_FOUND, "no such file\n").into_response();
            }
            None => return not_built(),
        },
    };
    answer(name, file, encoding, &headers)
}

fn not_built() -> Response {
    (StatusCode::SERVICE_UNAVAILABLE, [(header::CONTENT_TYPE, "text/html; charset=utf-8")], NOT_BUILT).into_response()
}

/// Always revalidated, by the content's hash: a new version is seen at once, an old one costs a 304. Only what lies in a
/// folder that is named after its content is kept for ever.
fn answer(name: &str, file: EmbeddedFile, encoding: Option<&'static str>, headers: &HeaderMap) -> Response {
    let hash: String = file.metadata.sha256_hash().iter().take(12).map(|byte| format!("{byte:02x}")).collect();
    let etag = format!("\"{hash}\"");
    let known = headers.get(header::IF_NONE_MATCH).and_then(|value| value.to_str().ok());
    let mut response = if known.is_some_and(|known| known.contains(&etag)) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        Response::new(Body::from(file.data))
    };
    let head = response.headers_mut();
    let kind = mime_guess::from_path(name).first_or_octet_stream();
    if let (Ok(kind), Ok(etag)) = (HeaderValue::from_str(kind.as_ref()), HeaderValue::from_str(&etag)) {
        head.insert(header::CONTENT_TYPE, kind);
        head.insert(header::ETAG, etag);
    }
    let keep = if name.starts_with("app/") { "public, max-age=31536000, immutable" } else { "no-cache" };
    head.insert(header::CACHE_CONTROL, HeaderValue::from_static(keep));
    head.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    if let Some(encoding) = encoding {
        head.insert(header::CONTENT_ENCODING, HeaderValue::from_static(encoding));
    }
    response
}
