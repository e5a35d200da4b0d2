// Starts the page. No script stands inside index.html, so that the content security policy can forbid all of those. In the
// page this file holds all glue between JavaScript and wasm, too.
import init from "./app.js";
// The folder's name is that of this build: the page compares it with what the server has (src/live/kept.rs).
document.documentElement.dataset.build = new URL(".", import.meta.url).pathname;
init({ module_or_path: new URL("app_bg.wasm", import.meta.url) });
// Keeps the page for a start without a network; where the browser wants none of it, all else goes on. After the first sight:
// it asks for all files again.
if ("serviceWorker" in navigator) {
  addEventListener("load", () => setTimeout(() => navigator.serviceWorker.register("/sw.js").catch(() => {}), 3000));
}
