// The first load of the page, with nothing kept: bytes, the largest contentful paint, how long the main thread was blocked,
// and when couriers are drawn. Called by `cargo xtask bench map`: load.mjs SLOWER; tells JSON.

import { browse, DESKTOP, Server, until } from "../../e2e/browser/harness.mjs";
import { told } from "./told.mjs";

/** How long the page is looked at after all is there, ms: what is fetched later counts too. */
const AFTER_MS = 4_000;

function watch() {
  const seen = { lcp: 0, fcp: 0, long: [] };
  globalThis.seen = seen;
  new PerformanceObserver((list) => list.getEntries().forEach((entry) => (seen.lcp = entry.startTime))).observe({ type: "largest-contentful-paint", buffered: true });
  new PerformanceObserver((list) => list.getEntries().forEach((entry) => (seen.fcp ||= entry.startTime))).observe({ type: "paint", buffered: true });
  new PerformanceObserver((list) => list.getEntries().forEach(({ startTime, duration }) => seen.long.push([startTime, duration]))).observe({ type: "longtask", buffered: true });
}

const slower = Number(process.argv[2]);
await told(async () => {
  const server = await Server.start({ demo: 36 });
  const browser = await browse();
  try {
    const context = await browser.newContext({ viewport: DESKTOP, serviceWorkers: "block", locale: "en-GB" });
    const tab = await context.newPage();
    const session = await context.newCDPSession(tab);
    await session.send("Network.enable");
    await session.send("Emulation.setCPUThrottlingRate", { rate: slower });
    let [bytes, first] = [0, 0];
    let drawn = false;
    session.on("Network.loadingFinished", ({ encodedDataLength }) => {
      bytes += encodedDataLength;
      if (!drawn) first += encodedDataLength;
    });
    await tab.addInitScript(watch);
    const began = Date.now();
    await tab.goto(server.url, { waitUntil: "commit", timeout: 60_000 });
    await until("couriers are drawn", async () => Number(await tab.locator(".app").getAttribute("data-couriers-drawn")) > 0, 120_000);
    drawn = true;
    const drawn_ms = Date.now() - began;
    await new Promise((resolve) => setTimeout(resolve, AFTER_MS));
    const { lcp, fcp, long } = await tab.evaluate(() => globalThis.seen);
    // Blocked is what a task takes beyond 50 ms, from the first paint until couriers are drawn.
    const blocked = long.filter(([at]) => at >= fcp && at <= drawn_ms).reduce((sum, [, ms]) => sum + ms - 50, 0);
    return { fcp_ms: fcp, lcp_ms: lcp, drawn_ms, blocked_ms: blocked, longest_ms: Math.max(0, ...long.map(([, ms]) => ms)), first_kb: first / 1000, all_kb: bytes / 1000 };
  } finally {
    await browser.close();
    await server.remove();
  }
});
