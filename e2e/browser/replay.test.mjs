// The past: dragging back, playing, stepping, one delivery once more, files, and the way back to live.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { around, DESKTOP, Page, SMALL_PHONE, until } from "./harness.mjs";
import { reads } from "./wait.mjs";

const ROUTE = "railway-square-to-market-hall";
const COURIERS = 10;
const WINDOW_MS = 15 * 60_000;

let server;
let browser;
/** A moment that is stored, and long enough past to be replayed. */
let moment;
/** A delivery that was driven from its start to its end. */
let driven;
around({ demo: COURIERS }, async (world) => {
  ({ server, browser } = world);
  const { delivery } = await server.deliver("c-again", ROUTE, { speed: 12, reference: "order <7> & co" });
  driven = await until("a delivery has arrived, is stored, and is past", async () => {
    const found = await server.get(`/deliveries/${delivery}`);
    return found.status === "delivered" && Date.now() - found.finished_at > 12_000 && found;
  }, 90_000);
  moment = driven.finished_at;
  await until("everything of that time is stored", async () => (await then(moment)).through > moment);
});

/** The fleet at a moment, as a script asks for it. */
async function then(at) {
  const answer = await fetch(`${server.url}/api/v1/replay?at=${at}&since=${at - WINDOW_MS}`, { headers: { accept: "application/json" } });
  assert.equal(answer.status, 200);
  return answer.json();
}

const slider = async (page, name) => Number(await page.attribute("#hist", `aria-value${name}`));
const at = (page) => slider(page, "now");
const playing = async (page) => (await page.attribute("#play", "aria-pressed")) === "true";

/** Drags the head of the time bar to a moment, as near as a pixel is; gives how long that took, ms: the bar goes on meanwhile. */
async function drag(page, to) {
  const began = Date.now();
  const box = await page.$("#hist").boundingBox();
  const [from, end] = [await slider(page, "min"), await slider(page, "max")];
  const [x, y] = [box.x + ((to - from) / (end - from)) * box.width, box.y + 20];
  await page.tab.mouse.move(box.x + box.width - 1, y);
  await page.tab.mouse.down();
  await page.tab.mouse.move(x, y, { steps: 5 });
  await page.tab.mouse.up();
  return Date.now() - began;
}

async function shown(page) {
  await until("the past is shown", async () => (await page.connection()) === "replay" && (await page.attribute("[data-past]", "data-past")) === "shown");
  await reads("which it is", () => page.text("[data-past]"), /^\d\d:\d\d:\d\d, .+ ago/);
}

/** Waits until exactly those who were there then are on the map, in the list and in the counts. */
async function showsThen(page) {
  const now = await at(page);
  const { items } = await then(now);
  const names = items.map((fix) => fix.courier).sort();
  await until(() => `${names.length} couriers are drawn, as at ${now}`, async () => (await page.drawn()) === names.length);
  await until("the list has them", async () => {
    const rows = await page.rows().evaluateAll((rows) => rows.map((row) => row.dataset.courier).sort());
    return JSON.stringify(rows) === JSON.stringify(names);
  });
  const counted = async () => (await page.$(".count b").allInnerTexts()).reduce((sum, number) => sum + Number(number), 0);
  await until("the counts are theirs", async () => (await counted()) === names.length);
  return items;
}

test("dragging back shows that moment; the address keeps it; live goes on", async () => {
  const page = await Page.open(browser, server, "", { viewport: DESKTOP });
  await page.ready();
  assert.equal(await page.$("[data-past]").count(), 0);
  await page.$(".tb .span select").selectOption("1");
  await until("the bar is an hour long", async () => (await slider(page, "max")) - (await slider(page, "min")) === 3_600_000);
  await until("its bars tell how many were started", async () => {
    const begun = (await server.get("/deliveries?limit=200")).items.filter(({ started_at }) => started_at);
    const told = /^(\d+) deliver(?:y|ies) started from \d\d:\d\d to \d\d:\d\d, (\d+)/.exec(await page.$("#hist-bars").textContent());
    return told && Number(told[1]) === begun.length && Number(told[2]) <= begun.length;
  });
  const took = await drag(page, moment);
  await shown(page);
  assert.ok(Math.abs((await at(page)) - moment) < 10_000 + took, `${await at(page)} for ${moment}`);
  await showsThen(page);
  await reads("the connection", () => page.text(".conn"), /Past/);
  await until("nothing is started in the past", () => page.$("#start-button").isDisabled());
  await reads("the foot", () => page.text(".railfoot"), /As it was at \d\d:\d\d:\d\d\s+All \d+ listed/);
  await until("live goes on beside it", async () => /Live goes on: \d\d:\d\d:\d\d/.test(await page.text("[data-live-goes-on=live]")));
  await page.shot("past-light");

  const kept = await at(page);
  await until("the address has the moment", () => Number(page.query().get("t")) === kept);
  await page.tab.reload();
  await shown(page);
  assert.equal(await at(page), kept);
  await showsThen(page);
  await page.press("l");
  await until("it is live", async () => (await page.connection()) === "live");
  await until("and so is the address", () => !page.query().has("t"));
  await page.close();
});

test("a courier is drawn where it was", async () => {
  const { items } = await then(moment);
  const { courier, lat, lon } = items.find((fix) => fix.courier !== "c-again" && fix.speed_mps > 3) ?? items[0];
  const page = await Page.open(browser, server, `?at=${lat},${lon},16&sel=${courier}&drawer=0&t=${moment}&theme=dark`, { viewport: DESKTOP });
  await shown(page);
  const { width, height } = await page.$("#stage").boundingBox();
  // Its card hangs beside it: it stands in the middle of the map.
  let card;
  await until(() => `its card is beside the middle: ${JSON.stringify(card)} of ${width} x ${height}`, async () => {
    card = await page.callout();
    return card && Math.abs(card.x - (width / 2 + 30)) <= 2 && Math.abs(card.y - (height / 2 - 140)) <= 2;
  });
  await page.shot("past-dark");
  await page.close();
});

test("it plays, stands, steps; back in live nothing was missed", async () => {
  let sockets = 0;
  const asked = [];
  const watch = (tab) => {
    tab.on("websocket", () => (sockets += 1));
    tab.on("request", (request) => asked.push(request.url()));
  };
  const start = moment - 8_000;
  const page = await Page.open(browser, server, `?t=${start}`, { viewport: DESKTOP, watch });
  await shown(page);
  assert.equal(await playing(page), false);
  const standing = await page.tab.locator("#stage").screenshot();
  await page.$("#pace").selectOption("5");
  await page.press("Space");
  await until("it says so", async () => /, playing 5×$/.test(await page.text("[data-past]")));
  await until("it moves on", async () => (await at(page)) > start + 5_000);
  await page.press("Space");
  await until("it stands", async () => !(await playing(page)));
  // The picture in which it stops is the next one: until then the bar tells the moment of a beat before. The address is that of
  // a bar that has rested.
  const here = await until("the address follows", async () => {
    const now = await at(page);
    return now > start + 5_000 && Number(page.query().get("t")) === now && now;
  });
  await shown(page);
  await showsThen(page);
  assert.equal(await at(page), here, "it stands where it stopped");
  await page.shot("past-stopped");
  assert.notDeepEqual(await page.tab.locator("#stage").screenshot(), standing, "couriers have moved");

  await page.$("#step-back").click();
  await until("a step back", async () => (await at(page)) === here - 10_000);
  await shown(page);
  await showsThen(page);
  await page.$("#hist").focus();
  await page.press("ArrowLeft");
  await until("and another by key", async () => (await at(page)) === here - 20_000);
  await page.$("#step-forward").click();
  await until("and one forward", async () => (await at(page)) === here - 10_000);

  const lists = asked.filter((url) => /\/deliveries\/live/.test(url)).length;
  await page.$("#to-live").click();
  await until("it is live", async () => (await page.connection()) === "live");
  await until("what came meanwhile is counted", async () => Number(/^Caught up, ([\d,]+) updates/.exec((await page.told("caught-up")).at(-1))?.[1].replace(",", "")) > COURIERS);
  await until("the newest positions are there at once", async () => {
    const ages = await page.$(".row[data-courier]:visible .a").allInnerTexts();
    return ages.length >= COURIERS && ages.filter((age) => /^(now|[1-3] s ago)$/.test(age)).length >= COURIERS - 2;
  });
  assert.equal(sockets, 1, "the socket went on");
  assert.equal(asked.filter((url) => /\/deliveries\/live/.test(url)).length, lists, "no list is fetched again");
  await page.close();
});

test("what plays catches up with live", async () => {
  const page = await Page.open(browser, server, `?t=${Date.now() - 30_000}`, { viewport: DESKTOP });
  await shown(page);
  await page.$("#pace").selectOption("20");
  await page.$("#play").click();
  await until("it is live", async () => (await page.connection()) === "live");
  await until("there is no way back to it", async () => (await page.$("#to-live").count()) === 0);
  await page.close();
});

test("one delivery once more, from its start to its end, and followed", async () => {
  const page = await Page.open(browser, server, `?delivery=${driven.delivery}&sel=c-again`, { viewport: DESKTOP });
  await page.ready();
  await until("its end is told", async () => /Delivered\s+Market Hall/.test(await page.text("#drawer ol")));
  const looks = await until("the address says where the map looks", () => Number.isFinite(page.at().lat) && page.at());
  await page.$("#replay").click();
  await until("it plays", async () => (await page.connection()) === "replay" && (await playing(page)));
  await until("on its way", async () => /On the way/.test(await page.text("#drawer ol")));
  await reads("it is followed", () => page.attribute("#follow", "aria-pressed"), "true");
  await page.shot("past-delivery");
  await until("it stands at its end", async () => (await at(page)) === driven.finished_at && !(await playing(page)), 60_000);
  await until("which is told again", async () => /Delivered\s+Market Hall/.test(await page.text("#drawer ol")));
  await until("the map went along", () => Math.abs(page.at().lon - looks.lon) + Math.abs(page.at().lat - looks.lat) > 1e-4);
  await page.$("#to-start").click();
  await until("to its start", async () => (await at(page)) === driven.started_at && /On the way/.test(await page.text("#drawer ol")));
  await page.$("#to-end").click();
  await until("and to its end", async () => (await at(page)) === driven.finished_at && /Delivered\s+Market Hall/.test(await page.text("#drawer ol")));
  await page.close();
});

test("a trail is taken along as GPX and as GeoJSON", async () => {
  const page = await Page.open(browser, server, `?delivery=${driven.delivery}&sel=c-again`, { viewport: DESKTOP, acceptDownloads: true });
  await page.ready();
  await until("the buttons are there", () => page.$("#save-gpx").isVisible());
  await page.$("#save-gpx").scrollIntoViewIfNeeded();
  await page.shot("save-trail");
  const save = async (id) => {
    const [download] = await Promise.all([page.tab.waitForEvent("download"), page.$(id).click()]);
    return { name: download.suggestedFilename(), text: readFileSync(await download.path(), "utf8") };
  };
  const { points } = await server.get(`/deliveries/${driven.delivery}/trail`);
  const time = (ms) => new Date(ms).toISOString();

  const gpx = await save("#save-gpx");
  assert.equal(gpx.name, "c-again-order-7-co.gpx");
  const read = await page.tab.evaluate((text) => {
    const document = new DOMParser().parseFromString(text, "application/xml");
    const all = (name) => [...document.getElementsByTagNameNS("http://www.topografix.com/GPX/1/1", name)];
    return {
      faults: document.getElementsByTagName("parsererror").length,
      name: all("name")[0].textContent,
      points: all("trkpt").map((point) => [Number(point.getAttribute("lat")), Number(point.getAttribute("lon")), point.textContent.trim()]),
    };
  }, gpx.text);
  assert.deepEqual([read.faults, read.name, read.points.length], [0, "C Again, order <7> & co", points.length]);
  const last = points.at(-1);
  assert.ok(Math.abs(read.points.at(-1)[0] - last.lat) < 1e-6 && Math.abs(read.points.at(-1)[1] - last.lon) < 1e-6);
  assert.equal(read.points.at(-1)[2], time(last.at));

  const geojson = await save("#save-geojson");
  assert.equal(geojson.name, "c-again-order-7-co.geojson");
  const { geometry, properties } = JSON.parse(geojson.text);
  assert.deepEqual([geometry.type, geometry.coordinates.length, properties.coordTimes.length], ["LineString", points.length, points.length]);
  assert.equal(properties.coordTimes[0], time(points[0].at));
  assert.ok(Math.abs(geometry.coordinates[0][0] - points[0].lon) < 1e-6);
  await page.close();
});

test("without history the page says so, and live goes on", async () => {
  const page = await Page.open(browser, server, "", { viewport: DESKTOP });
  page.allow(/503|Service Unavailable/);
  await page.ready();
  const away = { status: 503, contentType: "application/problem+json", body: JSON.stringify({ type: "/problems/history-unavailable", title: "History is away", status: 503, detail: "the store does not answer" }) };
  await page.context.route("**/api/v1/replay?*", (route) => route.fulfill(away));
  await page.$("#hist").focus();
  await page.press("ArrowLeft", "ArrowLeft");
  await until("it says so", async () => /^History is not available\s+Try again$/.test(await page.text("[data-banner=history]")));
  await reads("the connection", () => page.connection(), "replay");
  await until("what is live is not taken for the past", async () => (await page.$(".row[data-courier]").count()) === 0);
  await until("live goes on", () => page.$("[data-live-goes-on=live]").isVisible());
  await page.shot("past-missing");
  await page.press("l");
  await until("live is back at once", async () => (await page.connection()) === "live" && (await page.rows().count()) >= COURIERS);
  await until("nothing is told any more", async () => (await page.$("[data-banner]").count()) === 0);

  await page.$("#hist").focus();
  await page.press("ArrowLeft", "ArrowLeft");
  await page.$("[data-banner=history]").waitFor();
  await page.context.unroute("**/api/v1/replay?*");
  await page.$("#history-again").click();
  await shown(page);
  await showsThen(page);
  await page.close();
});

test("on a small phone a finger leads back, plays and returns", async () => {
  const page = await Page.open(browser, server, "", { viewport: SMALL_PHONE, hasTouch: true, isMobile: true, deviceScaleFactor: 2, reducedMotion: "reduce" });
  await page.ready();
  await page.$(".tb .now").tap();
  await until("the bar is open", () => page.$("#hist").isVisible());
  const box = await page.$("#hist").boundingBox();
  await page.tab.touchscreen.tap(box.x + box.width * 0.97, box.y + 20);
  await until("the past is there", async () => (await page.connection()) === "replay" && (await page.$("#play").isVisible()));
  await page.$("#hist").focus();
  // An hour and more ago nothing had begun: from there by address to where something had.
  await page.tab.goto(`${server.url}/?t=${moment}`);
  await shown(page);
  await until("couriers are drawn", async () => (await page.drawn()) >= COURIERS);
  await page.fitsItsWidth("the past on a phone");
  await page.shot("past-phone");
  const small = await page.tab.evaluate(() => [...document.querySelectorAll(".deck button, .deck .pick")]
    .filter((target) => target.getClientRects().length)
    .map((target) => [target.id || target.className, target.getBoundingClientRect()])
    .filter(([, box]) => box.height < 43.5 || box.width < 43.5)
    .map(([name, box]) => `${name}: ${box.width} x ${box.height}`));
  assert.deepEqual(small, [], "a finger needs 44 px");
  await page.$("#play").tap();
  await until("it plays", async () => (await at(page)) > moment);
  await page.$("#play").tap();
  await until("it stands", async () => !(await playing(page)));
  await page.$("#to-live").tap();
  await until("it is live", async () => (await page.connection()) === "live");
  await page.fitsItsWidth("live again");
  await page.close();
});
