// The page on phones: a sheet instead of rail and drawer.

import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";

import { browse, Page, PHONE, Server, SMALL_PHONE, until } from "./harness.mjs";

let server;
let browser;
before(async () => {
  [server, browser] = await Promise.all([Server.start({ demo: 8 }), browse()]);
}, { timeout: 120_000 });
afterEach(Page.closeAll);
after(async () => {
  await browser?.close();
  await server?.remove();
}, { timeout: 60_000 });

for (const size of [PHONE, SMALL_PHONE]) {
  const name = `${size.width}x${size.height}`;
  test(`a phone of ${name}: sheet, selection, form, nothing wider than the screen`, async () => {
    const page = await Page.open(browser, server, "", { viewport: size, hasTouch: true, isMobile: true, deviceScaleFactor: 1 });
    await page.ready();
    const grab = page.$(".rail .grab");
    const height = () => page.$(".rail").evaluate((rail) => rail.getBoundingClientRect().height);
    const rests = async (where, test) => {
      await until(`the sheet rests ${where}`, async () => (await page.attribute(".rail .grab", "aria-valuetext")) === where && test(await height()));
    };
    await rests("Half", (px) => px > 300 && px < size.height * 0.55);
    await page.fitsItsWidth("half");
    await page.streets();
    await page.shot(`phone-${size.width}`);
    await grab.tap();
    await rests("Full", (px) => px > size.height - 60);
    await page.fitsItsWidth("full");
    await page.shot(`phone-${size.width}-full`);
    await grab.tap();
    await rests("Half", (px) => px < size.height * 0.55);
    await grab.focus();
    await page.press("ArrowDown");
    await rests("Low", (px) => px < 100);
    await page.shot(`phone-${size.width}-low`);
    await page.$("#search").tap();
    await rests("Half", (px) => px > 300);

    await page.rows().first().tap();
    await until("the selection has the sheet", () => page.$("#drawer").isVisible());
    await until("its story is told", async () => /Requested/.test(await page.text("#drawer ol")));
    await page.fitsItsWidth("selection");
    await page.shot(`phone-${size.width}-selected`);
    await page.button("Close", "#drawer").tap();
    await until("the list is back", () => page.rows().first().isVisible());

    await page.$("#start-button").tap();
    await until("routes are offered", async () => (await page.$("#start-form [data-route]").count()) >= 24);
    await page.fitsItsWidth("form");
    await page.shot(`phone-${size.width}-form`);
    assert.ok(await page.$("#start-go").isVisible());
    await page.button("Close", "#start-form").tap();

    await page.button("Menu", ".bar").tap();
    await until("the menu is open", () => page.$(".menu").isVisible());
    await page.fitsItsWidth("menu");
    await page.$(".menu").getByText("Theme").tap();
    await until("it is dark", async () => (await page.attribute("html", "data-theme")) === "dark");
    await page.shot(`phone-${size.width}-dark`);
    const small = await page.tab.evaluate(() => {
      const targets = [...document.querySelectorAll(".bar button, .rail-top button, .ctl button, .count")];
      const height = (target) => Math.max(target.getBoundingClientRect().height, parseFloat(getComputedStyle(target, "::after").height) || 0);
      return targets.filter((target) => target.getClientRects().length && getComputedStyle(target).visibility === "visible" && height(target) < 43.5)
        .map((target) => `${target.className} ${target.textContent.trim()}: ${height(target)} px`);
    });
    assert.deepEqual(small, [], "a finger needs 44 px");
    await page.close();
  });
}
