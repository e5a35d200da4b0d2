// The figures: every number is the store's, and leads to the deliveries that it counts.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { test } from "node:test";

import { around, DESKTOP, Page, SMALL_PHONE, until } from "./harness.mjs";
import { reads } from "./wait.mjs";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const ROUTE = "railway-square-to-market-hall";

let server;
let browser;
/** What was driven: three in time or late by their promise, one called off. */
let driven;
around({ demo: 0 }, async (world) => {
  ({ server, browser } = world);
  const known = (await server.get("/routes")).items.map((route) => route.route);
  // The second route is any other one that the demo city has.
  const other = known.find((route) => route !== ROUTE);
  const start = (courier, route, more) => server.deliver(courier, route, { speed: 40, ...more });
  const now = Date.now();
  driven = await Promise.all([
    start("c-kept", ROUTE, { reference: "order-kept", promised_at: now + 3_600_000 }),
    start("c-late", ROUTE, { reference: "order-late", promised_at: now + 1_000 }),
    start("c-plain", other, { reference: "order-plain" }),
    start("c-off", ROUTE, { reference: "order-off", speed: 1 }),
  ]);
  const off = await server.ask("POST", `/deliveries/${driven[3].delivery}/cancel`, {});
  assert.equal(off.status, 202, JSON.stringify(off.body));
  driven = await until("all have ended, and the store has it", async () => {
    const { items } = await server.get("/deliveries");
    return items.length === 4 && items.every((item) => ["delivered", "cancelled"].includes(item.status)) && items;
  }, 120_000);
});

async function shown(page) {
  await until("the figures are there", () => page.$("[data-figures=shown]").isVisible(), 60_000);
  return page;
}

const open = async (query = "?figures=24h", options = {}) =>
  shown(await Page.open(browser, server, query, { viewport: DESKTOP, reducedMotion: "reduce", ...options }));

const figure = (page, name) => page.text(`[data-figure=${name}] b`);
/** Waits until exactly these deliveries are listed. */
const lists = async (page, expected) => {
  const listed = () => page.$("#figures-list [data-delivery]").evaluateAll((rows) => rows.map((row) => row.dataset.delivery).sort().join());
  await reads("how many are listed", () => page.text("#figures-listed"), `All ${expected.length}`);
  await reads("which are listed", listed, expected.join());
};
const ids = (items) => items.map((item) => item.delivery).sort();
const by = (...couriers) => driven.filter((item) => couriers.includes(item.courier));

/** Milliseconds as the page writes a length of time. */
function length(ms) {
  if (Math.round(ms) > 0 && Math.round(ms) < 1000) return "under 1 s";
  const s = Math.floor(Math.round(ms) / 1000);
  if (s < 60) return `${s} s`;
  return s % 60 ? `${Math.floor(s / 60)} min ${s % 60} s` : `${s / 60} min`;
}

/** The last day as the endpoint tells it: all of it, or one route. */
async function sums(route) {
  const answer = await server.get(`/analytics/deliveries?bucket=day${route ? "&by=route" : ""}`);
  const rows = answer.rows.filter((row) => row.key === (route ?? ""));
  const all = (of) => rows.reduce((sum, row) => sum + of(row), 0);
  const [count, delivered, promised, predicted] = ["count", "delivered", "promised", "predicted"].map((name) => all((row) => row[name]));
  return {
    count, delivered, promised, predicted,
    kept: Math.round(all((row) => row.promised * (row.on_time ?? 0))),
    mean_s: all((row) => row.delivered * (row.mean_s ?? 0)) / delivered,
    eta_error_s: predicted ? all((row) => row.predicted * (row.mean_eta_error_s ?? 0)) / predicted : null,
  };
}

test("every number is the endpoint's, and leads to the deliveries that it counts", async () => {
  const told = await sums();
  assert.deepEqual([told.count, told.delivered, told.promised, told.kept], [4, 3, 2, 1], JSON.stringify(told));
  const page = await Page.open(browser, server, "", { viewport: DESKTOP });
  await until("it is live", async () => (await page.connection()) === "live", 60_000);
  await page.$("#figures-button").click();
  await shown(page);
  await until("the address says so", () => page.query().has("figures"));
  await reads("how many they are", () => figure(page, "count"), "4");
  assert.equal(await figure(page, "delivered"), "3");
  assert.equal(await figure(page, "on-time"), "50 %");
  assert.match(await page.text("[data-figure=on-time]"), /1 late of 2 promised/);
  assert.equal(await figure(page, "duration"), length(told.mean_s * 1000));
  assert.equal(await figure(page, "eta-error"), told.predicted ? length(told.eta_error_s * 1000) : "–");
  // The columns: one of this hour, or two where the hour changed meanwhile.
  const says = await page.$("[data-chart=by-time] rect title").allTextContents();
  assert.equal(says.length, 24);
  const counted = says.map((text) => /: deliveries (\d+), late (\d+)/.exec(text)).filter((found) => Number(found[1]) > 0);
  assert.equal(counted.reduce((sum, found) => sum + Number(found[1]), 0), 4);
  assert.equal(counted.reduce((sum, found) => sum + Number(found[2]), 0), 1);
  await page.shot("analytics-light");

  await page.$("[data-figure=count] button").click();
  await lists(page, ids(driven));
  await page.$("#figures-back").click();
  await page.$("[data-figure=on-time] b button").click();
  await lists(page, ids(by("c-kept")));
  await page.$("#figures-back").click();
  await page.$("[data-figure=on-time] .small button").click();
  await lists(page, ids(by("c-late")));
  assert.match(await page.text("#figures-list"), /order-late[^]* s late/);
  await until("the address says which list", () => /late/.test(page.query().get("figures")));
  await page.shot("analytics-list");

  // The list is in the address.
  await page.tab.reload();
  await lists(page, ids(by("c-late")));
  await page.$("#figures-back").click();
  await shown(page);
  await page.$("[data-figure=duration] button").click();
  await lists(page, ids(by("c-kept", "c-late", "c-plain")));
  await page.close();
});

test("a column and a route lead to their deliveries; from there to the story and its replay", async () => {
  const page = await open();
  const routes = await Promise.all([...new Set(driven.map((item) => item.route))].map(async (route) => [route, (await sums(route)).mean_s]));
  const bars = await page.$("[data-chart=durations] [data-route]").evaluateAll((bars) => bars.map((bar) => [bar.dataset.route, bar.querySelector("b").textContent]));
  const expected = routes.sort((a, b) => b[1] - a[1]).map(([route, seconds]) => [route, length(seconds * 1000)]);
  // Of two that take as long either may be first.
  assert.deepEqual(bars.sort(), expected.sort());
  await page.$(`[data-chart=durations] [data-route="${ROUTE}"]`).click();
  await lists(page, ids(by("c-kept", "c-late")));
  await page.press("Escape");
  await shown(page);
  // All of an hour at once.
  await page.$("[data-chart=by-time] rect:not(.none)").last().click();
  const [from, to] = await until("the address has the hour", () => /at:(\d+)-(\d+)/.exec(page.query().get("figures") ?? "")?.slice(1).map(Number));
  assert.equal(to - from, 3_600_000 - 1);
  await lists(page, ids(driven.filter((item) => item.requested_at >= from && item.requested_at <= to)));

  const { delivery } = by("c-kept")[0];
  await page.$(`#figures-list [data-delivery="${delivery}"]`).click();
  await until("its story is told", async () => /order-kept/.test(await page.text("#drawer .sub")));
  assert.ok(await page.$("#figures-list").isVisible(), "the list stays beside it");
  await page.shot("analytics-story");
  await until("it can be replayed", () => page.$("#replay").isEnabled());
  await page.$("#replay").click();
  await until("the past is shown, and the map is free", async () => (await page.connection()) === "replay" && (await page.$("#figures").count()) === 0);
  await page.close();
});

test("tables say the same, and the span is chosen", async () => {
  const page = await open("?figures=24h.table");
  const cells = (id, row) => page.$(`#${id} tbody tr`).nth(row).locator("th, td").allInnerTexts();
  const told = await sums();
  const times = await page.$("#table-time tbody tr").count();
  assert.ok(times >= 1 && times <= 2);
  const most = await sums(ROUTE);
  const [, count, delivered, share, late, duration] = await cells("table-routes", 0);
  assert.deepEqual([count, delivered, share, late, duration], [String(most.count), String(most.delivered), "50 %", String(most.promised - most.kept), length(most.mean_s * 1000)]);
  await page.$("#table-routes tbody tr").nth(0).locator("button").nth(3).click();
  await lists(page, ids(by("c-late")));
  await page.press("Escape");
  for (const [span, bars] of [["1h", 12], ["7d", 28], ["30d", 30]]) {
    await page.$(`[data-span="${span}"]`).click();
    await until(`${span} is asked for`, () => page.query().get("figures") === `${span}.table`);
    await shown(page);
    await reads("how many they are", () => figure(page, "count"), String(told.count));
    await page.$("#figures-table").click();
    await until("it is drawn", async () => (await page.$("[data-chart=by-time] rect").count()) === bars);
    await page.$("#figures-table").click();
    await page.$("#table-time").waitFor();
  }
  await page.press("Escape");
  await page.$("#figures").waitFor({ state: "detached" });
  await until("the address forgets it", () => !page.query().has("figures"));
  await page.press("a");
  await shown(page);
  await page.close();
});

test("dark, and on a small phone", async () => {
  const dark = await open("?figures=24h", { colorScheme: "dark" });
  await dark.shot("analytics-dark");
  await dark.close();
  const page = await open("?figures=24h", { viewport: SMALL_PHONE, hasTouch: true, isMobile: true, deviceScaleFactor: 2 });
  await page.fitsItsWidth("figures on a phone");
  await page.shot("analytics-phone");
  const small = await page.$("#figures button:visible").evaluateAll((buttons) => buttons
    .filter((button) => !button.matches(".link"))
    .map((button) => [button.textContent.trim() || button.id, button.getBoundingClientRect()])
    .filter(([, box]) => box.height < 35.5 || box.width < 43.5)
    .map(([name, box]) => `${name}: ${Math.round(box.width)} x ${Math.round(box.height)}`));
  assert.deepEqual(small, [], "a finger needs room");
  await page.$("[data-figure=count] button").tap();
  await lists(page, ids(driven));
  await page.fitsItsWidth("the list on a phone");
  await page.$("#figures-list [data-delivery]").first().tap();
  await until("its story is told", async () => /order-/.test(await page.text("#drawer .sub")));
  await page.shot("analytics-phone-list");
  await page.$("#figures-table").waitFor();
  await page.close();
  const table = await open("?figures=24h.table", { viewport: SMALL_PHONE, hasTouch: true, isMobile: true });
  await table.fitsItsWidth("tables on a phone");
  await table.close();
});

test("without deliveries it says so; without history, too, and asks again", async () => {
  const none = { rows: [], more: false, through: Date.now() };
  const page = await Page.open(browser, server, "?figures=7d", { viewport: DESKTOP, watch: (tab) => tab.route("**/api/v1/analytics/**", (route) => route.fulfill({ json: none })) });
  await until("it says so", async () => /^No deliveries in the last 7 days/.test(await page.text("[data-figures=empty]")));
  await page.shot("analytics-empty");
  await page.close();

  const away = { status: 503, contentType: "application/problem+json", body: JSON.stringify({ type: "/problems/history-unavailable", title: "History is away", status: 503, detail: "the store does not answer" }) };
  const without = await Page.open(browser, server, "?figures=24h", { viewport: DESKTOP, watch: (tab) => tab.route("**/api/v1/analytics/**", (route) => route.fulfill(away)) });
  without.allow(/503|Service Unavailable/);
  await until("it says so", async () => /^History is not available/.test(await without.text("[data-figures=fault]")));
  await until("nothing is loading", async () => (await without.$("[data-figures=loading]").count()) === 0);
  await until("live goes on", async () => (await without.connection()) === "live");
  await without.shot("analytics-away");
  await without.tab.unroute("**/api/v1/analytics/**");
  await without.$("#figures-again").click();
  await shown(without);
  await reads("how many they are", () => figure(without, "count"), "4");
  await without.close();
});

test("axe finds no serious barrier in drawings, tables and lists", async () => {
  for (const options of [{}, { colorScheme: "dark" }, { viewport: SMALL_PHONE, hasTouch: true, isMobile: true }]) {
    for (const query of ["?figures=24h", "?figures=24h.table", "?figures=24h.all"]) {
      const page = await Page.open(browser, server, query, { viewport: DESKTOP, reducedMotion: "reduce", ...options });
      await until("it is there", () => page.$("[data-figures=shown], #figures-list").first().isVisible(), 60_000);
      await page.tab.evaluate(AXE);
      const { violations } = await page.tab.evaluate(() => globalThis.axe.run(document, { resultTypes: ["violations"] }));
      const serious = violations.filter(({ impact }) => impact === "serious" || impact === "critical");
      assert.deepEqual(serious.map(({ id, nodes }) => `${id}: ${nodes[0].html.slice(0, 160)} ${nodes[0].failureSummary}`), [], `${query} ${JSON.stringify(options)}`);
      await page.close();
    }
  }
});
