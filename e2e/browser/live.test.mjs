// The live page on a desktop, on one server with twelve demo couriers.

import assert from "node:assert/strict";
import { test } from "node:test";

import { course, pulse } from "./eye.mjs";
import { around, DESKTOP, Page, until } from "./harness.mjs";
import { startOf } from "./city.mjs";
import { delivery, frame } from "./feed.mjs";
import { reads } from "./wait.mjs";

let server;
let browser;
around({ demo: 12 }, (world) => ({ server, browser } = world));

test("first sight: streets, couriers, list, figures, and nothing to complain about", async () => {
  const page = await Page.open(browser, server, "", { viewport: DESKTOP });
  await page.ready();
  await page.draws(12);
  await until("all twelve are listed", async () => (await page.rows().count()) === 12);
  const counts = async () => {
    const numbers = await page.$(".count b").allInnerTexts();
    return numbers.length === 5 && numbers.reduce((sum, number) => sum + Number(number), 0) === 12;
  };
  await until("the five counts make twelve", counts);
  await reads("the tab", () => page.text("#tab-couriers"), /12/);
  await until("the latency is known", async () => /^\d[\d.,]* m?s$/.test(await page.text("[data-metric=p95]")));
  await until("updates come", async () => Number(await page.text("[data-metric=updates]")) > 0);
  await reads("the clock", () => page.text(".clock b"), /^\d\d:\d\d:\d\d$/);
  await reads("the connection", () => page.text(".conn"), /^Live$/);
  await reads("whose map it is", () => page.text(".attr"), /OpenStreetMap/);
  await reads("the scale", () => page.text(".measure"), /\d+ k?m/);
  assert.equal(await page.$("[data-banner]").count(), 0);
  // Who arrives, or is late, may be told meanwhile.
  for (const kind of ["silent", "caught-up", "new-page", "rejected", "failed"]) assert.deepEqual(await page.told(kind), []);
  await page.streets();
  await page.shot("first-sight");
  await page.close();
});

test("couriers move on, and not by jumps", async () => {
  const route = "railway-square-to-market-hall";
  const start = await startOf(server, route);
  await server.deliver("c-moving", route);
  const page = await Page.open(browser, server, `?at=${start.lat},${start.lon},16.5&sel=c-moving&drawer=0`, { viewport: DESKTOP, watch: pulse });
  await page.ready();
  await until("the courier has its card", () => page.callout());
  const { places, seconds, frames, steps } = await course(page, { far: 60 });
  const [first, last] = [places[0], places.at(-1)];
  assert.ok(Math.hypot(last.x - first.x, last.y - first.y) > 60, `it went from ${JSON.stringify(first)} to ${JSON.stringify(last)} only`);
  // A fix comes once a second: drawn as they come there would be as many places as seconds. A machine that is busy with other
  // things draws few frames; then each but a few must have moved it.
  const enough = Math.min(2 * seconds, 0.7 * (frames - 1));
  assert.ok(steps.length > enough, `drawn at ${places.length} places in ${frames} frames and ${seconds} s: it jumps`);
  // Where a picture or a fix comes late, because the machine is busy, it is where it has driven to meanwhile: 33 px are a
  // second at 50 km/h.
  const jumps = steps.filter(({ px, paused }) => px > Math.max(40, 60 * paused));
  assert.deepEqual(jumps, [], "it jumps");
  await page.shot("moving");
  await page.close();
});

test("search, filters and states of the list", async () => {
  const page = await Page.open(browser, server);
  await page.ready();
  const known = (await server.get("/couriers?limit=200")).items.length;
  const all = await until("all are counted", async () => Number(/\d+/.exec(await page.text("#tab-couriers"))) === known && known);
  const somebody = await page.rows().nth(2).getAttribute("data-courier");

  await page.press("/");
  await page.tab.keyboard.type(somebody.slice(0, 6));
  await until("one row is left", async () => (await page.rows().count()) === 1);
  assert.equal(await page.rows().first().getAttribute("data-courier"), somebody);
  await reads("how many match", () => page.text("#listed"), /^1 of \d+$/);

  await page.tab.keyboard.type(" zzz");
  await until("nothing matches", () => page.$("[data-state=no-match]").isVisible());
  assert.match(await page.text("[data-state=no-match]"), /No match for “.+ zzz”[^]*match(es)? without the filter/);
  await page.shot("no-match");
  assert.ok((await page.drawn()) > all / 2, "the map goes on showing who does not match");
  await page.button("Clear filters").click();
  await until("all rows are back", async () => (await page.rows().count()) >= 12);
  assert.equal(await page.$("#search").inputValue(), "");

  await page.$("[data-count=delivery]").click();
  assert.equal(await page.attribute("[data-count=delivery]", "aria-pressed"), "true");
  await until("only those on delivery are listed", async () => {
    const classes = await page.rows().evaluateAll((rows) => rows.map((row) => row.className));
    return classes.length > 0 && classes.every((name) => /\bdelivery\b/.test(name));
  });
  await until("the address has the filter", async () => page.query().get("state") === "on_delivery");
  await page.button("Remove the filter On delivery only").click();
  await until("all are listed", async () => (await page.text("#listed")) === `All ${all} listed`);

  await page.$("#tab-deliveries").click();
  await until("deliveries are listed", async () => (await page.$(".row[data-delivery]:visible").count()) >= 12);
  await page.tab.getByLabel("Route", { exact: true }).selectOption({ label: "Railway Square to Market Hall" });
  await until("one route's are left", async () => {
    const [routes, listed] = await Promise.all([page.rows().allInnerTexts(), page.text("#listed")]);
    return routes.length > 0 && /^\d+ of \d+$/.test(listed);
  });
  await page.shot("filtered");
  await page.close();
});

test("a reload keeps view, filter, selection and theme", async () => {
  // On its way, and in time, for as long as this takes.
  const courier = "lasting-courier";
  await server.deliver(courier, "swedish-theatre-to-paasi-hotel", { speed: 0.5 });
  const page = await Page.open(browser, server);
  await page.ready();
  await page.press("+");
  await until("it is nearer", async () => (await page.zoom()) > 15);
  const { x, y, width, height } = await page.$("#stage").boundingBox();
  await page.tab.mouse.move(x + width / 2, y + height / 2);
  await page.tab.mouse.down();
  await page.tab.mouse.move(x + width / 2 - 160, y + height / 2 + 90, { steps: 6 });
  await page.tab.mouse.up();
  await page.$("#search").fill("lasting");
  await page.$('[data-count="delivery"]').click();
  await page.row(courier).click();
  await page.$("#theme-button").click();
  await until("it is dark", async () => (await page.attribute("html", "data-theme")) === "dark");
  const settled = async () => {
    const query = page.query();
    const filtered = query.get("q") === "lasting" && query.get("state") === "on_delivery";
    return query.get("sel") === courier && filtered && query.get("theme") === "dark" && query.get("at");
  };
  await until("the address is complete", settled);
  await page.rested();
  const at = page.at();

  await page.tab.reload();
  await page.ready();
  await until("the drawer is open again", () => page.$("#drawer").isVisible());
  assert.equal(await page.attribute("html", "data-theme"), "dark");
  assert.equal(await page.$("#search").inputValue(), "lasting");
  assert.equal(await page.attribute('[data-count="delivery"]', "aria-pressed"), "true");
  await reads("its row is the selected one", () => page.attribute(`.row[data-courier="${courier}"]`, "aria-selected"), "true");
  // Where the map looked elsewhere the address would follow it.
  await page.rested();
  assert.ok(await settled(), `the address says the same: ${page.tab.url()}`);
  const again = page.at();
  assert.ok(Math.abs(again.zoom - at.zoom) < 0.02, `zoom ${at.zoom}, then ${again.zoom}`);
  assert.ok(Math.hypot(again.lat - at.lat, again.lon - at.lon) < 0.0001, "the map looks elsewhere");
  await page.close();
});

test("dark: by the system, and by the button", async () => {
  const page = await Page.open(browser, server, "", { viewport: DESKTOP, colorScheme: "dark" });
  await page.ready();
  assert.equal(await page.attribute("html", "data-theme"), "dark");
  const ground = () => page.tab.evaluate(() => getComputedStyle(document.querySelector(".rail")).backgroundColor);
  const dark = await ground();
  await page.shot("dark");
  await page.tab.emulateMedia({ colorScheme: "light" });
  await until("the system's change is followed", async () => (await page.attribute("html", "data-theme")) === "light");
  await until("the ground is another", async () => (await ground()) !== dark);
  await page.$("#theme-button").click();
  await until("the button's is, too", async () => (await page.attribute("html", "data-theme")) === "dark");
  await reads("what the button says", () => page.attribute("#theme-button", "aria-label"), /dark/);
  await until("and remembered in the address", async () => page.query().get("theme") === "dark");
  await page.close();
});

test("from afar counts with numbers, from near couriers", async () => {
  const page = await Page.open(browser, server, "", { viewport: DESKTOP });
  await page.ready();
  await reads("the tier", () => page.tier(), "arrows");
  const number = async (where) => Number(/\d+/.exec(await page.text(where))[0]);
  for (let pressed = 0; (await page.zoom()) >= 12; pressed += 1) {
    assert.ok(pressed < 8, "it does not go away");
    const zoom = await page.zoom();
    await page.press("-");
    await until("it is further", async () => (await page.zoom()) < zoom - 0.9);
  }
  await until("counts are shown", async () => (await page.tier()) === "counts");
  await until("no courier is drawn alone", async () => (await page.drawn()) === 0);
  await until("the numbers make all", async () => (await number(".chips .chip")) === (await number("#tab-couriers")));
  await reads("the legend", () => page.text(".legend"), /Couriers in the cell/);
  await until("the list goes on", async () => (await page.rows().count()) >= 12);
  await page.shot("zoomed-out");
  while ((await page.zoom()) < 14.5) {
    const zoom = await page.zoom();
    await page.press("+");
    await until("it is nearer", async () => (await page.zoom()) > zoom + 0.9);
  }
  await until("arrows are back", async () => (await page.tier()) === "arrows" && (await page.drawn()) > 0);
  await page.close();
});

test("a tab that slept shows the present when it wakes", async () => {
  const page = await Page.open(browser, server);
  await page.ready();
  // The longest time in which nothing of the page ran.
  await page.tab.evaluate(() => {
    let last = performance.now();
    globalThis.longest = 0;
    setInterval(() => {
      globalThis.longest = Math.max(globalThis.longest, performance.now() - last);
      last = performance.now();
    }, 50);
  });
  // As a laptop that is closed does it: the page's processes stand still, and the server goes on.
  const devtools = await browser.newBrowserCDPSession();
  const { processInfo } = await devtools.send("SystemInfo.getProcessInfo");
  const pages = processInfo.filter((one) => one.type === "renderer").map((one) => one.id);
  let delivery;
  pages.forEach((id) => process.kill(id, "SIGSTOP"));
  const fell = Date.now();
  try {
    const asked = { speed: 30, reference: "order-asleep" };
    ({ delivery } = await server.deliver("c-while-asleep", "paasi-hotel-to-strand-hotel", asked));
    const done = async () => (await server.get(`/deliveries/${delivery}`)).status === "delivered";
    await until("it is delivered while the tab sleeps", done, 60_000);
    await until("it has slept long", () => Date.now() - fell > 6_000);
  } finally {
    pages.forEach((id) => process.kill(id, "SIGCONT"));
  }
  await until("it is awake and live", async () => (await page.connection()) === "live");
  // What is on the screen may be from before: it has run again when it has noticed.
  await until("it stood still for long", () => page.tab.evaluate(() => globalThis.longest > 5_000));
  await until("it has the courier that came", async () => (await page.row("c-while-asleep").count()) === 1);
  await page.$("#tab-deliveries").click();
  await page.$("#search").fill("order-asleep");
  await until("and the end of the delivery", async () => /Delivered by/.test(await page.text(`.row[data-delivery="${delivery}"]`)));
  await page.$("#tab-couriers").click();
  await page.draws((await server.get("/couriers?limit=200")).items.length);
  await page.close();
});

const HOUR_MS = 3_600_000;

/** A message of the server as it would have been an hour ago, and of another log. */
function hourAgo(message) {
  if (typeof message !== "string") {
    const bytes = Buffer.from(message);
    bytes.writeBigUInt64LE(bytes.readBigUInt64LE(8) - BigInt(HOUR_MS), 8);
    return bytes;
  }
  const said = JSON.parse(message);
  if (said.now) said.now -= HOUR_MS;
  if (said.cursor) said.cursor = ofAnotherLog(said.cursor);
  return JSON.stringify(said);
}

/** The same place in another log: what a restarted broker, or one that has forgotten, makes of a cursor. */
function ofAnotherLog(cursor) {
  const bytes = Buffer.from(cursor, "base64url");
  bytes[0] ^= 0xff;
  return bytes.toString("base64url");
}

test("a tab that slept for an hour is refused what it missed, and shows the present", async () => {
  const [sockets, hellos, welcomes, cursors] = [[], [], [], []];
  /** Which of its views the server has answered last. */
  let view = 1;
  const watch = async (tab) => {
    // The page's clock, and what the server says, are of an hour ago until it wakes.
    await tab.addInitScript((ms) => {
      globalThis.behind = ms;
      const [origin, now] = [performance.timeOrigin, Date.now.bind(Date)];
      Object.defineProperty(Performance.prototype, "timeOrigin", { get: () => origin - globalThis.behind });
      Date.now = () => now() - globalThis.behind;
    }, HOUR_MS);
    await tab.routeWebSocket(/\/api\/v1\/live/, (socket) => {
      const [first, far] = [sockets.push(socket) === 1, socket.connectToServer()];
      socket.onMessage((text) => {
        if (JSON.parse(text).type === "hello") hellos.push(JSON.parse(text));
        far.send(text);
      });
      far.onMessage((message) => {
        if (typeof message === "string" && JSON.parse(message).type === "welcome") welcomes.push(JSON.parse(message));
        if (typeof message !== "string") view = message.readUInt32LE(4);
        const said = first ? hourAgo(message) : message;
        if (first && typeof said === "string") cursors.push(JSON.parse(said).cursor);
        socket.send(said);
      });
    });
  };
  const page = await Page.open(browser, server, "?tab=deliveries", { viewport: DESKTOP, watch });
  await page.ready();
  // What was there an hour ago, and the server has forgotten since: a courier, one delivery on its way and one that was done.
  const [there, done] = [delivery("c-ghost", { reference: "order-gone" }), delivery("c-ghost", { reference: "order-done", status: "delivered", finished_at: Date.now() - HOUR_MS })];
  sockets[0].send(JSON.stringify({ type: "events", cursor: ofAnotherLog(welcomes[0].cursor), deliveries: [there, done] }));
  const { lat, lon } = await startOf(server, "paasi-hotel-to-strand-hotel");
  const ghost = { slot: 900, name: "c-ghost", lat, lon, heading: 0, speed: 0, age_ms: 500, bits: 1 };
  const references = () => page.$(".row[data-delivery]:visible .n span:first-child").allInnerTexts();
  const couriers = () => page.rows().evaluateAll((rows) => rows.map((row) => row.dataset.courier).sort());
  await page.$("#search").fill("c-ghost");
  await until("both deliveries are listed", async () => (await references()).sort().join() === "order-done,order-gone");
  await page.$("#search").fill("");
  await page.$("#tab-couriers").click();
  // All with room around them: nobody leaves the view meanwhile.
  await page.press("0");
  const others = (await server.get("/couriers?limit=200")).items.length;
  await page.draws(others);
  await until("the courier is, too, and drawn", async () => {
    // A view that is answered meanwhile takes it away.
    sockets[0].send(hourAgo(frame(2, view, [ghost], true)));
    return (await couriers()).includes("c-ghost") && (await page.drawn()) > others;
  });

  await server.deliver("c-present", "paasi-hotel-to-strand-hotel", { reference: "order-now" });
  await page.tab.evaluate(() => (globalThis.behind = 0));
  // Nobody answered the server's pings.
  sockets[0].close({ code: 4408, reason: "silent" });
  await until("it has asked to go on", () => welcomes.length === 2);
  assert.ok(hellos[1].cursor && cursors.includes(hellos[1].cursor), "from where it was");
  assert.equal(welcomes[1].resume, "reset", "and that was refused");
  await until("it says how long it was away", async () => (await page.told("caught-up")).some((text) => /^Caught up, [\d,]+ updates?\s+You were away 1 h$/.test(text)));
  const living = async () => (await server.get("/couriers?limit=200")).items.map((item) => item.courier).sort();
  await until(async () => `the couriers are the server's: ${await couriers()}`, async () => (await couriers()).join() === (await living()).join());
  assert.ok((await living()).includes("c-present") && !(await living()).includes("c-ghost"));
  await until("nobody else is drawn", async () => (await page.drawn()) <= (await living()).length);
  await until("positions are young", () => page.young());
  await page.$("#tab-deliveries").click();
  await until("the deliveries are as many as the server's", async () => {
    const [tab, { items }] = await Promise.all([page.text("#tab-deliveries"), server.get("/deliveries/live")]);
    return Number(/\d+/.exec(tab)) === items.length;
  });
  await page.$("#search").fill("order-now");
  await until("with the one that began meanwhile", async () => (await references()).join() === "order-now");
  await page.$("#search").fill("c-ghost");
  await until("and without the forgotten ones", () => page.$("[data-state=no-match]").isVisible());
  await until("the clock is right again", async () => (await page.$("[data-device-clock]").count()) === 0);
  await page.shot("slept-an-hour");
  await page.close();
});
