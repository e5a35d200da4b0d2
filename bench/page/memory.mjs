// What a page holds that stays open: heap, wasm memory, elements and listeners, after garbage was collected, every so many
// minutes. Called by `cargo xtask bench map`: memory.mjs MINUTES COURIERS; tells JSON.

import { browse, DESKTOP, Server, until } from "../../e2e/browser/harness.mjs";
import { told } from "./told.mjs";

/** The first look: what begins has begun by then. */
const FIRST_MIN = 2;

/** Keeps hold of the memories of WebAssembly, which a page does not show. */
function watch() {
  const memories = new Set();
  globalThis.wasmBytes = () => [...memories].reduce((sum, memory) => sum + memory.buffer.byteLength, 0);
  const note = (instance) => Object.values(instance.exports).filter((one) => one instanceof WebAssembly.Memory).forEach((memory) => memories.add(memory));
  for (const name of ["instantiate", "instantiateStreaming"]) {
    const before = WebAssembly[name];
    WebAssembly[name] = async (...values) => {
      const made = await before.apply(WebAssembly, values);
      note(made.instance ?? made);
      return made;
    };
  }
}

const [minutes, couriers] = [Number(process.argv[2]), Number(process.argv[3])];
await told(async () => {
  const server = await Server.start({ demo: couriers });
  const browser = await browse();
  try {
    const context = await browser.newContext({ viewport: DESKTOP, serviceWorkers: "block", locale: "en-GB" });
    const tab = await context.newPage();
    await tab.addInitScript(watch);
    await tab.goto(server.url, { timeout: 60_000 });
    await until("couriers are drawn", async () => Number(await tab.locator(".app").getAttribute("data-couriers-drawn")) > 0, 60_000);
    // A selection, so that a trail grows too.
    await tab.locator(".row[data-courier]").first().click();
    const session = await context.newCDPSession(tab);
    await session.send("Performance.enable");
    await session.send("HeapProfiler.enable");
    const look = async () => {
      await session.send("HeapProfiler.collectGarbage");
      const { metrics } = await session.send("Performance.getMetrics");
      const metric = (name) => metrics.find((one) => one.name === name).value;
      const wasm = await tab.evaluate(() => globalThis.wasmBytes());
      return { heap_mib: metric("JSHeapUsedSize") / 2 ** 20, wasm_mib: wasm / 2 ** 20, nodes: metric("Nodes"), listeners: metric("JSEventListeners") };
    };
    const began = Date.now();
    const until_min = (minute) => new Promise((resolve) => setTimeout(resolve, Math.max(0, began + minute * 60_000 - Date.now())));
    const looks = [];
    const first = Math.min(FIRST_MIN, minutes / 2);
    for (const minute of [first, (first + minutes) / 2, minutes]) {
      await until_min(minute);
      looks.push({ minute, ...(await look()) });
      console.error(`bench: memory, minute ${minute}: ${JSON.stringify(looks.at(-1))}`);
    }
    return { looks };
  } finally {
    await browser.close();
    await server.remove();
  }
});
