// What the main thread does for moving couriers: our layer, in the page itself, and MapLibre's GeoJSON source with the same
// points, in a page of its own. Called by `cargo xtask bench map`: frames.mjs layer|setdata COURIERS SECONDS; tells JSON.

import { AREA, feed } from "../../e2e/browser/feed.mjs";
import { browse, DESKTOP, Server, until } from "../../e2e/browser/harness.mjs";
import { told } from "./told.mjs";

/** Everything lies in this view, drawn as dots. */
const VIEW = `${((AREA.south + AREA.north) / 2).toFixed(5)},${((AREA.west + AREA.east) / 2).toFixed(5)},13.6`;
/**
 * Times each drawn frame, and each message of the socket, by the page's own clock. What only a graphics card would do is left
 * out, for both: done by this processor it would take seconds a picture, and the main thread would wait for it.
 */
function watch() {
  for (const name of ["drawArrays", "drawElements", "drawArraysInstanced", "drawElementsInstanced", "drawRangeElements"]) {
    WebGL2RenderingContext.prototype[name] = () => {};
  }
  const seen = { frames: [], messages: [], data: [] };
  globalThis.seen = seen;
  const timed = (list, run) => function (...values) {
    const began = performance.now();
    try {
      return run.apply(this, values);
    } finally {
      list.push(performance.now() - began);
    }
  };
  const frame = globalThis.requestAnimationFrame.bind(globalThis);
  globalThis.requestAnimationFrame = (run) => frame(timed(seen.frames, run));
  const { set } = Object.getOwnPropertyDescriptor(WebSocket.prototype, "onmessage");
  Object.defineProperty(WebSocket.prototype, "onmessage", { set(run) { set.call(this, run && timed(seen.messages, run)); } });
}

const at = (list, share) => list[Math.min(list.length - 1, Math.floor(list.length * share))];

/** The main thread's CPU since its beginning, s. */
async function cpu(session) {
  const { metrics } = await session.send("Performance.getMetrics");
  return metrics.find((metric) => metric.name === "TaskDuration").value;
}

/** What `seconds` of it cost. */
async function measure(tab, session, seconds) {
  const reset = () => {
    const before = { ...globalThis.seen };
    Object.values(globalThis.seen).forEach((list) => list.splice(0));
    return before;
  };
  await tab.evaluate(reset);
  const [began, before] = [Date.now(), await cpu(session)];
  await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
  const [after, took] = [await cpu(session), (Date.now() - began) / 1000];
  const seen = await tab.evaluate(() => globalThis.seen);
  // Frames in which nothing is drawn cost next to nothing, and are none.
  const frames = seen.frames.filter((ms) => ms > 0.15).sort((a, b) => a - b);
  const sum = (list) => list.reduce((all, ms) => all + ms, 0);
  return { seen, frames, took, cpu_s: after - before, messages_ms: sum(seen.messages) / took, data_ms: sum(seen.data) };
}

async function layer(browser, server, couriers, seconds) {
  const front = await feed(server.url, couriers);
  const context = await browser.newContext({ viewport: DESKTOP, serviceWorkers: "block", locale: "en-GB" });
  const tab = await context.newPage();
  await tab.addInitScript(watch);
  await tab.goto(`${front.url}/?at=${VIEW}`, { timeout: 60_000 });
  const drawn = () => tab.locator(".app").getAttribute("data-couriers-drawn");
  await until(`${couriers} are drawn`, async () => Number(await drawn()) === couriers, 120_000);
  const session = await context.newCDPSession(tab);
  await session.send("Performance.enable", { timeDomain: "threadTicks" });
  await new Promise((resolve) => setTimeout(resolve, 3_000));
  const { frames, took, cpu_s, messages_ms } = await measure(tab, session, seconds);
  await context.close();
  front.close();
  return {
    frame_ms: at(frames, 0.5),
    frame_p95_ms: at(frames, 0.95),
    update_cpu_ms: (cpu_s * 1000) / frames.length,
    messages_ms_per_s: messages_ms,
    frames_per_s: frames.length / took,
    main_share: cpu_s / took,
  };
}

/** MapLibre alone: the same points as circles, all of them new once a second, which is as often as each gets a fix. */
async function setData(browser, server, couriers, seconds) {
  const context = await browser.newContext({ viewport: DESKTOP, serviceWorkers: "block", locale: "en-GB", bypassCSP: true });
  const tab = await context.newPage();
  await tab.addInitScript(watch);
  await tab.goto(`${server.url}/login`, { timeout: 60_000 });
  await tab.evaluate(async ({ couriers, area, view }) => {
    document.body.innerHTML = '<div id="map" style="position:fixed;inset:44px 0 0 344px"></div>';
    const { Map } = await import("/vendor/maplibre-gl.mjs");
    const points = Array.from({ length: couriers }, (_, i) => [
      area.west + (area.east - area.west) * ((i * 0.5698402909980532) % 1),
      area.south + (area.north - area.south) * ((i * 0.7548776662466927) % 1),
    ]);
    const data = () => ({
      type: "FeatureCollection",
      features: points.map(([lon, lat], i) => ({ type: "Feature", properties: { id: i, status: 1, heading: (i * 37) % 360 }, geometry: { type: "Point", coordinates: [lon, lat] } })),
    });
    const [lat, lon, zoom] = view.split(",").map(Number);
    const map = new Map({
      container: "map", center: [lon, lat], zoom, attributionControl: false, fadeDuration: 0,
      style: {
        version: 8,
        sources: { couriers: { type: "geojson", data: data() } },
        layers: [
          { id: "ground", type: "background", paint: { "background-color": "#f3f2ee" } },
          { id: "couriers", type: "circle", source: "couriers", paint: { "circle-radius": 5, "circle-color": "#1b5fdb", "circle-stroke-width": 2, "circle-stroke-color": "#fff" } },
        ],
      },
    });
    await map.once("idle");
    globalThis.idle = 0;
    map.on("idle", () => (globalThis.idle += 1));
    globalThis.move = () => {
      for (const point of points) point[0] += 0.00007;
      const next = data();
      // The objects are the caller's own; what counts is what the library does with them.
      const began = performance.now();
      map.getSource("couriers").setData(next);
      globalThis.seen.data.push(performance.now() - began);
    };
  }, { couriers, area: AREA, view: VIEW });
  const session = await context.newCDPSession(tab);
  await session.send("Performance.enable", { timeDomain: "threadTicks" });
  // One at a time: the next one when the last is on the screen, but no more than one a second.
  const reset = () => Object.values(globalThis.seen).forEach((list) => list.splice(0));
  const once = async () => {
    const began = Date.now();
    await tab.evaluate(() => {
      globalThis.idle = 0;
      globalThis.move();
    });
    await until("it is on the screen", () => tab.evaluate(() => globalThis.idle > 0), 60_000);
    return Date.now() - began;
  };
  for (let i = 0; i < 3; i += 1) await once();
  await tab.evaluate(reset);
  const [began, before] = [Date.now(), await cpu(session)];
  const shown = [];
  while (Date.now() - began < seconds * 1000) {
    const took = await once();
    shown.push(took);
    await new Promise((resolve) => setTimeout(resolve, Math.max(0, 1000 - took)));
  }
  const [after, took] = [await cpu(session), (Date.now() - began) / 1000];
  const seen = await tab.evaluate(() => globalThis.seen);
  await context.close();
  shown.sort((a, b) => a - b);
  seen.data.sort((a, b) => a - b);
  return {
    call_ms: at(seen.data, 0.5),
    update_cpu_ms: ((after - before) * 1000) / shown.length,
    shown_ms: at(shown, 0.5),
    updates_per_s: shown.length / took,
    main_share: (after - before) / took,
  };
}

const [kind, couriers, seconds] = [process.argv[2], Number(process.argv[3]), Number(process.argv[4])];
await told(async () => {
  const server = await Server.start({ demo: 0 });
  const browser = await browse();
  try {
    return await (kind === "layer" ? layer : setData)(browser, server, couriers, seconds);
  } finally {
    await browser.close();
    await server.remove();
  }
});
