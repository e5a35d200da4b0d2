// What goes wrong, or is not there yet: no couriers, no server, no graphics, very many couriers.

import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";

import { browse, DESKTOP, Page, Server, until } from "./harness.mjs";
import { feed } from "./feed.mjs";

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
  assert.match(await page.text(".rail .hollow"), /No couriers yet\s+Start a delivery/);
  assert.equal(await page.connection(), "live");
  await page.streets();
  await page.shot("empty");
  await page.button("Start 20").click();
  await page.$(".onboard").waitFor({ state: "detached" });
  await until("twenty couriers are counted", async () => /20/.test(await page.text("#tab-couriers")));
  await until("and on the way", async () => Number(await page.text("[data-count=delivery] b")) + Number(await page.text("[data-count=late] b")) === 20);
  // They drive on: who leaves what was shown at one press is shown at the next.
  await until("and all drawn where all are shown", async () => {
    await page.press("0");
    return await until("they are drawn", async () => (await page.drawn()) === 20, 3_000);
  });
  await page.shot("started-20");
  await page.close();
});

test("a server that is killed leaves the picture; when it is back the page catches up", async () => {
  const server = await serve({ demo: 12 });
  const page = await Page.open(browser, server, "", { viewport: DESKTOP });
  await page.ready();
  await until("all are drawn", async () => (await page.drawn()) === 12);
  await until("the latency is known", async () => /\d/.test(await page.text("[data-metric=p95]")));
  const names = () => page.rows().evaluateAll((rows) => rows.map((row) => row.dataset.courier).sort());
  // A courier is drawn before the list has it.
  await until("all are listed", async () => (await names()).length === 12);
  const before = await names();

  // From here on the browser itself writes of attempts that fail.
  page.allow(/Failed to fetch|ERR_CONNECTION_REFUSED|ERR_CONNECTION_RESET|ERR_EMPTY_RESPONSE|ERR_INCOMPLETE_CHUNKED|WebSocket connection to .* failed/);
  await server.kill();
  await until("the banner is there", () => page.$("[data-banner=connection]").isVisible());
  assert.equal(await page.connection(), "reconnecting");
  assert.match(await page.text("[data-banner]"), /^Reconnecting, showing \d\d:\d\d:\d\d/);
  assert.match(await page.text(".conn"), /Reconnecting/);
  assert.equal(await page.drawn(), 12, "the markers remain");
  assert.deepEqual(await names(), before, "the rows remain");
  assert.ok(await page.$("#start-button").isDisabled(), "nothing can be started");
  assert.equal(await page.text("[data-metric=p95]"), "–");
  assert.match(await page.text(".railfoot"), /As it was at \d\d:\d\d:\d\d\s+Start is paused/);
  await page.rows().nth(1).click();
  await until("the drawer still tells", async () => /Requested/.test(await page.text("#drawer ol")));
  await page.press("Escape", "Escape", "0");
  await until("ages stand beside the couriers", async () => Number(/^(\d+) s ago/.exec(await page.text(".row[data-courier]:visible .a"))?.[1]) >= 6);
  await page.shot("disconnected");

  await server.restart();
  await until("the page is live again", async () => (await page.connection()) === "live", 60_000);
  await until("it says what it missed", async () => /Caught up, [\d,]+ updates?/.test(await page.text("[data-notice=caught-up]")));
  await page.shot("caught-up");
  assert.equal(await page.$("[data-banner]").count(), 0);
  await until("all are drawn", async () => (await page.drawn()) >= 12);
  assert.ok(await page.$("#start-button").isEnabled());
  await until("positions come again", async () => Number(await page.text("[data-metric=updates]")) > 0);
  await page.close();
});

test("a part of the page that does not come says so, and comes when it is asked for again", async () => {
  const server = await serve({ demo: 12 });
  const page = await Page.open(browser, server);
  // Parts are fetched some time after the first sight; what fails then is told when it is needed.
  page.allow(/split_drawer\.wasm|ERR_FAILED|Failed to fetch/);
  await page.context.route("**/split_drawer.wasm", (route) => route.abort());
  await page.tab.reload();
  await page.ready();
  await page.rows().first().click();
  await until("it says that the drawer is missing", () => page.$(".drawer [data-lost=Drawer]").isVisible());
  await page.shot("part-lost");
  await page.$(".lost").getByText("Try again").click();
  await until("it still is", () => page.$(".drawer [data-lost=Drawer]").isVisible());
  await page.press("s");
  await until("another part is here", () => page.$("#start-modes").isVisible());
  await page.press("Escape");
  await until("the drawer's place is back", () => page.$(".drawer [data-lost=Drawer]").isVisible());

  await page.context.unroute("**/split_drawer.wasm");
  await page.$(".lost").getByText("Try again").click();
  await until("the drawer tells", () => page.$("#drawer").isVisible());
  assert.equal(await page.$(".lost").count(), 0);
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
  await until("updates come as fast as they are sent", async () => /^(9\.[5-9]|10|10\.\d)k$/.test(await page.text("[data-metric=updates]")));
  await page.shot("ten-thousand");
  const patient = 10_000;
  const row = page.rows().nth(3);
  const courier = await row.getAttribute("data-courier");
  await page.tab.evaluate(() => document.querySelectorAll(".row[data-courier]")[3].click());
  await until("a click opens the drawer", () => page.$("#drawer").isVisible(), patient);
  await page.press("Escape", "Escape");
  await page.$("#search").fill(courier);
  await until("a search finds one", async () => {
    const found = await page.rows().evaluateAll((rows) => rows.map((row) => row.dataset.courier));
    return found.includes(courier) && found.length < 15;
  }, patient);
  await page.$("#search").fill("");
  await until("all are listed again", async () => /^All 10,000/.test(await page.text("#listed")), patient);
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
    const age = async () => (await page.$(".row .a").allInnerTexts()).slice(0, 5);
    await until("positions stay young", async () => (await age()).every((text) => /^(now|[1-9] s ago)$/.test(text)));
    await page.close();
  } finally {
    await plain.close();
  }
});
