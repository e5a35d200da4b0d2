// What outlives the page: it opens without a network, can be installed, and tells of a newer one.

import assert from "node:assert/strict";
import { test } from "node:test";

import { around, DESKTOP, Page, until } from "./harness.mjs";
import { reads } from "./wait.mjs";

const AWAY = /ERR_CONNECTION_REFUSED|ERR_CONNECTION_RESET|ERR_EMPTY_RESPONSE|ERR_INCOMPLETE_CHUNKED|ERR_FAILED|WebSocket connection to .* failed|Failed to fetch/;

let server;
let browser;
around({ demo: 6 }, (world) => ({ server, browser } = world));

/** Until the worker has all files; gives their paths. */
function keptFiles(page) {
  return until("the worker keeps the page", () => page.tab.evaluate(async () => {
    const { active } = await navigator.serviceWorker.ready;
    const names = (await caches.keys()).filter((name) => name.startsWith("page-"));
    if (active.state !== "activated" || names.length !== 1) return null;
    return (await (await caches.open(names[0])).keys()).map(({ url }) => new URL(url).pathname);
  }));
}

test("a page that is opened without a network shows the last known state and says so", async () => {
  const page = await Page.open(browser, server, "", { viewport: DESKTOP, serviceWorkers: "allow" });
  await page.ready();
  await page.draws(6);
  const files = await keptFiles(page);
  for (const file of ["/", "/theme.js", "/map/city.geojson", "/fonts/inter-latin-wght-normal.woff2"]) {
    assert.ok(files.includes(file), `${file} is kept`);
  }
  assert.deepEqual(files.filter((file) => /^\/(api|track)/.test(file)), [], "nothing live, nothing of a customer");
  const names = () => page.rows().evaluateAll((rows) => rows.map((row) => row.dataset.courier).sort());
  await until("all are listed", async () => (await names()).length === 6);
  await until("the address says where the map looks", () => page.query().get("at"));
  await page.rested();
  const [before, at] = [await names(), page.query().get("at")];
  // As when a person goes to another tab.
  await page.tab.evaluate(() => dispatchEvent(new Event("pagehide")));

  page.allow(AWAY);
  await server.kill();
  await page.tab.reload();
  await until("the banner tells what is shown", async () => /Reconnecting, showing \d\d:\d\d:\d\d/.test(await page.text("[data-banner=connection]")), 60_000);
  await reads("the connection", () => page.connection(), "reconnecting");
  await reads("the couriers are where they were", () => page.drawn(), 6);
  await reads("the list has them", async () => (await names()).join(), before.join());
  await page.streets();
  await page.rested();
  assert.equal(page.query().get("at"), at);
  await page.shot("without-network");

  await server.restart();
  // At once or not at all: it may have tried by itself, and what it says then is not there for long.
  await page.button("Try now").click({ timeout: 500 }).catch(() => {});
  await until("it is live again", async () => (await page.connection()) === "live", 60_000);
  await until("and says what it caught up with", async () => (await page.told("caught-up")).length > 0);
  await page.close();
});

test("without anything kept, a page without a server says that there is nothing to show", async () => {
  const page = await Page.open(browser, server, "", { serviceWorkers: "allow" });
  await page.ready();
  await keptFiles(page);
  await page.tab.evaluate(() => localStorage.setItem("cd-kept", "what nobody wrote"));
  page.allow(AWAY);
  // Nothing is written when the page goes: it has no connection by then.
  await server.kill();
  await until("it has noticed", async () => (await page.connection()) === "reconnecting");
  await page.tab.reload();
  await until("the banner is there", async () => /nothing received yet/.test(await page.text("[data-banner=connection]")), 60_000);
  await server.restart();
  await until("it is live", async () => (await page.connection()) === "live", 60_000);
  await page.ready();
  await page.close();
});

test("a server that comes back with a newer page offers it, and the view stays", async () => {
  let looks = 0;
  const watch = (tab) => tab.on("requestfinished", (request) => {
    if (new URL(request.url()).pathname === "/" && !request.isNavigationRequest()) looks += 1;
  });
  const page = await Page.open(browser, server, "?filter=delivery", { viewport: DESKTOP, watch });
  await page.ready();
  page.allow(AWAY);
  // It looks whether there is a newer page when it is connected, and the same page again is no news.
  await until("it has looked", () => looks === 1);
  await server.kill();
  await server.restart();
  await until("it has caught up", async () => (await page.told("caught-up")).length > 0, 60_000);
  await until("it has looked again", () => looks > 1);
  // Who asks after it is answered after it.
  await page.tab.evaluate(async () => (await fetch("/")).text());
  assert.deepEqual(await page.told("new-page"), []);
  await page.dismiss("Caught up");

  await page.findsNewerPage();
  await server.kill();
  await server.restart();
  await until("the newer page is offered", () => page.$("[data-notice=new-page]").isVisible(), 60_000);
  await page.shot("newer-page");
  const [before, moved] = [page.tab.url(), page.tab.waitForEvent("load")];
  await page.$("[data-notice=new-page]").getByRole("button", { name: "Reload" }).click();
  await moved;
  await page.ready();
  assert.equal(new URL(page.tab.url()).search, new URL(before).search);
  await page.close();
});

test("it can be installed: the manifest has no fault, and its icons are what it says", async () => {
  const page = await Page.open(browser, server, "");
  await page.ready();
  const session = await page.context.newCDPSession(page.tab);
  const { url, errors, data } = await session.send("Page.getAppManifest");
  assert.deepEqual(errors, []);
  assert.equal(url, `${server.url}/app.webmanifest`);
  const manifest = JSON.parse(data);
  assert.ok(manifest.icons.some(({ purpose }) => purpose === "maskable"));
  for (const { src, sizes, type } of manifest.icons) {
    const answer = await fetch(server.url + src);
    assert.equal(answer.headers.get("content-type"), type, src);
    if (type !== "image/png") continue;
    const bytes = Buffer.from(await answer.arrayBuffer());
    assert.equal(`${bytes.readUInt32BE(16)}x${bytes.readUInt32BE(20)}`, sizes, src);
  }
  await page.close();
});
