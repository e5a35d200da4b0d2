// Pictures of the states that bad luck brings, and of other windows, languages and links: a part of shots.mjs, which gives
// what all pictures are made with.

import { feed, Placed } from "./feed.mjs";
import { browse, PHONE, Server, SMALL_DESKTOP, SMALL_PHONE, until } from "./harness.mjs";

const ROUTE = "railway-square-to-market-hall";
const MIDDLE = "?at=60.1693,24.9442,15.45";
const SMALL = { viewport: SMALL_DESKTOP };
const phone = (viewport) => ({ viewport, hasTouch: true, isMobile: true, deviceScaleFactor: 1.5 });
const TABLET = { viewport: { width: 820, height: 1100 }, hasTouch: true, isMobile: true, deviceScaleFactor: 1 };
const AWAY = { status: 503, contentType: "application/problem+json", body: JSON.stringify({ type: "/problems/history-unavailable", title: "History is away", status: 503, detail: "the store does not answer" }) };

/** An end of the demo city's first route that several couriers have come to. */
async function oneSpot(server) {
  const couriers = ["aino", "helmi", "mikko"];
  const all = await Promise.all(couriers.map((courier) => server.deliver(courier, ROUTE, { speed: 60, interval_ms: 200 })));
  const ended = async ({ delivery }) => (await server.get(`/deliveries/${delivery}`)).status === "delivered";
  await until("they have arrived", async () => (await Promise.all(all.map(ended))).every(Boolean), 60_000);
  return (await server.get(`/couriers/${couriers[0]}`)).position;
}

async function past(page, at) {
  await page.tab.goto(`${page.server.url}/${MIDDLE}&t=${at}`);
  await until("the past is shown", async () => (await page.attribute("[data-past]", "data-past")) === "shown", 60_000);
}

/** Makes those of them that are wanted. */
export async function luck(browser, { is, on, picture, settled }) {
  const names = ["card-lost", "clock-wrong", "newer-page", "store-away", "one-spot", "portuguese", "past-dark", "phone-past", "phone-small", "tablet", "customer-late", "customer-plain", "customer-over"];
  if (is("ten-thousand")) {
    const server = await Server.start({ demo: 0 });
    const front = await feed(server.url, 10_000);
    await on(browser, front, "?at=60.17,24.944,13.4", SMALL, async (page) => {
      await until("all are drawn", async () => (await page.drawn()) === 10_000, 60_000);
      await until("the map is ready", async () => (await page.attribute(".map-pane", "data-ready")) === "true");
      await picture(page, "ten-thousand", { ground: "any" });
    });
    front.close();
    await server.remove();
  }
  if (is("stale")) {
    const server = await Server.start({ demo: 0 });
    const placed = new Placed([
      { name: "aino-korhonen", lat: 60.17045, lon: 24.9405, state: "on_delivery", speed: 6, heading: 80, age: 2 },
      { name: "veikko-salo", lat: 60.1689, lon: 24.9428, state: "on_delivery", speed: 5, heading: 60, age: 28 },
      { name: "leena-laine", lat: 60.1682, lon: 24.9412, age: 140 },
      { name: "olga-ivanova", lat: 60.1704, lon: 24.9462, state: "alarm", age: 200 },
      { name: "thiago-moreira", lat: 60.1677, lon: 24.9455, state: "offline", age: 420 },
      { name: "mikko-aalto", lat: 60.16925, lon: 24.9475, state: "on_delivery", speed: 4, heading: 190, age: 3, two: true },
      { name: "helmi-virtanen", lat: 60.1686, lon: 24.9392, age: -180, off: true },
    ]);
    placed.behind_ms = 12_000;
    const front = await feed(server.url, placed);
    await on(browser, front, `${MIDDLE}&sel=olga-ivanova`, SMALL, async (page) => {
      await settled(page);
      await page.$("#reasons").waitFor();
      await picture(page, "stale", { ground: "any" });
    });
    front.close();
    await server.remove();
  }
  if (!is(...names)) return;

  const server = await Server.start({ demo: 14 });
  const began = Date.now();
  const shot = (name, query, options, act) => is(name) && on(browser, server, query, options, (page) => act(page, (more) => picture(page, name, more)));
  try {
    await shot("portuguese", MIDDLE, { ...SMALL, locale: "pt-BR" }, async (page, take) => {
      await settled(page);
      await page.rows().nth(1).click();
      await until("the drawer tells", async () => (await page.$("#drawer ol li").count()) > 1);
      await take({ ground: "any" });
    });
    await shot("clock-wrong", MIDDLE, {
      ...SMALL,
      watch: (tab) => tab.addInitScript((ms) => {
        const [origin, now] = [performance.timeOrigin, Date.now.bind(Date)];
        Object.defineProperty(Performance.prototype, "timeOrigin", { get: () => origin + ms });
        Date.now = () => now() + ms;
      }, 7 * 60_000),
    }, async (page, take) => {
      await settled(page);
      await page.$("[data-device-clock]").waitFor();
      await take({ ground: "any" });
    });
    await shot("card-lost", MIDDLE, SMALL, async (page, take) => {
      await settled(page);
      await page.tab.evaluate(() => document.querySelector(".map-pane canvas").getContext("webgl2").getExtension("WEBGL_lose_context").loseContext());
      await page.$(".notice-page").waitFor();
      await page.rows().first().click();
      await until("the drawer tells", async () => (await page.$("#drawer ol li").count()) > 1);
      await take();
    });
    await shot("store-away", MIDDLE, { ...SMALL, watch: (tab) => tab.route(/\/api\/v1\/(replay|analytics|deliveries\?)/, (route) => route.fulfill(AWAY)) }, async (page, take) => {
      await settled(page);
      await page.press("a");
      await page.$("[data-figures=fault]").waitFor();
      await take();
    });
    if (is("one-spot")) {
      const end = await oneSpot(server);
      await on(browser, server, `?at=${end.lat},${end.lon},17`, SMALL, async (page) => {
        await settled(page);
        const { x, y, width, height } = await page.$(".map-pane canvas").first().boundingBox();
        await until("a click lists them", async () => {
          await page.tab.mouse.click(x + width / 2, y + height / 2);
          await page.$('[data-stacked="helmi"]').waitFor({ timeout: 3_000 });
          return true;
        });
        await picture(page, "one-spot", { ground: "any" });
      });
    }
    await shot("phone-small", MIDDLE, phone(SMALL_PHONE), async (page, take) => {
      await settled(page);
      await take({ ground: "any" });
    });
    await shot("tablet", MIDDLE, TABLET, async (page, take) => {
      await until("couriers are drawn", async () => (await page.drawn()) > 0, 60_000);
      await page.button("List", ".bar").tap();
      await page.rows().first().waitFor();
      await take({ ground: "any" });
    });
    const open = async (courier, body, options, act, by = browser) => {
      const { delivery } = await server.deliver(courier, ROUTE, body);
      const { body: link } = await server.ask("POST", `/deliveries/${delivery}/link`, {});
      const url = new URL(link.url);
      await on(by, server, url.pathname.slice(1) + url.hash, { ...phone(PHONE), ...options }, (page) => act(page, delivery));
      await server.ask("POST", `/deliveries/${delivery}/cancel`, {});
    };
    if (is("customer-late")) {
      await open("eeva-lind", { speed: 1, promised_at: Date.now() + 60_000 }, {}, async (page) => {
        await until("it is late", async () => /is late: promised by/.test(await page.text("#sentence")));
        await until("the map is drawn", async () => (await page.attribute("#where", "data-ready")) === "true", 60_000);
        await picture(page, "customer-late", { ground: "any" });
      });
    }
    if (is("customer-plain")) {
      const plain = await browse({ webgl: false });
      await open("eeva-lind", { speed: 1, promised_at: Date.now() + 9 * 60_000 }, phone(SMALL_PHONE), async (page) => {
        await until("its position has an age", async () => /\d+ s/.test(await page.text("#age")));
        await picture(page, "customer-plain");
      }, plain);
      await plain.close();
    }
    await shot("customer-over", "track#no-token", phone(PHONE), async (page, take) => {
      await until("it says that it does not work", async () => /does not work/.test(await page.text("h1")));
      await take();
    });
    if (is("past-dark", "phone-past")) {
      await until("there is a past", () => Date.now() - began > 100_000, 120_000);
      const at = () => Date.now() - 40_000;
      await shot("past-dark", "", { ...SMALL, colorScheme: "dark" }, async (page, take) => {
        await past(page, at());
        await take({ ground: "any" });
      });
      await shot("phone-past", "", phone(PHONE), async (page, take) => {
        await past(page, at());
        await take({ ground: "any" });
      });
    }
    await shot("newer-page", MIDDLE, SMALL, async (page) => {
      await settled(page);
      await page.findsNewerPage();
      await server.kill();
      await server.restart();
      await page.$("[data-notice=new-page]").waitFor({ timeout: 60_000 });
      await picture(page, "newer-page", { ground: "any", toasts: true });
    });
  } finally {
    await server.remove();
  }
}
