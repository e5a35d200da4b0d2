// Makes the pictures of README and docs/gallery.md: `cargo xtask shots [NAME...]` runs it. Each is what a visitor of the demo
// sees; only the figures of a whole day (`analytics`), which a demo does not have, are made up, and always the same.

import { createHmac } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { browse, DESKTOP, Page, PHONE, ROOT, Server, until } from "./harness.mjs";
import { smaller } from "./png.mjs";
import { luck } from "./shots-luck.mjs";

const IMAGES = join(ROOT, "docs/images");
/** What the pictures show: between station and market. */
const MIDDLE = "?at=60.1693,24.9442,15.45";
const INSIDE = { west: 24.9400, south: 60.1675, east: 24.9470, north: 60.1712 };
const ON_PHONE = { viewport: PHONE, hasTouch: true, isMobile: true, deviceScaleFactor: 1.5 };
const ROUTE = "railway-square-to-market-hall";

/** A picture with streets in it is larger than one of bare land, whatever tint or markers lie over their colours, bytes. */
const STREETS_ARE = 110_000;

const wanted = process.argv.slice(2);
const is = (...names) => wanted.length === 0 || names.some((name) => wanted.includes(name));
let total = 0;

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

/** Writes a picture of what is on the screen. `ground` waits for the streets, by day, by night or any; `toasts` are its subject. */
async function picture(page, name, { ground, toasts = false } = {}) {
  const path = join(IMAGES, `${name}.png`);
  // The pointer points at nothing, what opened has settled, and the figures of the first seconds are gone.
  await page.tab.mouse.move(DESKTOP.width / 2, 2);
  if (ground === "any") await until("streets are drawn", async () => (await page.tab.screenshot({ timeout: 60_000 })).length > STREETS_ARE, 60_000);
  else if (ground) await page.streets(ground === "night");
  for (const close of toasts ? [] : await page.$(".toast .ib").all()) await close.click({ timeout: 1_000 }).catch(() => {});
  await page.shot(name, path);
  const picture = smaller(readFileSync(path));
  writeFileSync(path, picture);
  total += picture.length;
  console.log(`docs/images/${name}.png: ${Math.round(picture.length / 1024)} KiB`);
}

async function settled(page) {
  await page.ready();
  const ms = async () => /^[\d.]+ ms$/.test(await page.text("[data-metric=p95]"));
  // A busy machine draws slowly, and says so: then the picture is taken all the same.
  await until("the figures are calm", ms, 45_000).catch(() => {});
}

/** Opens a page, makes the pictures that `act` makes, and closes it, whatever it complained about. */
async function on(browser, server, query, options, act) {
  const page = await Page.open(browser, server, query, { viewport: DESKTOP, ...options });
  try {
    await act(page);
  } catch (error) {
    // One picture that cannot be had does not take the others with it.
    console.error(`no picture of ${query || "the page"}: ${error.message}`);
    process.exitCode = 1;
  } finally {
    await page.close().catch(() => {});
  }
}

/** A day as it might have been: the same in every run. */
function day(from, to, routes) {
  let seed = 20_251_121;
  const random = () => {
    seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
    return seed / 2 ** 32;
  };
  const row = (t, key, count, slow) => {
    const delivered = Math.round(count * (0.93 + random() * 0.07));
    const promised = Math.round(delivered * 0.8);
    const late = Math.min(promised, Math.round(promised * (0.03 + slow * 0.22 * random())));
    return { t, key, count, delivered, mean_s: delivered ? 380 + slow * 240 + random() * 60 : null, promised, on_time: promised ? 1 - late / promised : null, predicted: delivered, mean_eta_error_s: delivered ? 22 + slow * 50 + random() * 10 : null };
  };
  const times = [];
  for (let t = from; t <= to; t += 3_600_000) {
    const hour = (new Date(t).getUTCHours() + 2) % 24;
    const busy = Math.exp(-(((hour - 12.5) / 2.2) ** 2)) + 1.2 * Math.exp(-(((hour - 18.5) / 2.6) ** 2)) + 0.06;
    times.push(row(t, "", Math.round(busy * 96 * (0.85 + random() * 0.3)), Math.min(1, busy * 0.8)));
  }
  const all = times.reduce((sum, time) => sum + time.count, 0);
  const weights = routes.map((_, i) => 1 / (i + 2.5));
  const sum = weights.reduce((a, b) => a + b, 0);
  return { times, routes: routes.map((route, i) => row(from, route, Math.round((all * weights[i]) / sum), random())) };
}

/** Lets the page's figures be those of a made-up day. */
async function madeUp(server, tab) {
  const routes = (await server.get("/routes")).items.map((route) => route.route);
  await tab.route("**/api/v1/analytics/**", (route) => {
    const query = new URL(route.request().url()).searchParams;
    const [from, to] = [Number(query.get("from")), Number(query.get("to"))];
    const made = day(from, to, routes);
    const rows = query.get("by") === "route" ? made.routes.sort((a, b) => (a.key < b.key ? -1 : 1)) : made.times;
    return route.fulfill({ json: { rows, more: false, through: Date.now() } });
  });
}

const figures = async (page) => {
  await madeUp(page.server, page.tab);
  await page.ready();
  await page.press("a");
  await until("the figures are there", () => page.$("[data-figures=shown]").isVisible());
};

async function city(browser) {
  const server = await Server.start({ demo: 36 });
  const began = Date.now();
  try {
    const { items: routes } = await server.get("/routes");
    // Some who cannot be in time.
    const long = [...routes].sort((a, b) => b.distance_m - a.distance_m);
    for (const [i, courier] of ["fatima-noor", "thiago-moreira", "olga-ivanova"].entries()) await server.deliver(courier, long[i].route, { speed: 0.6, reference: `order-94${20 + i}`, promised_at: Date.now() + (i + 1) * 60_000 });
    const shot = (name, query, options, act) => is(name) && on(browser, server, query, options, act);
    if (is("live", "disconnected", "dark-selected", "phone", "phone-selected")) await hero(server);

    await shot("live", `${MIDDLE}&sel=${is("live") ? await hero(server) : ""}&drawer=0`, {}, async (page) => {
      await settled(page);
      await until("its card is shown", () => page.callout());
      await picture(page, "live", { ground: "day" });
    });
    await shot("live-dark", MIDDLE, { colorScheme: "dark" }, async (page) => {
      await settled(page);
      await picture(page, "live-dark", { ground: "night" });
    });
    await shot("dark-selected", `${MIDDLE}&sel=${is("dark-selected") ? await hero(server) : ""}`, { colorScheme: "dark" }, async (page) => {
      await settled(page);
      await until("the drawer is complete", async () => /Missing\s+\d/.test(await page.text("#drawer")));
      await picture(page, "dark-selected", { ground: "night" });
    });
    await shot("zoomed-out", "?at=60.1,24.9,8.6", {}, async (page) => {
      await until("it is live", async () => (await page.connection()) === "live");
      await until("cells are counted", async () => (await page.tier()) === "counts");
      await settled(page);
      await picture(page, "zoomed-out");
    });
    await shot("start", MIDDLE, {}, async (page) => {
      await settled(page);
      await page.$("#start-button").click();
      await page.$(`#start-form [data-route="${ROUTE}"]`).click();
      await until("the line is on the map", async () => /about/.test(await page.text(".stage > .pill")));
      await page.$("#reference").fill("order-9418");
      await picture(page, "start", { ground: "day" });
    });
    await shot("own-line", MIDDLE, {}, async (page) => {
      await settled(page);
      await page.$("#start-button").click();
      await page.$("#draw").click();
      const stage = await page.$("#stage").boundingBox();
      for (const [x, y] of [[0.14, 0.28], [0.3, 0.3], [0.34, 0.5], [0.52, 0.54], [0.55, 0.74]]) await page.tab.mouse.click(stage.x + stage.width * x, stage.y + stage.height * y);
      await until("all points are there", async () => /^5 points/.test(await page.text("#drawing [role=status]")));
      await picture(page, "own-line", { ground: "day" });
    });
    await shot("loading", MIDDLE, { watch: (tab) => tab.route(/\/api\/v1\/(deliveries\/live|couriers\?)/, () => {}) }, async (page) => {
      await until("rows are skeletons", async () => (await page.$(".row.sk").count()) > 8);
      await until("the map is ready", async () => (await page.attribute(".map-pane", "data-ready")) === "true");
      await picture(page, "loading", { ground: "day" });
    });
    await shot("analytics", MIDDLE, {}, async (page) => {
      await figures(page);
      await picture(page, "analytics");
    });
    await shot("analytics-dark", MIDDLE, { colorScheme: "dark" }, async (page) => {
      await figures(page);
      await picture(page, "analytics-dark");
    });
    await shot("phone-analytics", MIDDLE, ON_PHONE, async (page) => {
      await figures(page);
      await picture(page, "phone-analytics");
    });
    await shot("phone", `${MIDDLE}&sel=${is("phone") ? await hero(server) : ""}&drawer=0`, ON_PHONE, async (page) => {
      await settled(page);
      // The chosen courier comes into the middle of what the sheet leaves free.
      await page.$('.ctl button[aria-label="Follow"]').tap();
      await until("the map has moved", async () => page.at().lat !== 60.1693);
      await picture(page, "phone", { ground: "day" });
    });
    await shot("phone-selected", `${MIDDLE}&sel=${is("phone-selected") ? await hero(server) : ""}`, { ...ON_PHONE, colorScheme: "dark" }, async (page) => {
      await until("couriers are drawn", async () => (await page.drawn()) > 0, 60_000);
      await until("the drawer is complete", async () => /Requested/.test(await page.text("#drawer")));
      await picture(page, "phone-selected", { ground: "any" });
    });
    await shot("phone-start", MIDDLE, ON_PHONE, async (page) => {
      await settled(page);
      await page.$("#start-button").tap();
      await page.$(`#start-form [data-route="${ROUTE}"]`).tap();
      await until("the line is on the map", async () => /about/.test(await page.text(".stage > .pill")));
      await picture(page, "phone-start", { ground: "day" });
    });
    if (is("customer", "customer-dark-pt", "customer-done")) await customers(browser, server);
    if (is("past")) {
      await until("there is a past", () => Date.now() - began > 100_000, 120_000);
      await on(browser, server, `${MIDDLE}&t=${Date.now() - 60_000}`, {}, async (page) => {
        await until("the past is shown", async () => (await page.attribute("[data-past]", "data-past")) === "shown", 60_000);
        await page.$(".tb .span select").selectOption("1");
        await page.$("#play").click();
        await until("it plays", async () => (await page.attribute("#play", "aria-pressed")) === "true");
        // Its colours are tinted: what the ground is like by day is not to be found.
        await until("the map is ready", async () => (await page.attribute(".map-pane", "data-ready")) === "true");
        await picture(page, "past");
      });
    }
    if (is("without-network")) {
      await on(browser, server, MIDDLE, { serviceWorkers: "allow" }, async (page) => {
        await page.ready();
        await until("the worker keeps the page", () => page.tab.evaluate(async () => (await navigator.serviceWorker.ready).active.state === "activated" && (await caches.keys()).some((name) => name.startsWith("page-"))));
        await page.tab.evaluate(() => dispatchEvent(new Event("pagehide")));
        await server.kill();
        await page.tab.reload();
        await until("the last known state is shown", async () => /showing \d\d/.test(await page.text("[data-banner=connection]")), 60_000);
        await until("couriers are drawn", async () => (await page.drawn()) > 0);
        await picture(page, "without-network", { ground: "day" });
      });
      await server.restart();
    }
    await shot("disconnected", MIDDLE, {}, async (page) => {
      await settled(page);
      await server.kill();
      await page.$("[data-banner]").waitFor();
      await until("ages are told", async () => /^(1[0-9]|[6-9]) s ago/.test(await page.text(".row[data-courier]:visible .a")));
      await picture(page, "disconnected", { ground: "day" });
    });
  } finally {
    await server.remove();
  }
}

/** A customer's page, by the token that the demo itself gives: the link works on this machine alone, which is all that is needed. */
async function customers(browser, server) {
  const open = async (body, options, act) => {
    const { delivery } = await server.deliver("eeva-lind", ROUTE, body);
    const { body: link } = await server.ask("POST", `/deliveries/${delivery}/link`, {});
    const url = new URL(link.url);
    await on(browser, server, url.pathname.slice(1) + url.hash, { ...ON_PHONE, ...options }, (page) => act(page, delivery));
    await server.ask("POST", `/deliveries/${delivery}/cancel`, {});
  };
  const drawn = (page) => until("the map is drawn", async () => (await page.attribute("#where", "data-ready")) === "true", 60_000);
  const name = async (page, name) => {
    await drawn(page);
    await until("the position has an age", async () => /\d+ s/.test(await page.text("#age")));
    await picture(page, name, { ground: name.includes("dark") ? "night" : "day" });
  };
  const promised_at = Date.now() + 9 * 60_000;
  if (is("customer")) await open({ speed: 1, promised_at }, {}, (page) => name(page, "customer"));
  if (is("customer-dark-pt")) await open({ speed: 1, promised_at }, { locale: "pt-BR", colorScheme: "dark" }, (page) => name(page, "customer-dark-pt"));
  if (is("customer-done")) {
    await open({ speed: 5, promised_at }, {}, async (page) => {
      await until("it is delivered", async () => (await page.attribute("#track", "data-state")) === "delivered", 120_000);
      await picture(page, "customer-done");
    });
  }
}

/** Where nothing has moved yet, and where there is no graphics card. */
async function small(browser) {
  if (is("empty")) {
    const server = await Server.start({ demo: 0 });
    await on(browser, server, "", {}, async (page) => {
      await until("the card offers first steps", () => page.$(".onboard[data-state=empty]").isVisible(), 60_000);
      await picture(page, "empty", { ground: "day" });
    });
    await server.remove();
  }
  if (is("without-webgl")) {
    const [server, plain] = await Promise.all([Server.start({ demo: 12 }), browse({ webgl: false })]);
    await on(plain, server, "", {}, async (page) => {
      await until("the couriers are listed", async () => (await page.rows().count()) === 12, 60_000);
      await page.rows().nth(0).click();
      await until("the drawer tells", async () => /Requested/.test(await page.text("#drawer ol")));
      await picture(page, "without-webgl");
    });
    await plain.close();
    await server.remove();
  }
  if (is("login")) {
    const dir = mkdtempSync(join(tmpdir(), "code-delivery-key-"));
    writeFileSync(join(dir, "secret"), `${createHmac("sha256", "shots").update("secret").digest("hex")}\n`);
    const server = await Server.start({ demo: 0, flags: ["--auth-secret-file", join(dir, "secret")] });
    await on(browser, server, "", {}, async (page) => {
      await until("it asks for a token", async () => (await page.attribute("html", "data-ready")) === "true");
      await picture(page, "login");
    });
    await server.remove();
    rmSync(dir, { recursive: true, force: true });
  }
}

const browser = await browse();
try {
  await small(browser);
  await city(browser);
  await luck(browser, { is, on, picture, settled });
  if (total > 0) console.log(`in all ${Math.round(total / 1024)} KiB`);
} finally {
  await browser.close();
}
