// The customer's page: one delivery by a link, on a phone, with and without a map, until its end and beyond. Everything that
// the server says on its sockets is kept and looked through: nothing of anybody else may be in it.

import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";

import { around, browse, Page, PHONE, secret, SMALL_PHONE, until } from "./harness.mjs";
import { reads } from "./wait.mjs";

const ROUTE = "railway-square-to-market-hall";
const KEY = "a key of the browser tests, long enough";
const MINUTE = 60_000;

let server;
let browser;
const dir = mkdtempSync(join(tmpdir(), "code-delivery-key-"));
const file = join(dir, "secret");
writeFileSync(file, `${KEY}\n`);
around({ demo: 4, flags: ["--auth-secret-file", file, "--auth-open", "yes"] }, (world) => ({ server, browser } = world));
after(() => rmSync(dir, { recursive: true, force: true }));

const part = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");

/** A token with these claims, signed as the server does. */
function signed(claims, key = KEY) {
  const message = `${part({ typ: "JWT", alg: "HS256" })}.${part(claims)}`;
  const made = `${message}.${createHmac("sha256", key).update(message).digest("base64url")}`;
  secret("token", made);
  return made;
}

async function link(delivery) {
  const { status, body } = await server.ask("POST", `/deliveries/${delivery.delivery}/link`, {});
  assert.equal(status, 201, JSON.stringify(body));
  assert.ok(body.url.startsWith(`${server.url}/track#`), body.url);
  secret("link", body.url.split("#")[1]);
  return body;
}

/** Opens the customer's page on a phone. `heard` gathers all that sockets say, `asked` all that is fetched. */
async function open(url, { size = PHONE, by = browser, ...options } = {}) {
  const [heard, asked] = [[], []];
  const watch = (tab) => {
    tab.on("websocket", (socket) => socket.on("framereceived", ({ payload }) => heard.push(payload)));
    tab.on("request", (request) => asked.push(new URL(request.url()).pathname));
  };
  const query = url.slice(`${server.url}/`.length);
  const page = await Page.open(by, server, query, { viewport: size, hasTouch: true, isMobile: true, deviceScaleFactor: 1, watch, ...options });
  return Object.assign(page, { heard, asked });
}

const state = (page) => page.attribute("#track", "data-state");
const connection = (page) => page.attribute("#track", "data-connection");

async function isUnderWay(page) {
  await until("it is under way", async () => (await state(page)) === "in_transit");
  await until("the position has an age", async () => /\d+ s/.test(await page.text("#age")));
}

async function isDrawn(page) {
  await until("the map is drawn", async () => (await page.attribute("#where", "data-ready")) === "true");
}

/** The page fits its window, and what a finger must hit is large enough. */
async function fits(page, what) {
  const [wide, window] = await page.tab.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
  assert.ok(wide <= window, `${what}: ${wide} px wide in a window of ${window} px`);
  const beyond = await page.tab.evaluate(() => [...document.querySelectorAll(".told *, .pill, #fit, #credit")]
    .filter((element) => element.getClientRects().length && element.getBoundingClientRect().right > innerWidth + 1)
    .map((element) => `${element.tagName} ${element.textContent.slice(0, 40)}`));
  assert.deepEqual(beyond, [], what);
}

/** Nothing but this delivery, and of that only what a customer may know. */
function saysOnly(page, id) {
  assert.ok(page.heard.length > 0, "nothing was said");
  for (const text of page.heard) {
    assert.equal(typeof text, "string", "a frame of positions");
    const message = JSON.parse(text);
    assert.ok(["welcome", "delivery", "pong"].includes(message.type), text);
    if (message.type !== "delivery") continue;
    const { delivery, position } = message;
    assert.equal(delivery.delivery, id);
    for (const hidden of ["reference", "requested_by", "reason", "positions"]) assert.equal(delivery[hidden], null, hidden);
    if (!position) continue;
    assert.ok(position.at >= delivery.started_at, "before the start");
    assert.ok(!delivery.finished_at || position.at <= delivery.finished_at, "after the end");
  }
}

test("a live link on a phone: the words first, then the map; nothing of anybody else", async () => {
  const promised_at = Date.now() + 12 * MINUTE;
  const delivery = await server.deliver("aino-korhonen", ROUTE, { reference: "order-991", promised_at });
  const { url, expires_at, notice } = await link(delivery);
  assert.ok(expires_at > Date.now() + 24 * 60 * MINUTE && /CD_PUBLIC_URL/.test(notice), notice);
  const page = await open(url);
  await isUnderWay(page);
  await reads("the range", () => page.text("h1"), /^\d\d:\d\d( – \d\d:\d\d)?$/);
  await reads("what it is", () => page.text("#lead"), /^Arriving (in \d+( to \d+)? min|now)$/);
  await reads("who comes", () => page.text("#sentence"), /^Aino is on the way\. Promised by \d\d:\d\d\.$/);
  await reads("the way", () => page.text("#steps"), /\d+ m of [\d.]+ km/);
  const steps = (await page.text("#steps")).split("\n").map((line) => line.trim()).filter(Boolean);
  for (const word of ["Order received", "Picked up", "Railway Square", "On the way", "now", "At your door", "Market Hall"]) {
    assert.ok(steps.includes(word), `${word} in ${steps}`);
  }
  await isDrawn(page);
  assert.ok(!page.asked.some((path) => /\.wasm$|^\/app\//.test(path)), "the dispatchers' page is not fetched");
  const at = (path) => page.asked.indexOf(path);
  assert.ok(at("/track/track.js") < at("/track/map.js") && at("/track/map.js") < at("/vendor/maplibre-gl.mjs"), page.asked.join());
  const before = await page.attribute("#where", "data-courier");
  await until("the courier moves", async () => (await page.attribute("#where", "data-courier")) !== before);
  await until("both are in sight", () => page.tab.evaluate(() => {
    const frame = document.getElementById("where").getBoundingClientRect();
    return [...document.querySelectorAll(".mark")].every((mark) => {
      const { x, y } = mark.getBoundingClientRect();
      return !mark.hidden && x > frame.left && x < frame.right && y > frame.top && y < frame.bottom;
    });
  }));
  await page.streets();
  await fits(page, "live");
  await page.shot("track-live");
  const fit = await page.$("#fit").boundingBox();
  assert.ok(fit.width >= 44 && fit.height >= 44);
  await page.$("#fit").tap();
  saysOnly(page, delivery.delivery);
  const all = page.heard.join("");
  for (const hidden of ["order-991", "korhonen", "demo", "dispatcher"]) assert.ok(!all.includes(hidden), hidden);
  for (const { courier } of (await server.get("/couriers")).items.filter(({ courier }) => courier !== "aino-korhonen")) {
    assert.ok(!all.includes(courier), courier);
  }
  await page.close();
});

test("dark, in Portuguese, in 360 px, with still markers", async () => {
  const delivery = await server.deliver("bruno", ROUTE, { promised_at: Date.now() + 9 * MINUTE });
  const { url } = await link(delivery);
  const page = await open(url, { size: SMALL_PHONE, colorScheme: "dark", locale: "pt-BR", reducedMotion: "reduce" });
  await isUnderWay(page);
  await reads("what it is", () => page.text("#lead"), /^Chega(ndo agora| em \d+( a \d+)? min)$/);
  await reads("who comes", () => page.text("#sentence"), /^Bruno está a caminho\. Prometido até \d\d:\d\d\.$/);
  await reads("how old it is", () => page.text("#age"), /^Posição há \d+ s$/);
  assert.equal(await page.attribute("html", "lang"), "pt-BR");
  assert.equal(await page.attribute("html", "data-theme"), "dark");
  await isDrawn(page);
  await page.streets(true);
  await fits(page, "dark");
  await page.shot("track-dark-pt");
  await page.close();
});

test("late says so, with the new range", async () => {
  const delivery = await server.deliver("lee-late", ROUTE, { promised_at: Date.now() + MINUTE });
  const { url } = await link(delivery);
  const page = await open(url);
  await isUnderWay(page);
  await until("it is late", async () => /is late: promised by/.test(await page.text("#sentence")));
  await isDrawn(page);
  await page.streets();
  await page.shot("track-late");
  await page.close();
});

test("without WebGL it is a plain list, and no map is fetched", async () => {
  const plain = await browse({ webgl: false });
  try {
    const { url } = await link(await server.deliver("plain-pia", ROUTE));
    const page = await open(url, { by: plain, size: SMALL_PHONE });
    await isUnderWay(page);
    assert.ok(await page.$("#age").isVisible());
    assert.ok(!(await page.$("#map").isVisible()) && !(await page.$("#fit").isVisible()));
    const done = () => page.text("#steps .now small");
    const before = await done();
    await until("it goes on", async () => (await done()) !== before);
    assert.ok(!page.asked.some((path) => path.startsWith("/vendor/") || path.startsWith("/map/") || path === "/track/map.js"), page.asked.join());
    await fits(page, "plain");
    await page.shot("track-plain");
    await page.close();
  } finally {
    await plain.close();
  }
});

test("the end is clear, stays when the page is loaded again, and is told by the store, too", async () => {
  const delivery = await server.deliver("eva-end", ROUTE, { speed: 40, promised_at: Date.now() + 5 * MINUTE });
  const { url } = await link(delivery);
  const page = await open(url);
  const isOver = async () => {
    await until("it is delivered", async () => (await state(page)) === "delivered" && (await connection(page)) === "ended");
    await reads("when", () => page.text("h1"), /^\d\d:\d\d$/);
    await reads("how early", () => page.text("#sentence"), /^\d min before the promised time$/);
    await reads("the facts", () => page.text("#facts"), /Way\s+[\d.]+ k?m\s+Time\s+\d+ s\s+Courier\s+Eva/);
    await reads("until when", () => page.text("#note"), /^Tracking has ended\. This page stays until \d\d:\d\d\.$/);
    await until("where the courier is now is not shown", async () => !(await page.$("#age").isVisible()));
  };
  await isOver();
  await isDrawn(page);
  await until("buildings are drawn", async () => (await page.shares([0xe4e1da]))[0] > 0.02);
  await fits(page, "end");
  await page.shot("track-end");
  saysOnly(page, delivery.delivery);
  await page.tab.reload();
  await isOver();
  // As it is later, when the live state has forgotten the delivery: the socket says no more than that it is over.
  await page.tab.routeWebSocket("**/api/v1/live", (socket) => socket.onMessage(() => socket.close({ code: 4410 })));
  await page.tab.reload();
  await isOver();
  assert.ok(page.asked.includes(`/api/v1/deliveries/${delivery.delivery}`));
  await page.close();
});

test("a delivery that is called off says so", async () => {
  const delivery = await server.deliver("cass", ROUTE);
  const { url } = await link(delivery);
  const page = await open(url);
  await isUnderWay(page);
  await server.ask("POST", `/deliveries/${delivery.delivery}/cancel`, { reason: "between us" });
  await until("it is called off", async () => (await state(page)) === "called_off");
  await reads("the title", () => page.text("h1"), "Cancelled");
  assert.ok(!(await page.tab.content()).includes("between us"));
  saysOnly(page, delivery.delivery);
  await isDrawn(page);
  await page.shot("track-cancelled");
  await page.close();
});

test("links that are over, of another key, or no links at all", async () => {
  const delivery = await server.deliver("stale", ROUTE);
  const claims = { sub: "customer", role: "customer", delivery: delivery.delivery, exp: Math.floor(Date.now() / 1000) + 600 };
  for (const [name, token, expected] of [
    ["expired", signed({ ...claims, exp: claims.exp - 1200 }), "over"],
    ["of another key", signed(claims, "a key that this server has never seen"), "unknown"],
    ["of a delivery that is none", signed({ ...claims, delivery: "019a9e0e-5b00-7c3e-8000-1f2e3d4c5b6a" }), "unknown"],
    ["cut off", signed(claims).slice(0, 40), "unknown"],
    ["nothing", "", "unknown"],
  ]) {
    const page = await open(`${server.url}/track#${token}`);
    page.allow(/status of 404/);
    await until(`the link is ${expected}: ${name}`, async () => (await state(page)) === expected);
    await reads(name, () => page.text("h1"), expected === "over" ? "This link has ended" : "This link does not work");
    assert.ok(!(await page.$("#where").isVisible()) && (await page.$("#steps li").count()) === 0);
    assert.ok(page.heard.every((text) => JSON.parse(text).type === "welcome"), name);
    if (name === "expired") await page.shot("track-over");
    if (name === "nothing") await page.shot("track-unknown");
    await page.close();
  }
});

test("the dispatcher's drawer copies a link, and says where it works", async () => {
  await server.deliver("ida", ROUTE);
  const page = await Page.open(browser, server, "", { permissions: ["clipboard-read", "clipboard-write"] });
  await page.ready();
  await until("the courier is listed", () => page.row("ida").isVisible());
  await page.row("ida").click();
  await until("a link is offered", () => page.$("#link").isVisible());
  await page.$("#link").click();
  await until("it is said", async () => /^Link copied\. This link opens on this machine only/.test(await page.text("#link-said")));
  const copied = await page.tab.evaluate(() => navigator.clipboard.readText());
  assert.ok(copied.startsWith(`${server.url}/track#eyJ`), copied);
  await page.shot("drawer-link");
  await page.close();
});

test("a lost server: the last picture stays, says how old it is, and goes on by itself", async () => {
  const delivery = await server.deliver("rhea", ROUTE);
  const { url } = await link(delivery);
  const page = await open(url);
  page.allow(/WebSocket connection to .* failed/, /ERR_CONNECTION_REFUSED/);
  await isUnderWay(page);
  await isDrawn(page);
  await page.streets();
  await server.kill();
  await until("it says so", async () => (await connection(page)) === "reconnecting");
  await reads("the banner", () => page.text("#banner"), /^Reconnecting, showing \d\d:\d\d:\d\d$/);
  assert.match(await page.text("h1"), /\d\d:\d\d/);
  await page.shot("track-reconnecting");
  await server.restart();
  await until("it is live again", async () => (await connection(page)) === "live", 60_000);
  await until("the banner is gone", async () => !(await page.$("#banner").isVisible()));
  await isUnderWay(page);
  await page.close();
});
