// Starts the page. No script stands inside index.html, so that the content security policy can forbid all of those. In the
// page this file holds all glue between JavaScript and wasm, too.
import init from "./app.js";
init({ module_or_path: new URL("app_bg.wasm", import.meta.url) });
