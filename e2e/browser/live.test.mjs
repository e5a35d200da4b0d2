// The live page on a desktop, on one server with twelve demo couriers.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { browse, Page, Server, until } from "./harness.mjs";

let server;
let browser;
before(async () => {
  [server, browser] = await Promise.all([Server.start({ demo: 12 }), browse()]);
}, { timeout: 120_000 });
after(async () => {
  await browser?.close();
  await server?.remove();
}, { timeout: 60_000 });

test("first sight: streets, couriers, list, figures, and nothing to complain about", async () => {
  const page = await Page.open(browser, server);
  await page.ready();
  await until("all twelve couriers are drawn", async () => (await page.drawn()) === 12);
  await until("all twelve are listed", async () => (await page.rows().count()) === 12);
  const counts = async () => {
    const numbers = await page.$(".count b").allInnerTexts();
    return numbers.length === 5 && numbers.reduce((sum, number) => sum + Number(number), 0) === 12;
  };
  await until("the five counts make twelve", counts);
  assert.match(await page.text("#tab-couriers"), /12/);
  await until("the latency is known", async () => /^\d[\d.,]* m?s$/.test(await page.text("[data-metric=p95]")));
  await until("updates come", async () => Number(await page.text("[data-metric=updates]")) > 0);
  assert.match(await page.text(".clock b"), /^\d\d:\d\d:\d\d$/);
  assert.match(await page.text(".conn"), /^Live$/);
  assert.match(await page.text(".attr"), /OpenStreetMap/);
  assert.match(await page.text(".measure"), /\d+ k?m/);
  assert.equal(await page.$("[data-banner], .toast").count(), 0);
  await page.shot("first-sight");
  await page.close();
});
