// Makes the pictures of README and docs: `cargo xtask shots` runs it. Each is what a visitor of the demo sees.

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { browse, DESKTOP, Page, PHONE, ROOT, Server, until } from "./harness.mjs";
import { smaller } from "./png.mjs";

const IMAGES = join(ROOT, "docs/images");
/** What the pictures show: between station and market. */
const MIDDLE = "?at=60.1693,24.9442,15.45";
const INSIDE = { west: 24.9400, south: 60.1675, east: 24.9470, north: 60.1712 };

/** A courier in the middle of the picture who has come a good part of the way, with more to go. */
async function hero(server) {
  return until("a courier is half way, in the middle", async () => {
    const { items } = await server.get("/couriers?limit=100");
    const now = Date.now();
    const live = new Map((await server.get("/deliveries/live")).items.map((delivery) => [delivery.delivery, delivery]));
    const fits = items.find(({ position, status, delivery, eta }) => {
      const begun = live.get(delivery)?.started_at;
      const { lat, lon } = position;
      const inside = lon > INSIDE.west && lon < INSIDE.east && lat > INSIDE.south && lat < INSIDE.north;
      return status === "on_delivery" && position.speed_mps > 3 && inside && begun && now - begun > 50_000 && eta && eta.from - now > 60_000;
    });
    return fits?.courier;
  }, 240_000);
}

async function picture(page, name) {
  const path = join(IMAGES, `${name}.png`);
  // The pointer points at nothing, what opened has settled, and the figures of the first seconds are gone.
  await page.tab.mouse.move(DESKTOP.width / 2, 2);
  for (const close of await page.$(".toast button").all()) await close.click({ timeout: 1_000 }).catch(() => {});
  await page.streets(name.startsWith("dark"));
  await page.shot(name, path);
  const picture = smaller(readFileSync(path));
  writeFileSync(path, picture);
  console.log(`docs/images/${name}.png: ${Math.round(picture.length / 1024)} KiB`);
}

async function settled(page) {
  await page.ready();
  const ms = async () => /^[\d.]+ ms$/.test(await page.text("[data-metric=p95]"));
  // A busy machine draws slowly, and says so: then the picture is taken all the same.
  await until("the figures are calm", ms, 45_000).catch(() => {});
}

const server = await Server.start({ demo: 36 });
const browser = await browse();
try {
  const chosen = await hero(server);
  let page = await Page.open(browser, server, `${MIDDLE}&sel=${chosen}&drawer=0`, { viewport: DESKTOP });
  await settled(page);
  await until("its card is shown", () => page.callout());
  await picture(page, "live");

  await page.press("Escape");
  await server.kill();
  await page.$("[data-banner]").waitFor();
  await until("ages are told", async () => /^(1[0-9]|[6-9]) s ago/.test(await page.text(".row[data-courier]:visible .a")));
  await picture(page, "disconnected");
  await page.close().catch(() => {});
  await server.restart();

  const next = await hero(server);
  page = await Page.open(browser, server, `${MIDDLE}&sel=${next}`, { viewport: DESKTOP, colorScheme: "dark" });
  await settled(page);
  await until("the drawer is complete", async () => /Missing\s+\d/.test(await page.text("#drawer")));
  await picture(page, "dark-selected");
  await page.close().catch(() => {});

  page = await Page.open(browser, server, MIDDLE, { viewport: DESKTOP });
  await settled(page);
  await page.$("#start-button").click();
  await page.$('#start-form [data-route="railway-square-to-market-hall"]').click();
  await until("the line is on the map", async () => /about/.test(await page.text(".stage > .pill")));
  await page.$("#reference").fill("order-9418");
  await picture(page, "start");
  await page.close().catch(() => {});

  const phone = { viewport: PHONE, hasTouch: true, isMobile: true, deviceScaleFactor: 2 };
  page = await Page.open(browser, server, `${MIDDLE}&sel=${await hero(server)}&drawer=0`, phone);
  await settled(page);
  // The chosen courier comes into the middle of what the sheet leaves free.
  await page.$('.ctl button[aria-label="Follow"]').tap();
  await until("the map has moved", async () => page.at().lat !== 60.1693);
  await picture(page, "phone");
  await page.close().catch(() => {});
} finally {
  await browser.close();
  await server.remove();
}
