// The live page on a desktop, on one server with twelve demo couriers.

import assert from "node:assert/strict";
import { test } from "node:test";

import { around, DESKTOP, Page, until } from "./harness.mjs";
import { startOf } from "./city.mjs";
import { delivery, frame } from "./feed.mjs";

let server;
let browser;
around({ demo: 12 }, (world) => ({ server, browser } = world));

test("first sight: streets, couriers, list, figures, and nothing to complain about", async () => {
  const page = await Page.open(browser, server, "", { viewport: DESKTOP });
  await page.ready();
  await until("all twelve couriers are drawn", async () => (await page.drawn()) === 12);
  await until("all twelve are listed", async () => (await page.rows().count()) === 12);
  const counts = async () => {
    const numbers = await page.$(".count b").allInnerTexts();
    return numbers.length === 5 && numbers.reduce((sum, number) => sum + Number(number), 0) === 12;
  };
  await until("the five counts make twelve", counts);
  assert.match(await page.text("#tab-couriers"), /12/);
  await until("the latency is known", async () => /^\d[\d.,]* m?s$/.test(await page.text("[data-metric=p95]")));
  await until("updates come", async () => Number(await page.text("[data-metric=updates]")) > 0);
  assert.match(await page.text(".clock b"), /^\d\d:\d\d:\d\d$/);
  assert.match(await page.text(".conn"), /^Live$/);
  assert.match(await page.text(".attr"), /OpenStreetMap/);
  assert.match(await page.text(".measure"), /\d+ k?m/);
  assert.equal(await page.$("[data-banner], .toast").count(), 0);
  await page.streets();
  await page.shot("first-sight");
  await page.close();
});

test("couriers move on, and not by jumps", async () => {
  const route = "railway-square-to-market-hall";
  const start = await startOf(server, route);
  await server.deliver("c-moving", route);
  const page = await Page.open(browser, server, `?at=${start.lat},${start.lon},16.5&sel=c-moving&drawer=0`, { viewport: DESKTOP });
  await page.ready();
  await until("the courier has its card", () => page.callout());
  // Each place that the card hangs at, frame by frame, until it has gone 60 px.
  const { places, seconds, frames } = await page.tab.evaluate(() => new Promise((resolve) => {
    const places = [];
    const began = performance.now();
    let frames = 0;
    const look = () => {
      frames += 1;
      const found = /translate\((-?[\d.]+)px, ?(-?[\d.]+)px\)/.exec(document.querySelector(".callout")?.getAttribute("style") ?? "");
      const [x, y] = found ? [Number(found[1]), Number(found[2])] : [0, 0];
      const last = places.at(-1);
      const seconds = (performance.now() - began) / 1000;
      if (found && (!last || last.x !== x || last.y !== y)) places.push({ x, y, seconds });
      const gone = places.length > 0 && Math.hypot(x - places[0].x, y - places[0].y) > 60;
      if (gone || seconds > 30) resolve({ places, seconds, frames });
      else requestAnimationFrame(look);
    };
    look();
  }));
  const [first, last] = [places[0], places.at(-1)];
  assert.ok(Math.hypot(last.x - first.x, last.y - first.y) > 60, `it went from ${JSON.stringify(first)} to ${JSON.stringify(last)} only`);
  const steps = places.slice(1).map((spot, i) => Math.hypot(spot.x - places[i].x, spot.y - places[i].y));
  // A fix comes once a second: drawn as they come there would be as many places as seconds. A machine that is busy with other
  // things draws few frames; then each but a few must have moved it.
  const enough = Math.min(2 * seconds, 0.7 * frames);
  assert.ok(steps.length > enough, `drawn at ${places.length} places in ${frames} frames and ${seconds} s: it jumps`);
  // Where a picture comes late, because the machine is busy, it is where it has driven to meanwhile: 33 px are a second at 50 km/h.
  const jumps = steps.filter((px, i) => px > Math.max(40, 60 * (places[i + 1].seconds - places[i].seconds)));
  assert.deepEqual(jumps, [], "it jumps by so many px");
  await page.shot("moving");
  await page.close();
});

test("search, filters and states of the list", async () => {
  const page = await Page.open(browser, server);
  await page.ready();
  const all = Number(/\d+/.exec(await page.text("#tab-couriers"))[0]);
  const somebody = await page.rows().nth(2).getAttribute("data-courier");

  await page.press("/");
  await page.tab.keyboard.type(somebody.slice(0, 6));
  await until("one row is left", async () => (await page.rows().count()) === 1);
  assert.equal(await page.rows().first().getAttribute("data-courier"), somebody);
  assert.match(await page.text("#listed"), /^1 of \d+$/);
  assert.ok((await page.drawn()) >= 12, "the map goes on showing who does not match");

  await page.tab.keyboard.type(" zzz");
  await until("nothing matches", () => page.$("[data-state=no-match]").isVisible());
  assert.match(await page.text("[data-state=no-match]"), /No match for “.+ zzz”[^]*match(es)? without the filter/);
  await page.shot("no-match");
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
  const page = await Page.open(browser, server);
  await page.ready();
  await page.press("+");
  await until("it is nearer", async () => (await page.zoom()) > 15);
  const { x, y, width, height } = await page.$("#stage").boundingBox();
  await page.tab.mouse.move(x + width / 2, y + height / 2);
  await page.tab.mouse.down();
  await page.tab.mouse.move(x + width / 2 - 160, y + height / 2 + 90, { steps: 6 });
  await page.tab.mouse.up();
  const courier = await page.rows().nth(1).getAttribute("data-courier");
  await page.$("#search").fill(courier.split("-")[0]);
  await page.$('[data-count="delivery"]').click();
  await page.row(courier).click();
  await page.$("#theme-button").click();
  await until("it is dark", async () => (await page.attribute("html", "data-theme")) === "dark");
  const settled = async () => {
    const query = page.query();
    const filtered = query.get("q") === courier.split("-")[0] && query.get("state") === "on_delivery";
    return query.get("sel") === courier && filtered && query.get("theme") === "dark" && query.get("at");
  };
  await until("the address is complete", settled);
  let before = "";
  await until("the address is still", async () => {
    const same = before === page.tab.url();
    before = page.tab.url();
    await page.tab.evaluate(() => new Promise((resolve) => setTimeout(resolve, 600)));
    return same;
  });
  const at = page.at();

  await page.tab.reload();
  await page.ready();
  await until("the drawer is open again", () => page.$("#drawer").isVisible());
  assert.equal(await page.attribute("html", "data-theme"), "dark");
  assert.equal(await page.$("#search").inputValue(), courier.split("-")[0]);
  assert.equal(await page.attribute('[data-count="delivery"]', "aria-pressed"), "true");
  assert.equal(await page.attribute(`.row[data-courier="${courier}"]`, "aria-selected"), "true");
  await until("the address says the same", settled);
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
  assert.notEqual(await ground(), dark);
  await page.$("#theme-button").click();
  await until("the button's is, too", async () => (await page.attribute("html", "data-theme")) === "dark");
  assert.match(await page.attribute("#theme-button", "aria-label"), /dark/);
  await until("and remembered in the address", async () => page.query().get("theme") === "dark");
  await page.close();
});

test("from afar counts with numbers, from near couriers", async () => {
  const page = await Page.open(browser, server, "", { viewport: DESKTOP });
  await page.ready();
  assert.equal(await page.tier(), "arrows");
  const number = async () => Number(/\d+/.exec(await page.text(".chips .chip"))[0]);
  for (let pressed = 0; (await page.zoom()) >= 12; pressed += 1) {
    assert.ok(pressed < 8, "it does not go away");
    const zoom = await page.zoom();
    await page.press("-");
    await until("it is further", async () => (await page.zoom()) < zoom - 0.9);
  }
  await until("counts are shown", async () => (await page.tier()) === "counts");
  await until("no courier is drawn alone", async () => (await page.drawn()) === 0);
  const all = Number(/\d+/.exec(await page.text("#tab-couriers"))[0]);
  await until("the numbers make all", async () => (await number()) === all);
  assert.match(await page.text(".legend"), /Couriers in the cell/);
  assert.ok((await page.rows().count()) >= 12, "the list goes on");
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
  const longest = await page.tab.evaluate(() => globalThis.longest);
  assert.ok(longest > 5_000, `it stood still for ${longest} ms only`);
  await until("it has the courier that came", async () => (await page.row("c-while-asleep").count()) === 1);
  await page.$("#tab-deliveries").click();
  await page.$("#search").fill("order-asleep");
  await until("and the end of the delivery", async () => /Delivered by/.test(await page.text(`.row[data-delivery="${delivery}"]`)));
  const drawn = await page.drawn();
  assert.ok(drawn >= 12, `${drawn} couriers are drawn`);
  await page.close();
});

const HOUR_MS = 3_600_000;

/** A message of the server as it would have been an hour ago. */
function hourAgo(message) {
  if (typeof message !== "string") {
    const bytes = Buffer.from(message);
    bytes.writeBigUInt64LE(bytes.readBigUInt64LE(8) - BigInt(HOUR_MS), 8);
    return bytes;
  }
  const said = JSON.parse(message);
  if (said.now) said.now -= HOUR_MS;
  return JSON.stringify(said);
}

/** The same place in another log: what a restarted broker, or one that has forgotten, makes of a cursor. */
function ofAnotherLog(cursor) {
  const bytes = Buffer.from(cursor, "base64url");
  bytes[0] ^= 0xff;
  return bytes.toString("base64url");
}

test("a tab that slept for an hour is refused what it missed, and shows the present", async () => {
  const [sockets, hellos, welcomes] = [[], [], []];
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
        socket.send(first ? hourAgo(message) : message);
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
  sockets[0].send(hourAgo(frame(2, 1, [ghost], true)));
  const references = () => page.$(".row[data-delivery]:visible .n span:first-child").allInnerTexts();
  const couriers = () => page.rows().evaluateAll((rows) => rows.map((row) => row.dataset.courier).sort());
  await page.$("#search").fill("c-ghost");
  await until("both deliveries are listed", async () => (await references()).sort().join() === "order-done,order-gone");
  await page.$("#search").fill("");
  await page.$("#tab-couriers").click();
  await until("the courier is, too", async () => (await couriers()).includes("c-ghost"));
  await until("and drawn", async () => (await page.drawn()) >= 13);

  await server.deliver("c-present", "paasi-hotel-to-strand-hotel", { reference: "order-now" });
  await page.tab.evaluate(() => (globalThis.behind = 0));
  // Nobody answered the server's pings.
  sockets[0].close({ code: 4408, reason: "silent" });
  await until("it has asked to go on", () => welcomes.length === 2);
  assert.equal(hellos[1].cursor, ofAnotherLog(welcomes[0].cursor), "from where it was");
  assert.equal(welcomes[1].resume, "reset", "and that was refused");
  await until("it says how long it was away", async () => /Caught up, [\d,]+ updates?\s+You were away 1 h$/m.test(await page.text("[data-notice=caught-up]")));
  const living = async () => (await server.get("/couriers?limit=200")).items.map((item) => item.courier).sort();
  await until(async () => `the couriers are the server's: ${await couriers()}`, async () => (await couriers()).join() === (await living()).join());
  assert.ok((await couriers()).includes("c-present") && !(await couriers()).includes("c-ghost"));
  assert.ok((await page.drawn()) <= (await living()).length, "nobody else is drawn");
  const ages = () => page.$(".row.delivery[data-courier]:visible .a").allInnerTexts();
  await until("positions are young", async () => (await ages()).length > 0 && (await ages()).every((text) => /^(now|[1-9] s ago)$/.test(text)));
  await page.$("#tab-deliveries").click();
  await until("the deliveries are as many as the server's", async () => {
    const [tab, { items }] = await Promise.all([page.text("#tab-deliveries"), server.get("/deliveries/live")]);
    return Number(/\d+/.exec(tab)) === items.length;
  });
  await page.$("#search").fill("order-now");
  await until("with the one that began meanwhile", async () => (await references()).join() === "order-now");
  await page.$("#search").fill("c-ghost");
  await until("and without the forgotten ones", () => page.$("[data-state=no-match]").isVisible());
  assert.equal(await page.$("[data-device-clock]").count(), 0, "the clock is right again");
  await page.shot("slept-an-hour");
  await page.close();
});
