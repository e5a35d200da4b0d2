// The page on phones: a sheet instead of rail and drawer.

import assert from "node:assert/strict";
import { test } from "node:test";

import { around, Page, PHONE, SMALL_PHONE, until } from "./harness.mjs";

let server;
let browser;
around({ demo: 8 }, (world) => ({ server, browser } = world));

/** Fails where something that is pressed is smaller than a finger; rows and what lies under others have room of their own. */
async function fingersFit(page, what) {
  await page.stands();
  const small = await page.tab.evaluate(() => {
    const found = [];
    for (const target of document.querySelectorAll(".app button, .app [role=tab], .app select, .app input:not([type=file])")) {
      const box = target.getBoundingClientRect();
      const style = getComputedStyle(target);
      if (!box.width || style.visibility !== "visible" || style.pointerEvents === "none" || target.closest(".vh, .skip, [hidden]")) continue;
      const [x, y] = [box.left + box.width / 2, box.top + box.height / 2];
      if (!target.contains(document.elementFromPoint(x, y))) continue;
      const after = getComputedStyle(target, "::after");
      const around = target.closest("label, .search");
      const height = Math.max(box.height, parseFloat(after.height) || 0, around ? around.getBoundingClientRect().height : 0, around ? parseFloat(getComputedStyle(around, "::after").height) || 0 : 0);
      if (height < 43.5) found.push(`${target.tagName} ${target.className} ${target.textContent.trim().slice(0, 30)}: ${height} px`);
    }
    return found;
  });
  assert.deepEqual(small, [], `${what}: a finger needs 44 px`);
}

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
    await fingersFit(page, "selection");
    await page.shot(`phone-${size.width}-selected`);
    await page.button("Close", "#drawer").tap();
    await until("the list is back", () => page.rows().first().isVisible());

    const last = await page.rows().last().getAttribute("data-courier");
    await page.tab.goto(`${server.url}/?sel=${last}&drawer=0`);
    await until("who is selected stands first", async () => (await page.rows().first().getAttribute("data-courier")) === last);
    await page.press("Escape");

    await page.$("#start-button").tap();
    await until("routes are offered", async () => (await page.$("#start-form [data-route]").count()) >= 24);
    await until("it can be started", () => page.$("#start-go").isVisible());
    await page.fitsItsWidth("form");
    await fingersFit(page, "form");
    await page.shot(`phone-${size.width}-form`);
    await page.button("Close", "#start-form").tap();

    await page.button("Menu", ".bar").tap();
    await until("the menu is open", () => page.$(".menu").isVisible());
    await page.fitsItsWidth("menu");
    await page.$(".menu").getByText("Theme").tap();
    await until("it is dark", async () => (await page.attribute("html", "data-theme")) === "dark");
    await page.shot(`phone-${size.width}-dark`);
    await fingersFit(page, "list, bar and menu");
    await page.close();
  });
}

test("a tablet: the list is opened by a button, and all is large enough for fingers", async () => {
  const page = await Page.open(browser, server, "", { viewport: { width: 820, height: 1180 }, hasTouch: true, isMobile: true, deviceScaleFactor: 1 });
  await until("the connection is live", async () => (await page.connection()) === "live", 60_000);
  await until("couriers are drawn", async () => (await page.drawn()) > 0);
  assert.equal(await page.$(".rail").isVisible(), false, "the map has the window");
  await page.fitsItsWidth("map");
  await fingersFit(page, "map");
  await page.button("List", ".bar").tap();
  await until("the list is open", () => page.rows().first().isVisible());
  // What slides in has arrived.
  await page.shot("tablet-list");
  await page.fitsItsWidth("list");
  await fingersFit(page, "list");
  await page.rows().first().tap();
  await until("its story is told", async () => /Requested/.test(await page.text("#drawer ol")));
  await page.shot("tablet-selected");
  await page.fitsItsWidth("selection");
  await fingersFit(page, "selection");
  await page.button("Close", "#drawer").tap();
  await page.button("List", ".bar").tap();
  await page.$("#start-button").tap();
  await until("routes are offered", async () => (await page.$("#start-form [data-route]").count()) >= 24);
  await page.shot("tablet-form");
  await page.fitsItsWidth("form");
  await fingersFit(page, "form");
  await page.close();
});
