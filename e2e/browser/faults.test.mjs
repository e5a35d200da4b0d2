// What goes wrong, or is not there yet: no couriers, no server, no graphics, very many couriers.

import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";

import { browse, DESKTOP, Page, Server, until } from "./harness.mjs";
import { feed } from "./feed.mjs";
import { reads } from "./wait.mjs";

let browser;
const servers = [];
const fronts = [];
async function serve(options) {
  const server = await Server.start(options);
  servers.push(server);
  return server;
}
before(async () => {
  browser = await browse();
}, { timeout: 60_000 });
afterEach(async (context) => {
  await Page.closeAll(context);
  fronts.splice(0).forEach((front) => front.close());
  await Promise.all(servers.splice(0).map((server) => server.remove()));
});
after(() => browser?.close(), { timeout: 60_000 });

test("an empty map says why, and its first step puts couriers on it", async () => {
  const server = await serve({ demo: 0 });
  const page = await Page.open(browser, server, "", { viewport: DESKTOP });
  await until("the card offers first steps", () => page.$(".onboard[data-state=empty]").isVisible(), 60_000);
  await reads("the list", () => page.text(".rail .hollow"), /No couriers yet\s+Start a delivery/);
  await reads("the connection", () => page.connection(), "live");
  await page.streets();
  await page.shot("empty");
  await page.button("Start 20").click();
  await page.$(".onboard").waitFor({ state: "detached" });
  await reads("twenty couriers are counted", () => page.text("#tab-couriers"), /20/);
  const underWay = () => page.tab.evaluate(() => ["delivery", "late"].reduce((sum, state) => sum + Number(document.querySelector(`[data-count=${state}] b`).innerText), 0));
  await reads("and on the way", underWay, 20);
  await page.press("0");
  await page.draws(20);
  await page.shot("started-20");
  await page.close();
});

test("a server that is killed leaves the picture; when it is back the page catches up", async () => {
  const server = await serve({ demo: 12 });
  const page = await Page.open(browser, server, "", { viewport: DESKTOP });
  await page.ready();
  await page.draws(12);
  await until("the latency is known", async () => /\d/.test(await page.text("[data-metric=p95]")));
  const names = () => page.rows().evaluateAll((rows) => rows.map((row) => row.dataset.courier).sort());
  // A courier is drawn before the list has it.
  await until("all are listed", async () => (await names()).length === 12);
  const before = await names();

  // From here on the browser itself writes of attempts that fail.
  page.allow(/Failed to fetch|ERR_CONNECTION_REFUSED|ERR_CONNECTION_RESET|ERR_EMPTY_RESPONSE|ERR_INCOMPLETE_CHUNKED|WebSocket connection to .* failed/);
  await server.kill();
  await until("the banner is there", () => page.$("[data-banner=connection]").isVisible());
  await reads("the connection", () => page.connection(), "reconnecting");
  await reads("the banner", () => page.text("[data-banner]"), /^Reconnecting, showing \d\d:\d\d:\d\d/);
  await reads("the sign", () => page.text(".conn"), /Reconnecting/);
  assert.equal(await page.drawn(), 12, "the markers remain");
  assert.deepEqual(await names(), before, "the rows remain");
  await until("nothing can be started", () => page.$("#start-button").isDisabled());
  await reads("the latency", () => page.text("[data-metric=p95]"), "–");
  await reads("the foot", () => page.text(".railfoot"), /As it was at \d\d:\d\d:\d\d\s+Start is paused/);
  await page.rows().nth(1).click();
  await until("the drawer still tells", async () => /Requested/.test(await page.text("#drawer ol")));
  await page.press("Escape", "Escape", "0");
  await reads("ages stand beside the couriers", () => page.text(".row[data-courier]:visible .a"), /^([6-9] s|\d\d s|\d+ min) ago/);
  assert.equal(await page.drawn(), 12, "the markers remain");
  await page.shot("disconnected");

  await server.restart();
  await until("the page is live again", async () => (await page.connection()) === "live", 60_000);
  await until("it says what it missed", async () => (await page.told("caught-up")).some((text) => /^Caught up, [\d,]+ updates?/.test(text)));
  await page.shot("caught-up");
  await until("the banner is gone", async () => (await page.$("[data-banner]").count()) === 0);
  await page.draws(12);
  await until("deliveries can be started", () => page.$("#start-button").isEnabled());
  await until("positions come again", async () => Number(await page.text("[data-metric=updates]")) > 0);
  await page.close();
});

test("a part of the page that does not come says so, and comes when it is asked for again", async () => {
  const server = await serve({ demo: 12 });
  const page = await Page.open(browser, server);
  // Parts are fetched some time after the first sight; what fails then is told when it is needed.
  page.allow(/split_drawer\.wasm|ERR_FAILED|Failed to fetch/);
  let asked = 0;
  await page.context.route("**/split_drawer.wasm", (route) => {
    asked += 1;
    return route.abort();
  });
  await page.tab.reload();
  await page.ready();
  await page.rows().first().click();
  await until("it says that the drawer is missing", () => page.$(".drawer [data-lost=Drawer]").isVisible());
  await page.shot("part-lost");
  const before = asked;
  await page.$(".lost").getByText("Try again").click();
  await until("it is asked for again", () => asked > before);
  await until("it still is missing", () => page.$(".drawer [data-lost=Drawer]").isVisible());
  await page.press("s");
  await until("another part is here", () => page.$("#start-modes").isVisible());
  await page.press("Escape");
  await until("the drawer's place is back", () => page.$(".drawer [data-lost=Drawer]").isVisible());

  await page.context.unroute("**/split_drawer.wasm");
  await page.$(".lost").getByText("Try again").click();
  await until("the drawer tells", () => page.$("#drawer").isVisible());
  await until("nothing is missing", async () => (await page.$(".lost").count()) === 0);
  await page.close();
});

test("ten thousand couriers on the screen, and the page still answers", async () => {
  const front = await feed((await serve({ demo: 0 })).url, 10_000);
  fronts.push(front);
  const page = await Page.open(browser, front, "?at=60.17,24.944,13.4");
  // The feed's couriers are known to nobody else.
  page.allow(/404 \(Not Found\).*couriers\/c-\d+/);
  await page.ready();
  await until("all are counted", async () => /10k/.test(await page.text("#tab-couriers")), 60_000);
  await until("all are drawn", async () => (await page.drawn()) === 10_000, 60_000);
  // 10,000 a second, where the machine has the time to send so many.
  let [sent, said] = [0, 0];
  await until(() => `updates come as fast as they are sent: ${said} of ${sent}`, async () => {
    const [before, since] = [front.fixes, Date.now()];
    await until("a second passes", () => Date.now() - since >= 1_000);
    sent = ((front.fixes - before) / (Date.now() - since)) * 1_000;
    said = 1_000 * Number(/^([\d.]+)k$/.exec(await page.text("[data-metric=updates]"))?.[1]);
    // A second of a busy page is a long one.
    return sent > 2_000 && said >= 0.95 * sent && said <= 1.5 * sent;
  });
  await page.shot("ten-thousand");
  const row = page.rows().nth(3);
  const courier = await row.getAttribute("data-courier");
  await page.tab.evaluate(() => document.querySelectorAll(".row[data-courier]")[3].click());
  await until("a click opens the drawer", () => page.$("#drawer").isVisible());
  await page.press("Escape", "Escape");
  await page.$("#search").fill(courier);
  await until("a search finds one", async () => {
    const found = await page.rows().evaluateAll((rows) => rows.map((row) => row.dataset.courier));
    return found.includes(courier) && found.length < 15;
  });
  await page.$("#search").fill("");
  await until("all are listed again", async () => /^All 10,000/.test(await page.text("#listed")));
  assert.ok((await page.$(".row").count()) < 60, "only rows that can be seen are made");
  await page.close();
});

test("without WebGL the list goes on, and the page says so", async () => {
  const server = await serve({ demo: 5 });
  const plain = await browse({ webgl: false });
  try {
    const page = await Page.open(plain, server);
    await until("it says so", async () => /^The map cannot be drawn: .+\. The list goes on\.$/.test(await page.text(".notice-page")));
    await until("the connection is live", async () => (await page.connection()) === "live");
    await until("the couriers are listed", async () => (await page.rows().count()) === 5);
    await page.rows().nth(0).click();
    await until("the drawer tells", async () => /Requested/.test(await page.text("#drawer ol")));
    await page.shot("without-webgl");
    await until("positions stay young", () => page.young());
    await page.close();
  } finally {
    await plain.close();
  }
});
