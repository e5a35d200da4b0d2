// What every browser test stands on: the one process on free ports, a headless Chromium, pages that are listened to, and
// waiting for conditions instead of for time.

import assert from "node:assert/strict";
import { accessSync, constants, mkdirSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { after, afterEach, before } from "node:test";
import { chromium } from "playwright-core";

import { ROOT, Server, secret } from "./server.mjs";
import { PATIENCE, until } from "./wait.mjs";

export { PATIENCE, ROOT, Server, secret, until };

const SHOTS = join(ROOT, "target/shots");

function onPath(names) {
  for (const dir of (process.env.PATH ?? "").split(delimiter)) {
    for (const name of names) {
      const path = join(dir, name);
      try {
        accessSync(path, constants.X_OK);
        return path;
      } catch {
        // Not here.
      }
    }
  }
  throw new Error("no Chromium on PATH (Debian: apt-get install chromium)");
}

/**
 * One process and one browser for all tests of a file: `take` is given both before the first test and may prepare more. What a
 * test leaves open is closed after it.
 */
export function around(options, take) {
  let server;
  let browser;
  before(async () => {
    [server, browser] = await Promise.all([Server.start(options), browse()]);
    await take({ server, browser });
  }, { timeout: 240_000 });
  afterEach(Page.closeAll);
  after(async () => {
    await browser?.close();
    await server?.remove();
  }, { timeout: 60_000 });
}

const FLAGS = [
  "--no-sandbox", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update",
  "--disable-sync",
];
/** WebGL without a graphics card. */
const DRAWN_BY_CPU = ["--use-angle=swiftshader", "--enable-unsafe-swiftshader"];
/** No WebGL at all. */
const NOT_DRAWN = ["--disable-gpu", "--disable-3d-apis", "--disable-software-rasterizer"];

/** A browser with a fresh profile. */
export function browse({ webgl = true } = {}) {
  return chromium.launch({
    executablePath: onPath(["chromium", "chromium-browser", "google-chrome"]),
    headless: true,
    args: [...FLAGS, ...(webgl ? DRAWN_BY_CPU : NOT_DRAWN)],
    // What this library adds by default to reach a browser without a graphics card.
    ignoreDefaultArgs: webgl ? [] : ["--enable-unsafe-swiftshader"],
  });
}

/** The size of the pictures. */
export const DESKTOP = { width: 1440, height: 900 };
/** Just enough for rail and drawer: every pixel of the map is drawn by the processor. */
export const SMALL_DESKTOP = { width: 1120, height: 700 };
export const PHONE = { width: 390, height: 844 };
export const SMALL_PHONE = { width: 360, height: 740 };

/**
 * Building, park and the edge of a street by day and by night, and how much of a picture each is at least. Edges are thin and
 * softened, and there are fewer of them beside a park or the sea.
 */
const GROUND = [0xe4e1da, 0xdce8d2, 0xdcd8cf];
const GROUND_AT_NIGHT = [0x222830, 0x18261e, 0x12151a];
const LEAST = [0.02, 0.001, 0.00004];

/** Keeps each notice that the page shows: most are gone after some seconds, and a busy machine looks away for longer. */
function remember() {
  const notices = [];
  globalThis.notices = notices;
  const look = (changes) => {
    for (const { addedNodes } of changes) {
      for (const node of addedNodes) {
        if (node.nodeType !== Node.ELEMENT_NODE) continue;
        for (const notice of node.matches("[data-notice]") ? [node] : node.querySelectorAll("[data-notice]")) {
          notices.push({ kind: notice.dataset.notice, text: [...notice.querySelectorAll(".tt, .td")].map((line) => line.textContent).join("\n") });
        }
      }
    }
  };
  new MutationObserver(look).observe(document, { subtree: true, childList: true });
}

/** True where nothing slides or fades; what goes on for ever does not count. Runs in the page. */
const rests = () => document.getAnimations().every((one) => one.playState !== "running" || one.effect.getComputedTiming().endTime === Infinity);

/** A page that is listened to: what it complains about, and whom it asks. */
export class Page {
  static #open = new Set();

  /**
   * Texts that this page may complain with, as patterns: the browser's driver itself writes of the worker that it blocks, and the
   * browser of an attempt to connect that is given up after the 10 s that it may take.
   */
  allowed = [/Service Worker registration blocked/, /WebSocket is closed before the connection is established/];
  faults = [];

  /** Opens a page in a profile of its own. `query` is the address behind the host; `watch` is given the tab before it loads. */
  static async open(browser, server, query = "", { watch = () => {}, ...options } = {}) {
    const opened = new Page();
    const defaults = {
      viewport: SMALL_DESKTOP, colorScheme: "light", locale: "en-GB", timezoneId: "Europe/Helsinki",
      // Requests of a worker pass by `route`; the tests of the worker itself allow it.
      serviceWorkers: "block",
    };
    opened.context = await browser.newContext({ ...defaults, ...options });
    opened.context.setDefaultTimeout(PATIENCE);
    opened.server = server;
    Page.#open.add(opened);
    opened.tab = await opened.context.newPage();
    opened.#listen();
    await opened.tab.addInitScript(remember);
    await watch(opened.tab);
    await opened.tab.goto(`${server.url}/${query}`, { timeout: 60_000 });
    return opened;
  }

  #listen() {
    const { tab, server } = this;
    const began = Date.now();
    const complain = (fault) => this.faults.push(`after ${((Date.now() - began) / 1000).toFixed(1)} s: ${fault}`);
    const host = new URL(server.url).host;
    tab.on("console", (message) => {
      if (["error", "warning", "assert"].includes(message.type())) {
        complain(`console ${message.type()}: ${message.text()} (${message.location().url})`);
      }
    });
    tab.on("pageerror", (error) => complain(`uncaught: ${error.stack ?? error.message}`));
    tab.on("crash", () => complain("the page crashed"));
    const ask = (url) => {
      const { protocol, host: asked } = new URL(url);
      if (!["blob:", "data:", "about:"].includes(protocol) && asked !== host) complain(`asks another host: ${url}`);
    };
    this.context.on("request", (request) => ask(request.url()));
    tab.on("websocket", (socket) => ask(socket.url()));
  }

  /** After each test: what a failed one left open is pictured and closed, or it would go on drawing beneath the next. */
  static async closeAll(context) {
    for (const page of Page.#open) {
      const name = context.name.replace(/[^a-z0-9]+/gi, "-").slice(0, 60);
      await page.shot(`failed-${name}`).catch(() => {});
      await page.context.close();
    }
    Page.#open.clear();
  }

  /** Closes it; fails where it complained or asked another host. */
  async close() {
    await this.context.close();
    Page.#open.delete(this);
    this.check();
  }

  /** Fails where it complained or asked another host. */
  check() {
    const faults = this.faults.filter((fault) => !this.allowed.some((pattern) => pattern.test(fault)));
    assert.deepEqual(faults, [], "the page complained");
  }

  /** Allows complaints that match, as a refused request makes the browser itself write one. */
  allow(...patterns) {
    this.allowed.push(...patterns);
  }

  $(selector) {
    return this.tab.locator(selector);
  }

  button(name, within = "body") {
    return this.tab.locator(within).getByRole("button", { name, exact: true });
  }

  attribute(selector, name) {
    return this.$(selector).first().getAttribute(name, { timeout: PATIENCE });
  }

  text(selector) {
    return this.$(selector).first().innerText({ timeout: PATIENCE });
  }

  connection() {
    return this.attribute(".app", "data-connection");
  }

  async drawn() {
    return Number(await this.attribute(".app", "data-couriers-drawn"));
  }

  tier() {
    return this.attribute(".map-pane", "data-tier");
  }

  async zoom() {
    return Number(await this.attribute(".map-pane", "data-zoom"));
  }

  rows() {
    return this.$(".row[data-courier]:visible");
  }

  row(courier) {
    return this.$(`.row[data-courier="${courier}"]:visible`);
  }

  query() {
    return new URL(this.tab.url()).searchParams;
  }

  press(...keys) {
    return keys.reduce((before, key) => before.then(() => this.tab.keyboard.press(key)), Promise.resolve());
  }

  /** Where a card hangs whose courier stands in the middle of what the panels leave free. */
  async middle() {
    const { width, height } = await this.$("#stage").boundingBox();
    return { x: width / 2 - 18 + 30, y: height / 2 - 50 - 140 };
  }

  /** The notices of a kind that were shown since the page was loaded, each its lines, the oldest first. */
  async told(kind) {
    return (await this.tab.evaluate(() => globalThis.notices)).filter((notice) => notice.kind === kind).map(({ text }) => text);
  }

  /** Closes the notice that says this, where it has not gone by itself, and waits until it is gone. */
  async dismiss(text) {
    await until(`the notice is gone: ${text}`, () => this.tab.evaluate((text) => {
      const found = [...document.querySelectorAll(".toast")].find((toast) => toast.textContent.includes(text));
      found?.querySelector(":scope > button").click();
      return !found;
    }, text));
  }

  /** How old the positions of those are who are on the road, as their rows say it. */
  ages() {
    return this.$(".row.delivery[data-courier]:visible .a").allInnerTexts();
  }

  /** True where somebody is on the road, and everybody's position is of the last seconds. */
  async young() {
    const ages = await this.ages();
    return ages.length > 0 && ages.every((text) => /^(now|[1-9] s ago)$/.test(text));
  }

  /** Waits until so many couriers are drawn. They drive on: who has left what is shown is there when all are shown. */
  async draws(number) {
    await until(async () => `${number} couriers are drawn: ${await this.drawn()}`, async () => {
      const all = async () => (await this.drawn()) === number;
      return await until("without a change of the view", all, 3_000).catch(async () => {
        await this.press("0");
        return false;
      });
    }, 2 * PATIENCE);
  }

  /**
   * Waits until the address has rested, by the page's own clock, and gives it. It is written a moment after the last change of
   * what it tells, and the map flies for a while.
   */
  async rested() {
    await until("the address has rested", async () => {
      const before = this.tab.url();
      await this.tab.evaluate(() => new Promise((resolve) => setTimeout(resolve, 1_500)));
      return before === this.tab.url();
    });
    return this.tab.url();
  }

  /** Waits until streets and couriers are drawn and the list is there. */
  async ready() {
    await until("the connection is live", async () => (await this.connection()) === "live", 60_000);
    await until("the map is ready", async () => (await this.attribute(".map-pane", "data-ready")) === "true");
    await until("couriers are drawn", async () => (await this.drawn()) > 0 || (await this.tier()) === "counts");
    await until("rows are listed", async () => (await this.rows().count()) > 0);
    return this;
  }

  /** How much of the picture, or of a part of it, each of these colours is. */
  async shares(colours, clip) {
    const eye = await this.context.newPage();
    try {
      const picture = await this.tab.screenshot({ timeout: 60_000, clip });
      return await eye.evaluate(async ({ base64, colours }) => {
        const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
        const image = await createImageBitmap(new Blob([bytes], { type: "image/png" }));
        const canvas = new OffscreenCanvas(image.width, image.height);
        const brush = canvas.getContext("2d");
        brush.drawImage(image, 0, 0);
        const pixels = new Uint32Array(brush.getImageData(0, 0, image.width, image.height).data.buffer);
        const found = new Map(colours.map((colour) => [colour, 0]));
        for (const pixel of pixels) {
          const colour = ((pixel & 255) << 16) | (pixel & 0xff00) | ((pixel >> 16) & 255);
          if (found.has(colour)) found.set(colour, found.get(colour) + 1);
        }
        return [...found.values()].map((number) => number / pixels.length);
      }, { base64: picture.toString("base64"), colours });
    } finally {
      await eye.close();
    }
  }

  /** Waits until each of these colours is so much of the picture at least. */
  async shows(what, colours, least, clip) {
    let shares = [];
    await until(() => `${what}: shares ${shares}`, async () => {
      shares = await this.shares(colours, clip);
      return shares.every((share, i) => share >= least[i]);
    });
  }

  /** Waits until ground, buildings and streets are on the canvas: each is some part of the picture. */
  streets(dark = false) {
    return this.shows("streets and buildings are drawn", dark ? GROUND_AT_NIGHT : GROUND, LEAST);
  }

  /** Where the map looks, as the address says it; the address follows within half a second. */
  at() {
    const [lat, lon, zoom] = (this.query().get("at") ?? "").split(",").map(Number);
    return { lat, lon, zoom };
  }

  /** Where the selected courier's card hangs on the screen. */
  async callout() {
    const style = (await this.attribute(".callout", "style")) ?? "";
    const found = /translate\((-?[\d.]+)px, ?(-?[\d.]+)px\)/.exec(style);
    return found && { x: Number(found[1]), y: Number(found[2]) };
  }

  /** From now on the page that looks whether there is a newer one finds one; who loads it gets the one that there is. */
  async findsNewerPage() {
    await this.tab.route((url) => url.pathname === "/", async (route) => {
      if (route.request().isNavigationRequest()) return route.continue();
      // The browser knows this page already and would be told so.
      const { "if-none-match": _, ...headers } = route.request().headers();
      const answer = await route.fetch({ headers });
      return route.fulfill({ response: answer, body: (await answer.text()).replaceAll(/\/app\/[^/]+\//g, "/app/newer/") });
    });
  }

  /** Fails where the page is wider than its window. */
  async fitsItsWidth(what) {
    await this.stands();
    const [wide, window] = await this.tab.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
    assert.ok(wide <= window, `${what}: ${wide} px wide in a window of ${window} px`);
    const beyond = await this.tab.evaluate(() => {
      // What scrolls by itself may be wider.
      const found = [];
      for (const element of document.querySelectorAll(".app button, .app input, .app h1, .app h2, .app .card")) {
        const box = element.getBoundingClientRect();
        const shown = box.width > 0 && getComputedStyle(element).visibility === "visible";
        if (shown && (box.left < -1 || box.right > innerWidth + 1) && !element.closest(".counts, .chips, .chart.wide, .vh, .skip") && !element.closest("[hidden]")) {
          found.push(`${element.tagName} ${element.className} ${element.textContent.slice(0, 40)}`);
        }
      }
      return found;
    });
    assert.deepEqual(beyond, [], `${what}: beyond the window's edge`);
  }

  /** Waits until what slides or fades has arrived. */
  stands() {
    return until("all has slid into its place", () => this.tab.evaluate(rests));
  }

  /** A picture of what is on the screen, for people: `target/shots/NAME.png`. */
  async shot(name, path = join(SHOTS, `${name}.png`)) {
    mkdirSync(dirname(path), { recursive: true });
    await until("all has slid into its place", () => this.tab.evaluate(rests), 5_000).catch(() => {});
    await this.tab.screenshot({ path, timeout: 60_000 });
  }
}
