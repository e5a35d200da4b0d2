// Starts the page: no script stands inside index.html, so that the content security policy can forbid all of those.
import init from "/app.js";
init({ module_or_path: "/app_bg.wasm" });
