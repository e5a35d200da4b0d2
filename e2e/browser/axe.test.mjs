// What a machine can find of barriers, in every state of the page: axe-core's serious and critical ones, none of which may be.

import { test } from "node:test";

import { check } from "./axe.mjs";
import { around, DESKTOP, Page, SMALL_PHONE, until } from "./harness.mjs";

let server;
let browser;
around({ demo: 4 }, (world) => ({ server, browser } = world));

/** Without what fades in: half-way its contrast is no fault. */
const still = { reducedMotion: "reduce" };

for (const [name, options] of [
  ["by day", { viewport: DESKTOP }],
  ["by night", { viewport: DESKTOP, colorScheme: "dark" }],
  ["on a phone", { viewport: SMALL_PHONE, hasTouch: true, isMobile: true }],
]) {
  test(`no state has a serious barrier, ${name}`, async () => {
    const page = await Page.open(browser, server, "", { ...still, ...options });
    await page.ready();
    await check(page, "live");
    await page.rows().first().click();
    await until("the drawer tells of it", async () => (await page.text("#drawer h2")).length > 0);
    await check(page, "selected");
    await page.press("Escape", "Escape");
    await page.$("#start-button").click();
    await until("routes are offered", async () => (await page.$("#start-form [data-route]").count()) >= 24);
    await check(page, "start form");
    await page.press("Escape");
    await page.press("?");
    await page.$("[role=dialog]").waitFor();
    await check(page, "keys");
    await page.press("Escape");
    await page.press("/");
    await page.tab.keyboard.type("nobody of that name");
    await until("the list is empty", async () => (await page.rows().count()) === 0);
    await check(page, "no match");
    await page.close();
  });
}

for (const [name, options] of [["by day", {}], ["by night", { colorScheme: "dark" }], ["on a phone", { viewport: SMALL_PHONE, hasTouch: true, isMobile: true }]]) {
  test(`nor has the past, ${name}`, async () => {
    const at = await until("something is past, and stored", async () => {
      const { through } = await server.get("/deliveries?limit=1");
      const found = await server.get(`/analytics/deliveries?to=${through}`);
      return Date.now() - through < 30_000 && found.rows.length > 0 && through - 15_000;
    }, 60_000);
    const page = await Page.open(browser, server, `?t=${at}`, { ...still, viewport: DESKTOP, ...options });
    await until("the past is shown", async () => (await page.connection()) === "replay" && (await page.attribute("[data-past]", "data-past")) === "shown", 60_000);
    await until("its list is there", async () => (await page.$(".row[data-courier]:visible, .hollow:visible").count()) > 0);
    await check(page, "past");
    const away = { status: 503, contentType: "application/problem+json", body: JSON.stringify({ type: "/problems/history-unavailable", title: "History is away", status: 503, detail: "the store does not answer" }) };
    page.allow(/503|Service Unavailable/);
    await page.context.route("**/api/v1/replay?*", (route) => route.fulfill(away));
    await page.tab.goto(`${server.url}/?t=${at - 60_000}`);
    await page.$("[data-banner=history]").waitFor();
    await check(page, "past without history");
    await page.close();
  });
}

test("nor has a page whose server is away", async () => {
  const page = await Page.open(browser, server, "", { ...still, viewport: DESKTOP });
  await page.ready();
  page.allow(/Failed to fetch|ERR_CONNECTION_REFUSED|ERR_CONNECTION_RESET|ERR_EMPTY_RESPONSE|ERR_INCOMPLETE_CHUNKED|WebSocket connection to .* failed/);
  await server.kill();
  await until("the banner is there", () => page.$("[data-banner=connection]").isVisible(), 60_000);
  await check(page, "disconnected");
  await server.restart();
  await until("it is live", async () => (await page.connection()) === "live", 60_000);
  await page.close();
});

test("nor has the customer's page", async () => {
  const { delivery } = await server.deliver("c-customer", "railway-square-to-market-hall");
  const { body } = await server.ask("POST", `/deliveries/${delivery}/link`, undefined);
  const page = await Page.open(browser, server, new URL(body.url).pathname.slice(1) + new URL(body.url).hash, { ...still, viewport: SMALL_PHONE });
  await until("it tells of the delivery", async () => (await page.text("main")).length > 40, 60_000);
  await check(page, "customer");
  await page.close();
});
