// Lines of a person's own: drawn on the map, or from a file.

import assert from "node:assert/strict";
import { test } from "node:test";

import { around, DESKTOP, Page, until } from "./harness.mjs";
import { reads } from "./wait.mjs";

const GPX = `<?xml version="1.0"?>
<gpx version="1.1" creator="test" xmlns="http://www.topografix.com/GPX/1/1"><trk><name>Round the block &amp; back</name><trkseg>
<trkpt lat="60.1700" lon="24.9400"/><trkpt lat="60.1700" lon="24.9440"/><trkpt lat="60.1715" lon="24.9440"/>
</trkseg></trk></gpx>`;
const SWAPPED = JSON.stringify({ type: "Feature", properties: {}, geometry: { type: "LineString", coordinates: [[24.94, 160.17], [24.95, 160.17]] } });

let server;
let browser;
around({ demo: 2 }, (world) => ({ server, browser } = world));

const file = (name, text) => ({ name, mimeType: "application/octet-stream", buffer: Buffer.from(text) });

async function openForm() {
  const page = await Page.open(browser, server, "", { viewport: DESKTOP });
  await page.ready();
  await page.$("#start-button").click();
  await until("routes are offered", async () => (await page.$("#start-form [data-route]").count()) >= 24);
  return page;
}

/** Starts what is chosen with a courier of its own; gives the delivery's document. */
async function start(page, courier) {
  await page.$("#courier-search").fill(courier);
  await page.$(`[data-choice="${courier}"]`).click();
  await page.button("10×", "#start-form").click();
  await page.$("#start-go").click();
  await page.$("#start-form").waitFor({ state: "detached" });
  const found = async () => (await server.get("/deliveries/live")).items.find((item) => item.courier === courier);
  return until("the server has it", found);
}

test("a line is drawn on the map, corrected, and driven", async () => {
  const page = await openForm();
  await page.$("#draw").click();
  const stage = await page.$("#stage").boundingBox();
  const click = (x, y) => page.tab.mouse.click(stage.x + stage.width * x, stage.y + stage.height * y);
  const told = (pattern) => until(`it says ${pattern}`, async () => pattern.test(await page.text("#drawing [role=status]")));
  await told(/Click along the way/);
  assert.ok(await page.$("#drawn").isDisabled(), "one point is no line");
  assert.ok(await page.$("#start-go").isDisabled(), "the route that was chosen before is not meant");
  await click(0.2, 0.3);
  await told(/^1 point/);
  await click(0.4, 0.3);
  await told(/^2 points · \d+ m/);
  await click(0.4, 0.7);
  await told(/^3 points/);
  await page.press("Backspace");
  await told(/^2 points/);
  await click(0.5, 0.5);
  await told(/^3 points/);
  await page.shot("drawing");
  await page.$("#drawn").click();
  const row = page.$("#start-form [data-route^=own-line]").first();
  await until("it stands in the list, chosen", async () => (await row.getAttribute("aria-checked")) === "true");
  assert.match(await row.innerText(), /Line drawn 1\s+\d+ m · about \d+ min/);
  await page.shot("drawn");
  const delivery = await start(page, "c-drawn");
  assert.equal(delivery.route, null);
  assert.ok(delivery.distance_m > 100, JSON.stringify(delivery));
  await page.close();
});

test("Esc leaves the drawing and nothing else", async () => {
  const page = await openForm();
  await page.$("#draw").click();
  await page.$("#drawing").waitFor();
  await page.press("Escape");
  await page.$("#drawing").waitFor({ state: "detached" });
  assert.ok(await page.$("#start-form").isVisible());
  await page.press("Escape");
  await page.$("#start-form").waitFor({ state: "detached" });
  await page.close();
});

test("a GPX file is driven; what cannot be read is named with its reason", async () => {
  const page = await openForm();
  const choose = (...files) => page.$("#own-file").setInputFiles(files);
  await choose(file("wrong.gpx", "<gpx"));
  await until("the fault is told", async () => /wrong\.gpx .*no XML/.test(await page.text("#start-form .error")));
  await choose(file("swapped.geojson", SWAPPED));
  await until("the fault is told", async () => /swapped\.geojson .*swapped/.test(await page.text("#start-form .error")));
  await choose(file("photo.png", "x"));
  await until("the fault is told", async () => /photo\.png is no \.gpx/.test(await page.text("#start-form .error")));
  await page.shot("wrong-file");
  await choose(file("block.gpx", GPX));
  const row = page.$("#start-form [data-route^=own-line]").first();
  await until("it stands in the list, chosen", async () => (await row.getAttribute("aria-checked")) === "true");
  assert.match(await row.innerText(), /Round the block & back\s+\d+ m/);
  await until("no fault is told any more", async () => (await page.$("#start-form .error").count()) === 0);
  const delivery = await start(page, "c-filed");
  assert.ok(Math.abs(delivery.distance_m - 388) < 5, `${delivery.distance_m} m`);
  await page.close();
});

test("a line of one's own is taken off the list again", async () => {
  const page = await openForm();
  await page.$("#own-file").setInputFiles([file("block.gpx", GPX), file("lines.csv", "60.17,24.94\n60.18,24.95\n")]);
  const own = page.$("#start-form [data-route^=own-line]");
  await until("both are listed", async () => (await own.count()) === 2);
  await page.$("#start-form").getByRole("button", { name: "Remove Round the block & back" }).click();
  await until("one is left", async () => (await own.count()) === 1);
  await reads("the one that is left", () => own.innerText(), /Lines/);
  await reads("the keyboard goes on beside it", () => page.tab.evaluate(() => document.activeElement.id), "draw");
  await page.shot("own-lines");
  if ((await own.getAttribute("aria-checked")) !== "true") await own.click();
  await page.$("[data-remove]").click();
  await until("none is left", async () => (await own.count()) === 0);
  await until("another route is chosen instead", async () => (await page.$("#start-form [data-route][aria-checked=true]").count()) === 1);
  assert.ok((await page.$("#start-form [data-route]").count()) >= 24, "the server's are still there");
  await page.close();
});

test("a file that is dropped anywhere opens the form with its line", async () => {
  const page = await Page.open(browser, server, "", { viewport: DESKTOP });
  await page.ready();
  const drop = (name, text) => page.tab.evaluate(({ name, text }) => {
    const data = new DataTransfer();
    data.items.add(new File([text], name));
    const fire = (type) => {
      const event = new DragEvent(type, { bubbles: true, cancelable: true, dataTransfer: data });
      document.querySelector("#stage").dispatchEvent(event);
      return event.defaultPrevented;
    };
    return [fire("dragover"), fire("drop")];
  }, { name, text });
  // Where it is not taken, the browser leaves the page for the file.
  assert.deepEqual(await drop("block.gpx", GPX), [true, true]);
  const row = page.$("#start-form [data-route^=own-line]").first();
  await until("the form has it", async () => (await row.getAttribute("aria-checked")) === "true");
  await drop("lines.csv", "60.17,24.94\n60.18,24.95\n");
  await until("and the next one", async () => (await page.$("#start-form [data-route^=own-line]").count()) === 2);
  await reads("the newest is the first", () => page.text("#start-form [data-route^=own-line]"), /Lines/);
  await page.close();
});
