// Bad luck that no server has caused: a graphics card that is taken away, the line where the date changes, a clock that is
// wrong, a network that is another one, a store that is away.

import assert from "node:assert/strict";
import { test } from "node:test";

import { course, pulse } from "./eye.mjs";
import { around, DESKTOP, Page, until } from "./harness.mjs";
import { reads } from "./wait.mjs";

let server;
let browser;
around({ demo: 8 }, (world) => ({ server, browser } = world));

/** The canvas of the ground, the one of the couriers, and both: what a card that is taken away leaves is not always the same. */
const CARDS = { ground: ".map-pane .maplibregl-canvas", couriers: ".map-pane > canvas", both: ".map-pane canvas" };

test("a graphics card that is taken away is told; the list goes on, and the map comes back", async () => {
  const page = await Page.open(browser, server, "", { viewport: DESKTOP });
  page.allow(/CONTEXT_LOST|context (was )?lost/i);
  await page.ready();
  await page.streets();
  for (const [card, selector] of Object.entries(CARDS)) {
    await page.tab.evaluate((selector) => {
      const cards = [...document.querySelectorAll(selector)].map((canvas) => canvas.getContext("webgl2").getExtension("WEBGL_lose_context"));
      globalThis.giveBack = () => cards.forEach((card) => card.restoreContext());
      cards.forEach((card) => card.loseContext());
    }, selector);
    await until(`${card}: it says so`, async () => (await page.text(".notice-page")) === "The map cannot be drawn: the graphics card was taken away. The list goes on.");
    if (card !== "couriers") await reads(`${card}: the map is none`, () => page.attribute(".map-pane", "data-ready"), "false");
    await page.rows().first().click();
    await until(`${card}: the drawer tells`, async () => /Requested/.test(await page.text("#drawer ol")));
    await page.shot(`card-lost-${card}`);
    await page.press("Escape", "Escape");
    await until(`${card}: positions stay young`, () => page.young());

    await page.tab.evaluate(() => globalThis.giveBack());
    await until(`${card}: nothing is told any more`, async () => (await page.$(".notice-page").count()) === 0);
    await until(`${card}: the map is ready`, async () => (await page.attribute(".map-pane", "data-ready")) === "true");
    await page.streets();
    // Blue is on delivery, and on the map nothing else is: couriers are drawn again, and not only the ground. List and legend,
    // which are blue, too, are left out of the picture.
    await page.press("0");
    await page.draws(8);
    const { x, y, width, height } = await page.$(".map-pane").boundingBox();
    const map = { x: x + 20, y: y + 20, width: width - 100, height: height - 180 };
    await page.shows(`${card}: their arrows are on the map`, [0x1b5fdb], [0.0003], map);
  }
  await page.shot("card-back");
  await page.close();
});

/** An encoded polyline of precision 6. */
function polyline(places) {
  let [text, before] = ["", [0, 0]];
  for (const place of places) {
    const now = place.map((degrees) => Math.round(degrees * 1e6));
    for (const [i, number] of now.entries()) {
      let left = number - before[i];
      left = left < 0 ? ~(left << 1) : left << 1;
      for (; left >= 32; left >>>= 5) text += String.fromCharCode((32 | (left & 31)) + 63);
      text += String.fromCharCode(left + 63);
    }
    before = now;
  }
  return text;
}

test("over the line where the date changes a courier drives on, and both sides are shown", async () => {
  const [lat, edge] = [-16.5, 0.006];
  const page = await Page.open(browser, server, `?at=${lat},179.9999,15&sel=c-date-line&drawer=0`, { viewport: DESKTOP, watch: pulse });
  // It is looked for before it has set off.
  page.allow(/404 \(Not Found\).*c-date-line/);
  await until("the page is live", async () => (await page.connection()) === "live", 60_000);
  // Some 20 s to the line: who is late still sees it on this side.
  const path = polyline([[lat, 180 - 1.6 * edge], [lat, -180 + edge]]);
  const asked = await server.ask("POST", "/deliveries", { courier: "c-date-line", path, speed: 4 });
  assert.equal(asked.status, 202, JSON.stringify(asked.body));
  assert.ok(Math.abs(asked.body.distance_m - 1663) < 7, `by the short way: ${asked.body.distance_m} m`);
  await until("the courier has its card", () => page.callout(), 60_000);
  // The line is in the middle of the map, and the card hangs 30 px beside its courier.
  const line = (await page.$("#stage").boundingBox()).width / 2 + 30;
  const { places, steps } = await course(page, { right: line + 60 });
  const [from, to] = [places[0].x, places.at(-1).x];
  assert.ok(from < line - 60 && to > line + 60, `it drove eastwards over the line at ${line}: from ${from} to ${to}`);
  const wrong = steps.filter(({ dx, paused }) => dx < -2 || dx > Math.max(60, 60 * paused));
  assert.deepEqual(wrong, [], "no slide round the world");
  const ended = await until("it is on the other side", async () => {
    const { lon } = (await server.get("/couriers/c-date-line")).position;
    return lon < -179 && lon;
  });
  await page.shot("date-line");
  // The same from a view whose middle is on the other side, and which has both sides of the line.
  const other = await Page.open(browser, server, `?at=${lat},-179.9999,15&sel=c-date-line&drawer=0`, { viewport: DESKTOP });
  await until("it is seen there, too", () => other.callout(), 60_000);
  const { width } = await other.$("#stage").boundingBox();
  // Metres a pixel at that latitude, from the middle of the map to where it is.
  await until(() => `its card is right of the middle, for ${ended}`, async () => (await other.callout()).x > width / 2);
  await other.close();
  await page.close();
});

for (const minutes of [7, -7]) {
  test(`a clock that is wrong by ${minutes} min is told and changes nothing: the server's is used`, async () => {
    const wrong = (tab) => tab.addInitScript((ms) => {
      const [origin, now] = [performance.timeOrigin, Date.now.bind(Date)];
      Object.defineProperty(Performance.prototype, "timeOrigin", { get: () => origin + ms });
      Date.now = () => now() + ms;
    }, minutes * 60_000);
    const page = await Page.open(browser, server, "", { viewport: DESKTOP, watch: wrong });
    await page.ready();
    assert.ok(Math.abs((await page.tab.evaluate(() => performance.timeOrigin + performance.now())) - Date.now() - minutes * 60_000) < 60_000, "its clock is wrong");
    await until("the clock is the server's", async () => {
      const [h, m, s] = (await page.text(".clock b")).split(":").map(Number);
      const now = new Date(Date.now());
      const zone = Number(new Intl.DateTimeFormat("en-GB", { timeZone: "Europe/Helsinki", hour: "2-digit", hourCycle: "h23" }).format(now));
      const off = (h * 3600 + m * 60 + s) - (zone * 3600 + now.getUTCMinutes() * 60 + now.getUTCSeconds());
      return Math.abs(off) <= 2;
    });
    const device = "device " + (minutes > 0 ? "+" : "\u2212") + "7 min";
    await until("and the page says why it differs", async () => (await page.text("[data-device-clock]")) === device);
    await until("positions are young", () => page.young());
    await until("and so they are drawn", async () => /^\d[\d.,]* m?s$/.test(await page.text("[data-metric=p95]")));
    const { delivery } = await server.deliver(`c-clock${minutes}`, "railway-square-to-market-hall", {});
    await page.tab.goto(`${server.url}/?sel=c-clock${minutes}&delivery=${delivery}`);
    await until("an arrival is told, and it is not long ago", async () => /in (under )?\d+( to \d+)? min/.test(await page.text("#drawer")));
    await page.shot(`clock-wrong${minutes}`);
    await page.close();
  });
}

test("another network: what seems to stand is left at once, and nothing is missed", async () => {
  const sockets = [];
  let dead = 0;
  // A socket of the network before: it is open, and nothing comes or goes but summaries, or its silence would be noticed.
  const watch = (tab) => tab.routeWebSocket(/\/api\/v1\/live/, (socket) => {
    const number = sockets.push(socket);
    const far = socket.connectToServer();
    socket.onMessage((message) => number > dead && far.send(message));
    far.onMessage((message) => (number > dead || /"type":"summary"/.test(message)) && socket.send(message));
  });
  const page = await Page.open(browser, server, "", { viewport: DESKTOP, watch });
  await page.ready();
  assert.equal(sockets.length, 1);
  dead = 1;
  const opened = await page.tab.evaluate(async () => {
    let opened = 0;
    globalThis.WebSocket = new Proxy(WebSocket, {
      construct(target, values) {
        opened += 1;
        return Reflect.construct(target, values);
      },
    });
    dispatchEvent(new Event("offline"));
    dispatchEvent(new Event("online"));
    await new Promise((resolve) => setTimeout(resolve));
    return opened;
  });
  assert.equal(opened, 1, "another connection is begun at once");
  await until("there is another connection", () => sockets.length === 2);
  await until("it is live", async () => (await page.connection()) === "live");
  await until("it says what it missed", async () => (await page.told("caught-up")).some((text) => /^Caught up, [\d,]+ updates?/.test(text)));
  await until("positions come again", async () => Number(await page.text("[data-metric=updates]")) > 0);
  assert.equal(sockets.length, 2);
  await page.close();
});

test("a store that is away takes no more with it than its own", async () => {
  const away = { status: 503, contentType: "application/problem+json", body: JSON.stringify({ type: "/problems/history-unavailable", title: "History is away", status: 503, detail: "the store does not answer" }) };
  const page = await Page.open(browser, server, "", {
    viewport: DESKTOP,
    watch: (tab) => tab.route(/\/api\/v1\/(replay|analytics|deliveries\?|.*\/(trail|audit))/, (route) => route.fulfill(away)),
  });
  page.allow(/503|Service Unavailable/);
  await page.ready();
  await page.$("#start-button").click();
  await page.$('#start-form [data-route="railway-square-to-market-hall"]').click();
  await page.$("#courier-search").fill("c-without-store");
  await page.$('[data-choice="c-without-store"]').click();
  await page.$("#start-go").click();
  await page.$("#start-form").waitFor({ state: "detached" });
  await until("it is on the way", async () => (await server.get("/deliveries/live")).items.some((item) => item.courier === "c-without-store" && item.status === "in_transit"));
  await page.$("#search").fill("c-without-store");
  await page.row("c-without-store").click();
  await until("its story is told", async () => /Started[^]*\d\d:\d\d:\d\d/.test(await page.text("#drawer ol")));
  await page.$("#search").fill("");
  await until("positions stay young", () => page.young());
  await page.$("#figures-button").click();
  await until("the figures say that they are not", async () => /^History is not available/.test(await page.text("[data-figures=fault]")));
  await page.shot("store-away");
  await page.press("Escape");
  await reads("the connection", () => page.connection(), "live");
  await page.close();
});
