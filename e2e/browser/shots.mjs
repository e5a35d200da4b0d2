// Makes the pictures of README and docs: `cargo xtask shots` runs it. Each is what a visitor of the demo sees.

import { statSync } from "node:fs";
import { join } from "node:path";

import { startOf } from "./city.mjs";
import { browse, DESKTOP, Page, PHONE, ROOT, Server, until } from "./harness.mjs";

const IMAGES = join(ROOT, "docs/images");
const HERO = "aino-korhonen";

async function picture(page, name) {
  const path = join(IMAGES, `${name}.png`);
  // The pointer points at nothing, what opened has settled, and the figures of the first seconds are gone.
  await page.tab.mouse.move(DESKTOP.width / 2, 2);
  await page.streets(name.startsWith("dark"));
  await page.shot(name, path);
  console.log(`docs/images/${name}.png: ${Math.round(statSync(path).size / 1024)} KiB`);
}

async function settled(page) {
  await page.ready();
  const ms = async () => /^[\d.]+ ms$/.test(await page.text("[data-metric=p95]"));
  // A busy machine draws slowly, and says so: then the picture is taken all the same.
  await until("the figures are calm", ms, 45_000).catch(() => {});
}

const server = await Server.start({ demo: 24 });
const browser = await browse();
try {
  const routes = (await server.get("/routes")).items;
  const middle = "?at=60.1693,24.9432,15.75";

  let page = await Page.open(browser, server, `${middle}&sel=${HERO}&drawer=0`, { viewport: DESKTOP });
  await settled(page);
  // A courier that has come some way, so that there is a trail, a way ahead and a card.
  await until("a courier is half way", async () => {
    const { items } = await server.get("/couriers?limit=100");
    return items.find((courier) => courier.courier === HERO && courier.delivery);
  }, 60_000);
  await until("its card is shown", () => page.callout(), 60_000);
  await until("its way is under way", async () => {
    const done = parseFloat(await page.$(".callout .prog i").evaluate((bar) => bar.style.width));
    return done > 35 && done < 80;
  }, 240_000);
  await picture(page, "live");

  await server.kill();
  await page.$("[data-banner]").waitFor();
  await until("ages are told", async () => /^(1[0-9]|[6-9]) s ago/.test(await page.text(".row[data-courier]:visible .a")));
  await picture(page, "disconnected");
  await page.close().catch(() => {});
  await server.restart();

  page = await Page.open(browser, server, `${middle}&sel=${HERO}`, { viewport: DESKTOP, colorScheme: "dark" });
  await settled(page);
  await until("the drawer is complete", async () => /Missing\s+\d/.test(await page.text("#drawer")));
  await picture(page, "dark-selected");
  await page.close().catch(() => {});

  const route = routes.find((known) => known.route === "railway-square-to-market-hall").route;
  page = await Page.open(browser, server, middle, { viewport: DESKTOP });
  await settled(page);
  await page.$("#start-button").click();
  await page.$(`#start-form [data-route="${route}"]`).click();
  await until("the line is on the map", async () => /about/.test(await page.text(".stage > .pill")));
  await page.$("#reference").fill("order-9418");
  await picture(page, "start");
  await page.close().catch(() => {});

  const start = await startOf(server, route);
  const phone = { viewport: PHONE, hasTouch: true, isMobile: true, deviceScaleFactor: 2 };
  page = await Page.open(browser, server, `?at=${start.lat - 0.0035},${start.lon},15.6`, phone);
  await settled(page);
  await picture(page, "phone");
  await page.close().catch(() => {});
} finally {
  await browser.close();
  await server.remove();
}
