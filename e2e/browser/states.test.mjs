// Each state of a courier as the page shows it, by a feed that places them: ages, reasons, order, filters, zoom tiers, and what is
// said aloud.

import assert from "node:assert/strict";
import { afterEach, test } from "node:test";

import { around, Page, PHONE, SMALL_PHONE, until } from "./harness.mjs";
import { beside, coloured, listen, look, mixed, PLAIN, point, said, written } from "./eye.mjs";
import { delivery, feed, Placed } from "./feed.mjs";
import { reads } from "./wait.mjs";

const [IDLE, BLUE, GREY] = [0x0a7d46, 0x1b5fdb, 0x616b78];
/** What is left of a colour after a minute. */
const LEFT = 0.26;
const ZOOM = 15.5;

let server;
let browser;
let front;
around({ demo: 0 }, (world) => ({ server, browser } = world));
afterEach(() => front?.close());

/** A courier so many pixels east of the middle, and south of it. */
const at = (name, dx, more = {}, dy = 0) => ({ name, ...beside(PLAIN, ZOOM, dx, dy), ...more });

/** A page that is fed with these couriers. */
async function open(couriers, { zoom = ZOOM, query = "", welcome = {}, ...options } = {}) {
  front?.close();
  front = Object.assign(await feed(server.url, new Placed(couriers)), { welcome });
  const page = await Page.open(browser, front, `?at=${PLAIN},${zoom}${query}`, { watch: listen, ...options });
  // Nobody else knows the feed's couriers and deliveries.
  page.allow(/404 \(Not Found\)/);
  return page.ready();
}

const row = async (page, name, part) => (await page.row(name).locator(part).allInnerTexts()).join(" | ");
const tags = (page, name) => row(page, name, ".tag");
/** The rows from the top. */
const names = (page) => page.rows().evaluateAll((rows) => {
  const place = (row) => Number(row.getAttribute("aria-posinset"));
  return rows.sort((a, b) => place(a) - place(b)).map((row) => row.dataset.courier);
});
/** A courier as people call it. */
const called = (name) => (/^[a-z-]+$/.test(name) ? name.replace(/(^|-)[a-z]/g, (start) => start.toUpperCase()).replaceAll("-", " ") : name);

test("a position grows old in steps: its age from 15 s, last seen from 1 min, grey from 5 min and still there", async () => {
  const places = { new: -300, aging: -150, stale: 0, gone: 150, offline: 300 };
  const page = await open([
    at("c-new", places.new, { age: 5 }),
    at("c-aging", places.aging, { age: 20 }),
    at("c-stale", places.stale, { age: 90 }),
    at("c-gone", places.gone, { age: 400 }),
    at("c-offline", places.offline, { age: 400, state: "offline" }),
  ]);
  await until("the first is young", async () => /^[5-9] s ago$/.test(await row(page, "c-new", ".a")));
  await until("the second has its age", async () => /^2[0-9] s ago$/.test(await row(page, "c-aging", ".a")));
  await reads("it is none of a delivery", () => row(page, "c-aging", ".d"), "No delivery");
  await reads("the third was last seen", () => row(page, "c-stale", ".d"), /^Last seen \d\d:\d\d$/);
  await reads("a minute ago", () => row(page, "c-stale", ".a"), "1 min ago");
  await reads("so was the fourth", () => row(page, "c-gone", ".d"), /^Last seen \d\d:\d\d$/);
  await reads("who is gone is still there", () => page.drawn(), 5);
  await coloured(page, "the young one is green", IDLE, places.new);
  await coloured(page, "so is one of 20 s", IDLE, places.aging);
  await coloured(page, "after a minute little of it is left", mixed(GREY, IDLE, LEFT), places.stale);
  await coloured(page, "after five it is grey", GREY, places.gone);
  await coloured(page, "so is who is offline", GREY, places.offline);
  let texts;
  const seen = async (name) => `seen ${/\d\d:\d\d/.exec(await row(page, name, ".d"))?.[0]}`;
  await until(async () => `ages beside the markers, and ${await seen("c-stale")}, ${await seen("c-gone")}: ${texts}`, async () => {
    texts = await written(page);
    return texts.some((text) => /^2\d s$/.test(text)) && texts.includes(await seen("c-stale")) && texts.includes(await seen("c-gone"));
  });
  assert.ok(!texts.some((text) => /^\d s$|min$/.test(text)), `a young one has none, an old one not both: ${texts}`);
  await page.shot("ages");
  await page.row("c-stale").click();
  await until("the drawer tells since when", async () => /Last position \d\d:\d\d:\d\d, 1 min ago/.test(await page.text("#drawer")));
  await reads("and what that means", () => page.text("#reasons"), "No position for 1 min");
  await page.close();
});

test("who falls silent gets its age by the clock alone", async () => {
  const page = await open([at("c-silent", 0, { age: 11 })]);
  front.fleet.named("c-silent").mute = true;
  const frames = front.frames;
  await until("its age is beside it", async () => (await written(page)).some((text) => /^(1[5-9]|[2-5]\d) s$/.test(text)));
  assert.ok(front.frames <= frames + 1, "nothing was heard of it");
  await until("and in its row", async () => Number(/^(\d+) s ago$/.exec(await row(page, "c-silent", ".a"))?.[1]) >= 15);
  await page.close();
});

/** Couriers of whom something is wrong. */
const doubtful = () => [
  at("c-plain", -300, { sim: true }),
  at("c-two", -200, { two: true }),
  at("c-ahead", -100, { age: -40, off: true }),
  at("c-far-ahead", 0, { age: -180, off: true }),
  at("c-off", 100, { age: 3, off: true }),
  at("c-quiet", 200, { age: 48, two: true, off: true }),
  at("c-alarm", 300, { age: 75, state: "alarm" }),
];

test("what is told may not be of now, and why: two devices, a clock that is ahead and by how much, silence", async () => {
  const page = await open(doubtful());
  front.say({ type: "events", cursor: "feed", deliveries: [delivery("c-alarm", { reference: "order-alarm" })] });
  for (const [courier, expected] of [
    ["c-two", "2 devices"], ["c-plain", "sim"], ["c-ahead", "Clock 40 s ahead"], ["c-far-ahead", "Clock 3 min ahead"],
    // Nobody knows by how much.
    ["c-off", "Clock ahead"], ["c-alarm", "Silent"],
  ]) await reads(`the tag of ${courier}`, () => tags(page, courier), expected);
  await until("two devices stand on the map, too", async () => (await written(page)).includes("2"));

  // Who has none comes after one who has: nothing is there from the beginning.
  const quiet = /^No position for \d\d s; Two devices send its position; Its device's clock is ahead$/;
  for (const [courier, expected] of [
    ["c-two", "Two devices send its position"], ["c-plain", ""], ["c-ahead", "Its device's clock is 40 s ahead"],
    ["c-far-ahead", "Its device's clock is 3 min ahead"], ["c-quiet", quiet], ["c-alarm", ""],
  ]) {
    await page.row(courier).click();
    await reads("the drawer is another's", () => page.text("#drawer h2"), called(courier));
    await reads(`the reasons of ${courier}`, async () => (await page.$("#reasons li").allInnerTexts()).join("; "), expected);
  }
  await reads("a tag says it", () => page.text("#drawer .tag.alarm"), /^Silent 1 min$/);
  await page.shot("reasons");
  await page.close();
});

/** How far the figures of the status bar stand from what is left of them, or right of them, px. */
const apart = (page, other, right = false) => page.tab.evaluate(([other, right]) => {
  const boxes = (selector) => [...document.querySelectorAll(selector)].map((one) => one.getBoundingClientRect()).filter(({ width }) => width > 1);
  const [one, two] = right ? [boxes(".metrics > *"), boxes(other)] : [boxes(other), boxes(".metrics > *")];
  return Math.min(...two.map(({ left }) => left)) - Math.max(...one.map(({ right }) => right));
}, [other, right]);

test("a server that is behind says so, once aloud, until it has caught up", async () => {
  const page = await open([at("c-plain", 0)]);
  const tag = page.$("[data-server-behind]");
  const spoken = async () => (await said(page)).filter((text) => /^Server/.test(text));
  await until("the figures are there", () => page.$("[data-metric=p95]").isVisible());
  front.fleet.behind_ms = 1_900;
  // The same message says how many are on a delivery.
  front.fleet.named("c-plain").state = "on_delivery";
  await until("that was heard", async () => (await page.text("[data-count=delivery] b")) === "1");
  assert.equal(await tag.count(), 0, "nobody would notice it");
  front.fleet.behind_ms = 12_400;
  await until("it is told", async () => (await tag.allInnerTexts()).join() === "Server 12 s behind");
  await page.row("c-plain").click();
  await until("the drawer tells it, too", async () => (await page.text("#reasons")) === "Server 12 s behind");
  front.fleet.behind_ms = 75_000;
  await until("it is told as it grows", async () => (await tag.innerText()) === "Server 1 min behind");
  assert.ok((await apart(page, ".count")) >= 0, "it covers no count");
  await page.shot("server-behind");
  front.fleet.behind_ms = 0;
  await until("it is over", async () => (await tag.count()) === 0);
  assert.deepEqual(await spoken(), ["Server 12 s behind"], "it is said once");
  await page.close();
});

test("the same reasons in Portuguese, on a phone", async () => {
  const page = await open([...doubtful(), at("c-seen", 0, { age: 130 }, -150)], { locale: "pt-BR", viewport: PHONE });
  front.fleet.behind_ms = 12_400;
  await until("two devices", async () => (await tags(page, "c-two")) === "2 aparelhos");
  await reads("how far a clock is ahead", () => tags(page, "c-far-ahead"), "Relógio 3 min adiantado");
  await reads("that one is", () => tags(page, "c-off"), "Relógio adiantado");
  await until("beside the marker of an old one", async () => (await written(page)).some((text) => /^visto \d\d:\d\d$/.test(text)));
  for (const viewport of [PHONE, SMALL_PHONE]) {
    await page.tab.setViewportSize(viewport);
    for (const [behind, text] of [[12_400, "Servidor 12 s atrasado"], [15 * 60_000, "Servidor 15 min atrasado"]]) {
      front.fleet.behind_ms = behind;
      await until("the server is behind", async () => (await page.text("[data-server-behind]")) === text);
      const cut = await page.$("[data-server-behind]").evaluate((tag) => tag.scrollWidth - tag.clientWidth);
      assert.equal(cut, 0, `"${text}" is cut by ${cut} px at ${viewport.width} px`);
      await page.fitsItsWidth("a phone's status bar");
      assert.ok((await apart(page, ".brand > *")) >= 0, "it covers nothing");
      assert.ok((await apart(page, ".bar > .ibs", true)) >= 0, "nor is it covered");
    }
    await page.shot(`server-behind-phone-${viewport.width}`);
  }
  front.fleet.behind_ms = 12_400;
  await page.row("c-quiet").click();
  await until("the drawer has the reasons", async () => /Sem posição há \d\d s[^]*Dois aparelhos[^]*relógio do aparelho está adiantado[^]*Servidor 12 s atrasado/.test(await page.text("#reasons")));
  await page.close();
});

test("a delivery that nobody ends is its courier's for as long as the server says", async () => {
  const page = await open([at("c-lost", 0, { state: "on_delivery" })], { welcome: { delivery_max_ms: 62_000 } });
  // It set off 50 s ago.
  front.say({ type: "events", cursor: "feed", deliveries: [delivery("c-lost", { reference: "order-lost" })] });
  await until("it has its delivery", async () => /order-lost/.test(await row(page, "c-lost", ".d")));
  front.fleet.named("c-lost").state = "idle";
  await until("it has none any more", async () => (await row(page, "c-lost", ".d")) === "No delivery");
  await page.$("#start-button").click();
  await until("another one may be given to it", () => page.$("[data-choice=c-lost]").isEnabled());
  await page.close();
});

test("of the couriers that a search finds, each can be chosen", async () => {
  const page = await open([at("c-one", -100), at("c-two", 100)]);
  await page.$("#start-button").click();
  await page.$("#courier-search").fill("c-");
  const chosen = () => page.$("#start-form [data-choice][aria-checked=true]").getAttribute("data-choice");
  const other = (await until("one is proposed", chosen)) === "c-one" ? "c-two" : "c-one";
  await page.$(`[data-choice=${other}]`).click();
  const frames = front.frames;
  await until("it goes on", () => front.frames > frames + 20);
  assert.equal(await chosen(), other, "and stays the chosen one");
  await page.close();
});

/** What lies over each other of what floats on the map and of what is written in the time bar; what is not there is a fault. */
const crowded = (page) => page.tab.evaluate(() => {
  const text = (element) => {
    const range = document.createRange();
    range.selectNodeContents(element);
    return range.getBoundingClientRect();
  };
  const all = (selector, box = (element) => element.getBoundingClientRect()) =>
    [...document.querySelectorAll(selector)].filter((element) => element.checkVisibility({ visibilityProperty: true })).map((element) => [selector, box(element)]);
  const faults = [];
  const apart = (ones, others) => {
    for (const [one, a] of ones) {
      for (const [other, b] of others) {
        const [x, y] = [Math.min(a.right, b.right) - Math.max(a.left, b.left), Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top)];
        if (x > 0.5 && y > 0.5) faults.push(`${one} lies over ${other}: ${Math.round(x)} x ${Math.round(y)} px`);
      }
    }
  };
  const [legend, credit, bar, none] = [all(".legend"), all(".attr"), all(".tb"), all(".hist .none", text)];
  for (const [name, { length }] of Object.entries({ legend, credit, bar, none, scale: all(".attr .measure") })) if (length !== 1) faults.push(`${length} of ${name}`);
  const panels = [...all(".drawer"), ...all(".rail"), ...all(".ctl")];
  apart(legend, [...credit, ...bar, ...panels]);
  apart(credit, [...bar, ...panels]);
  apart(bar, panels);
  const hours = all(".hist .hours span", text);
  apart([...none, ...hours], [...all(".tb .live"), ...all(".tb .pick.span"), ...all("#figures-button")]);
  apart(none, [...hours, ...all(".hist .head")]);
  const inside = all(".hist").map(([, { top }]) => [".hist .none", { left: 0, right: innerWidth, top: top - 20, bottom: top - 2 }]);
  apart(none, inside);
  return faults;
});

for (const [locale, word] of [["en-GB", "Legend"], ["pt-BR", "Legenda"]]) {
  test(`legend, scale, credit and time bar keep apart beside rail and drawer, ${locale}`, async () => {
    // The scale is as long as it can be.
    const page = await open([at("c-one", -20), at("c-two", 20)], { zoom: 16.35, locale, viewport: { width: 1024, height: 700 } });
    for (const width of [1024, 1120, 1440]) {
      await page.tab.setViewportSize({ width, height: 700 });
      for (const drawer of [false, true]) {
        if (drawer) await page.row("c-one").click();
        await until("the drawer is so", async () => (await page.$("#drawer").count()) === Number(drawer));
        await until("nothing was started", () => page.$(".hist .none").isVisible());
        await page.shot(`room-${locale}-${width}${drawer ? "-drawer" : ""}`);
        assert.deepEqual(await crowded(page), [], `${width} px, drawer ${drawer}`);
        assert.ok((await apart(page, ".count")) >= 0, `the figures cover no count at ${width} px`);
        const folded = page.button(word, "#stage");
        if ((await folded.count()) > 0) {
          await folded.click();
          await page.$("div.legend").waitFor();
          assert.deepEqual(await crowded(page), [], `${width} px, drawer ${drawer}, the legend unfolded`);
          await page.shot(`room-${locale}-${width}${drawer ? "-drawer" : ""}-unfolded`);
          await page.$("div.legend").click();
        }
      }
      await page.press("Escape");
      await page.press("Escape");
    }
    await page.close();
  });
}

test("the most urgent stand first: alarms by their silence, late ones by how late, then arrivals, idle, offline", async () => {
  const now = Date.now();
  const min = 60_000;
  const page = await open([
    at("c-offline", -350, { age: 400, state: "offline" }),
    at("c-idle", -250, { sim: true }),
    at("c-later", -150, { state: "on_delivery", eta: now + 9 * min }),
    at("c-soon", -50, { state: "on_delivery", eta: now + 3 * min, sim: true }),
    at("c-late-03", 50, { state: "late" }),
    at("c-late-12", 150, { state: "late" }),
    at("c-alarm-70", 250, { age: 70, state: "alarm" }),
    at("c-alarm-99", 2_000, { age: 99, state: "alarm" }),
  ]);
  const late = (courier, minutes) => delivery(courier, { reference: `order-${courier}`, promised_at: Date.now() - (minutes + 0.1) * min });
  const others = ["c-later", "c-soon", "c-alarm-70", "c-alarm-99"].map((courier) => delivery(courier));
  const tell = () => front.say({ type: "events", cursor: "feed", deliveries: [late("c-late-03", 3), late("c-late-12", 12), ...others] });
  tell();
  // By name alone each pair would stand the other way round: the order is there when what it is made of has come.
  const order = ["c-alarm-99", "c-alarm-70", "c-late-12", "c-late-03", "c-soon", "c-later", "c-idle", "c-offline"];
  await until("all are listed", async () => (await page.rows().count()) === 8);
  await until(async () => `in this order: ${await names(page)}`, async () => (await names(page)).join() === order.join());
  await until("it says by how much", async () => (await tags(page, "c-late-12")) === "+12 min");
  await until("the badge is on the map", async () => (await written(page)).includes("+12"));

  await page.tab.getByLabel("Order of the list", { exact: true }).selectOption({ label: "By name" });
  await until("by name", async () => (await names(page)).join() === [...order].sort().join());
  await until("the address has it", async () => page.query().get("sort") === "name");
  await page.tab.getByLabel("Order of the list", { exact: true }).selectOption({ label: "Late first" });

  await page.tab.getByLabel("Source", { exact: true }).selectOption({ label: "Simulated" });
  await until("only the simulator's are listed", async () => (await names(page)).join() === "c-soon,c-idle");
  await until("the address has the source", async () => page.query().get("source") === "sim");
  await reads("how many they are", () => page.text("#listed"), "2 of 8");
  await page.tab.getByLabel("Source", { exact: true }).selectOption({ label: "Devices" });
  await until("only devices are listed", async () => (await names(page)).length === 6 && page.query().get("source") === "device");
  await page.tab.getByLabel("Source", { exact: true }).selectOption({ label: "Any source" });

  await page.tab.getByRole("button", { name: /^In view/ }).click();
  await until("who is outside the view is left out", async () => (await names(page)).join() === order.slice(1).join());
  await until("the address has it, too", async () => page.query().get("view") === "1");
  await page.tab.goto(`${front.url}/?at=${PLAIN},${ZOOM}&view=1&source=device`);
  await page.ready();
  // A page that is loaded anew knows no more of them than it is told.
  tell();
  await until("an address with both brings both", async () => (await names(page)).join() === "c-alarm-70,c-late-12,c-late-03,c-later,c-offline");
  await page.close();
});

test("what has ended stays on the time bar when it is long gone from the live state", async () => {
  const stored = [];
  const asked = [];
  const watch = async (tab) => {
    await listen(tab);
    await tab.addInitScript(() => {
      globalThis.ahead = 0;
      const [origin, now] = [performance.timeOrigin, Date.now.bind(Date)];
      Object.defineProperty(Performance.prototype, "timeOrigin", { get: () => origin + globalThis.ahead });
      Date.now = () => now() + globalThis.ahead;
    });
    await tab.route(/\/api\/v1\/deliveries\?from=/, (route) => {
      asked.push(route.request().url());
      return route.fulfill({ json: { items: stored, next: null, through: Date.now() } });
    });
  };
  const page = await open([at("c-idle", 0)], { watch });
  const started = async () => Number(/^(No|\d+) deliver/.exec(await page.$("#hist-bars").textContent())[1].replace("No", "0"));
  await until("nothing is stored", async () => asked.length > 0 && (await started()) === 0);
  const done = delivery("c-idle", { status: "delivered", finished_at: Date.now() });
  front.say({ type: "events", cursor: "feed", deliveries: [done] });
  await until("it is on the bar as it was seen", async () => (await started()) === 1);

  stored.push(done);
  const before = asked.length;
  front.ahead_ms = 16 * 60_000;
  await page.tab.evaluate((ms) => (globalThis.ahead = ms), front.ahead_ms);
  await until("the store is asked again", () => asked.length > before);
  await until("the live state has forgotten it", async () => (await page.text("#tab-deliveries")).trim().endsWith("0"));
  await until("the bar has not", async () => (await started()) === 1);
  await page.close();
});

test("from near to far: names, arrows, dots, numbers, and back", async () => {
  const spread = [-200, -100, 0, 100, 200];
  const page = await open(spread.map((dx, n) => at(`c-${n}`, dx, { state: "on_delivery", speed: 5, heading: 45 })));
  await reads("the tier", () => page.tier(), "arrows");
  await coloured(page, "the one in the middle is blue", BLUE, 0, 60);
  const whole = (await look(page))(BLUE, await point(page, 0));
  assert.ok(!(await written(page)).includes("c-2"), "arrows have no names");
  const step = async (key, tier) => {
    const zoom = await page.zoom();
    await page.press(key);
    // To the end: a step that begins before the end of another goes less far.
    await until(`the zoom is another than ${zoom}`, async () => Math.abs(Math.abs((await page.zoom()) - zoom) - 1) < 0.015);
    await until(`the tier is ${tier}`, async () => (await page.tier()) === tier);
  };
  await step("+", "labels");
  await until("names are written", async () => (await written(page)).includes("c-2"));
  await step("-", "arrows");
  await step("-", "arrows");
  await step("-", "dots");
  await until("dots are smaller than arrows", async () => {
    const small = (await look(page))(BLUE, await point(page, 0), 8);
    return small > 10 && small < whole * 0.75;
  });
  await reads("as many as before", () => page.drawn(), 5);
  await step("-", "dots");
  await step("-", "counts");
  await until("nobody is drawn alone", async () => (await page.drawn()) === 0);
  await until("all are counted", async () => /\b5\b/.test(await page.tab.getByRole("button", { name: /^In view/ }).innerText()));
  await reads("the legend is of cells", () => page.text(".legend"), /Couriers in the cell/);
  for (const tier of ["dots", "dots", "arrows"]) await step("+", tier);
  await until("all are drawn again", async () => (await page.drawn()) === 5);
  await page.close();
});

test("a row marks its courier on the map, and a courier its row", async () => {
  const page = await open([at("c-left", -200), at("c-right", 200, { state: "on_delivery" })]);
  await coloured(page, "the courier is drawn", BLUE, 200, 30);
  const hovered = () => page.$(".row.hov").evaluateAll((rows) => rows.map((row) => row.dataset.courier).join());
  // Beside the marker, and within the halo around it.
  const halo = async () => (await look(page))(0xf3f2ee, await point(page, 213), 2);
  await until("the ground beside it is bare", async () => (await halo()) > 10);
  await page.row("c-right").hover();
  await until("a halo is around it", async () => (await halo()) === 0);
  await reads("the map knows", () => page.attribute(".map-pane", "data-over"), "true");
  const left = await point(page, -200);
  await page.tab.mouse.move(left.x, left.y);
  await until("the other's row is marked", async () => (await hovered()) === "c-left");
  await until("and the first one's halo is gone", async () => (await halo()) > 10);
  const free = await point(page, 0, 100);
  await page.tab.mouse.move(free.x, free.y);
  await until("over bare ground nobody is", async () => (await hovered()) === "" && (await page.attribute(".map-pane", "data-over")) === "false");
  await page.close();
});

test("arrivals and the connection are said aloud, each once", async () => {
  const page = await open([at("c-one", -100), at("c-two", 100)]);
  page.allow(/WebSocket connection/);
  await until("notices can be shown", () => page.$(".toasts").count());
  // This notice stays until it is closed, so it is older than all that follow.
  front.fleet.named("c-two").state = "alarm";
  await until("an alarm is said", async () => (await said(page)).includes("C Two is silent"));
  const orders = [1, 2, 3, 4].map((n) => delivery(n % 2 ? "c-one" : "c-two", { reference: `order-${n}` }));
  front.say({ type: "events", cursor: "feed", deliveries: orders });
  await page.$("#tab-deliveries").click();
  await until("they are known", async () => (await page.rows().count()) === 4);
  const arrive = (...numbers) => front.say({
    type: "events", cursor: "feed",
    deliveries: orders.filter((_, i) => numbers.includes(i + 1)).map((order) => ({ ...order, status: "delivered", finished_at: Date.now() })),
  });
  const news = async () => (await said(page)).filter((text) => /order-|silent/.test(text));
  arrive(1);
  await until("an arrival is said", async () => (await news()).join("; ") === "C Two is silent; order-1 delivered");
  await page.dismiss("order-1");
  await until("the newer notice is closed, the older one is there", async () => /^C Two is silent/.test((await page.$(".toast").allInnerTexts()).join()));
  arrive(2);
  await until("another is said", async () => (await news()).at(-1) === "order-2 delivered");
  arrive(3, 4);
  await until("two at once are both said", async () => /^order-[34] delivered\. order-[34] delivered$/.test((await news()).at(-1)));
  assert.equal((await news()).length, 4, `the alarm was not said again: ${await news()}`);

  const before = (await said(page)).length;
  front.away = true;
  front.cut();
  const since = async () => (await said(page)).slice(before);
  await until("a loss is said", async () => (await since()).includes("Reconnecting"));
  front.away = false;
  await until(async () => `so is the return: ${await since()}`, async () => {
    const heard = await since();
    return heard.includes("Live") && heard.some((text) => /^Caught up, \d+ updates?$/.test(text));
  });
  assert.ok(front.heard.some((said) => said.type === "hello" && said.cursor === "feed"), "it asks for what it missed");
  const silent = page.$(".toast").filter({ hasText: "C Two is silent" });
  await silent.getByRole("button", { name: "Close" }).click();
  await until("an alarm is there until it is closed", async () => (await silent.count()) === 0);
  await page.close();
});
