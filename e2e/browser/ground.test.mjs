// CD_BASEMAP_URL: another ground under the couriers, of each kind, and what people see where it does not come.

import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, afterEach, before, test } from "node:test";
import { DESKTOP, Page, Server, browse, until } from "./harness.mjs";
import { RASTER, STYLE, tileHost, vectorFile } from "./tiles.mjs";
import { reads } from "./wait.mjs";

const PARK = 0xdce8d2;
const PARK_AT_NIGHT = 0x18261e;

let browser;
let host;
before(async () => {
  [browser, host] = [await browse(), await tileHost()];
});
after(async () => {
  await browser?.close();
  host?.close();
});
afterEach((context) => Page.closeAll(context));

async function opened(flags, options = {}) {
  const server = await Server.start({ demo: 6, flags });
  const page = await Page.open(browser, server, "", options);
  page.allow(new RegExp(`asks another host: ${host.url}/`));
  await page.ready();
  return { page, async end() { await page.close(); await server.remove(); } };
}

const credits = (page) => page.text("[data-basemap-attribution]");

test("a style of another host, with its attribution and nothing else of it", async () => {
  const { page, end } = await opened(["--basemap-url", `${host.url}/style.json`]);
  await page.shows("the style is drawn", [STYLE], [0.3]);
  await until("its maker is named", async () => (await credits(page)).includes("© Example"));
  const link = page.$("[data-basemap-attribution] a");
  assert.equal(await link.getAttribute("href"), "https://example.org/copyright");
  assert.equal(await page.$("[data-basemap-attribution] img").count(), 0);
  await until("couriers are drawn on it", async () => (await page.drawn()) > 0);
  await page.shot("ground-style");
  await end();
});

test("raster tiles, paler at night", async () => {
  const { page, end } = await opened(["--basemap-url", `${host.url}/{z}/{x}/{y}.png`, "--basemap-attribution", "© Pictures & Sons"]);
  await page.shows("the tiles are drawn", [RASTER], [0.3]);
  await reads("whose they are", () => credits(page), "© Pictures & Sons");
  await page.$("#theme-button").click();
  await until("they are darker", async () => (await page.shares([RASTER]))[0] === 0);
  await page.shot("ground-raster-dark");
  await end();
});

test("a PMTiles file of another host, in the colours of the page", async () => {
  const { page, end } = await opened(["--basemap-url", `${host.url}/vector.pmtiles`]);
  await page.shows("the park is drawn", [PARK], [0.3]);
  await until("its maker is named", async () => (await credits(page)).includes("© Tile Makers"));
  await page.$("#theme-button").click();
  await page.shows("the park at night", [PARK_AT_NIGHT], [0.3]);
  await end();
});

test("a PMTiles file of this machine asks no other host", async () => {
  const dir = mkdtempSync(join(tmpdir(), "code-delivery-"));
  const file = join(dir, "world.pmtiles");
  writeFileSync(file, vectorFile());
  const before = host.asked.length;
  const { page, end } = await opened(["--basemap-url", `file:${file}`], { viewport: DESKTOP });
  await page.shows("the park is drawn", [PARK], [0.3]);
  assert.equal(host.asked.length, before);
  await page.shot("ground-file");
  await end();
  rmSync(dir, { recursive: true });
});

test("a ground that does not come says so, and all else works", async () => {
  const { page, end } = await opened(["--basemap-url", `${host.url}/missing.pmtiles`]);
  await until("it says so", async () => (await credits(page)).includes("cannot be reached"));
  page.allow(/404/);
  await until("couriers are drawn", async () => (await page.drawn()) > 0);
  await end();
});
