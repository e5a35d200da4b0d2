// How couriers move: what is drawn, read from the canvas itself, against the fixes that were known at that moment; and that
// nothing is drawn while nothing moves or nobody looks.

import assert from "node:assert/strict";
import { afterEach, test } from "node:test";

import { around, Page, PATIENCE, until } from "./harness.mjs";
import { beside, offset, PLAIN } from "./eye.mjs";
import { feed, Placed } from "./feed.mjs";

/** Half a metre is a pixel here. */
const ZOOM = 17;
/** A low window: each pixel of the map is drawn by the processor, and what is asked here is how often. */
const LOW = { width: 1120, height: 420 };
const METRE = 1 / 111_320 / Math.cos((PLAIN[0] * Math.PI) / 180);
/** How fast they drive, and how many pixels a second that is. */
const MPS = 16;
const SPEED = offset(PLAIN, ZOOM, { lat: PLAIN[0], lon: PLAIN[1] + MPS * METRE }).x;
const BLUE = [0x1b, 0x5f, 0xdb];

let server;
let browser;
let front;
around({ demo: 0 }, (world) => ({ server, browser } = world));
afterEach(() => front?.close());

/**
 * Counts frames (`calls`), what they draw (`draws`) and what came of couriers (`heard`), by the page's own clock. Where `eye` is a colour each frame in which
 * couriers are drawn is read: the middle of the pixels of that colour, in CSS pixels from the middle of the map, beside the
 * fixes as they came; `blank` counts those that have no such pixel.
 */
function watch() {
  const seen = { calls: 0, draws: 0, ours: 0, heard: 0, fixes: [], frames: [], blank: 0, eye: null };
  globalThis.seen = seen;
  const { prototype } = WebGL2RenderingContext;
  for (const name of ["drawArrays", "drawElements", "drawArraysInstanced", "drawElementsInstanced", "clear"]) {
    const draw = prototype[name];
    prototype[name] = function (...values) {
      if (name !== "clear") seen.draws += 1;
      // The ground has a canvas of its own.
      if (this.canvas.parentElement?.matches(".map-pane")) seen.ours += 1;
      return draw.apply(this, values);
    };
  }
  const HALF = 40;
  const read = (t) => {
    const gl = document.querySelector(".map-pane > canvas").getContext("webgl2");
    const [width, height] = [gl.drawingBufferWidth, gl.drawingBufferHeight];
    const bound = gl.getParameter(gl.FRAMEBUFFER_BINDING);
    gl.bindFramebuffer(gl.FRAMEBUFFER, null);
    const pixels = new Uint8Array(width * HALF * 2 * 4);
    gl.readPixels(0, height / 2 - HALF, width, HALF * 2, gl.RGBA, gl.UNSIGNED_BYTE, pixels);
    gl.bindFramebuffer(gl.FRAMEBUFFER, bound);
    let [n, x, y] = [0, 0, 0];
    for (let i = 0; i < pixels.length; i += 4) {
      if (seen.eye.every((level, channel) => Math.abs(pixels[i + channel] - level) < 40)) {
        n += 1;
        x += (i / 4) % width;
        y += Math.floor(i / 4 / width);
      }
    }
    if (n > 0) seen.frames.push({ t, n, x: x / n + 0.5 - width / 2, y: HALF - (y / n + 0.5) });
    else seen.blank += 1;
  };
  const next = globalThis.requestAnimationFrame.bind(globalThis);
  globalThis.nextPicture = next;
  globalThis.requestAnimationFrame = (run) => next((time) => {
    const [t, before] = [performance.now(), seen.ours];
    seen.calls += 1;
    run(time);
    if (seen.eye && seen.ours > before) read(t);
  });
  const { set } = Object.getOwnPropertyDescriptor(WebSocket.prototype, "onmessage");
  const note = ({ data }) => {
    const view = data instanceof ArrayBuffer && new DataView(data);
    if (view) seen.heard += 1;
    if (view && view.getUint32(16, true) === 1) seen.fixes.push({ t: performance.now(), lat: view.getInt32(40, true) / 1e7, lon: view.getInt32(44, true) / 1e7 });
  };
  Object.defineProperty(WebSocket.prototype, "onmessage", {
    set(run) {
      set.call(this, run && ((event) => {
        note(event);
        run.call(this, event);
      }));
    },
  });
}

async function open(couriers, { zoom = ZOOM, ...options } = {}) {
  front?.close();
  front = await feed(server.url, new Placed(couriers));
  const page = await Page.open(browser, front, `?at=${PLAIN},${zoom}`, { viewport: LOW, watch: (tab) => tab.addInitScript(watch), ...options });
  return page.ready();
}

/** A lone courier, that drives so many metres a second to the east from the left of the map. */
const eastwards = (speed, more = {}) => ({ name: "c-1", state: "on_delivery", ...beside(PLAIN, ZOOM, -300), drive: [0, speed * METRE], ...more });

/** A fix may come so much sooner or later than a second after the one before, s: what is drawn is judged by their times. */
const EVEN = 0.2;
/** As many fixes as the page needs to forget that the machine stalled: it smooths the time between them. */
const FORGOTTEN = 6;

/** True where the last fixes before `t` came evenly, on the way to the east, and the next is not overdue. */
function evenly(fixes, t) {
  const last = fixes.filter((fix) => fix.t <= t).slice(-FORGOTTEN);
  const even = (fix, i) => i === 0 || (Math.abs((fix.t - last[i - 1].t) / 1000 - 1) <= EVEN && fix.x > last[i - 1].x);
  return last.length === FORGOTTEN && last.every(even) && t - last.at(-1).t < 1000 * (1 + EVEN);
}

/** What the page has seen so far: places in pixels from the middle of the map. */
async function looked(page) {
  const { frames, fixes } = await page.tab.evaluate(() => globalThis.seen);
  return { frames, fixes: fixes.map((fix) => ({ ...offset(PLAIN, ZOOM, fix), t: fix.t })) };
}

/** Reads the canvas until `enough` of it; gives that. */
async function sampled(page, what, enough) {
  await page.tab.evaluate((colour) => {
    Object.assign(globalThis.seen, { eye: colour, frames: [], fixes: [] });
  }, BLUE);
  let seen;
  const courier = front.fleet.named("c-1");
  await until(() => `${what}: ${seen.frames.length} frames, fixes after ${seen.fixes.map(({ t }) => Math.round(t))} ms`, async () => {
    // It does not leave the map, however long that takes.
    if (offset(PLAIN, ZOOM, courier).x > 250) Object.assign(courier, beside(PLAIN, ZOOM, -300));
    return enough(seen = await looked(page));
  }, 4 * PATIENCE);
  return seen;
}

/** How much is drawn while so many frames come, and in the turns that the page has after them: one that stands still draws nothing. */
async function drawn(page, frames) {
  const counters = () => page.tab.evaluate(() => ({ heard: globalThis.seen.heard, calls: globalThis.seen.calls, draws: globalThis.seen.draws, pictures: globalThis.pictures ?? 0, t: performance.now() }));
  const before = await counters();
  await until(`${frames} frames have come`, async () => (await counters()).heard >= before.heard + frames);
  await page.tab.evaluate(async () => {
    for (let turn = 0; turn < 10; turn += 1) await new Promise((resolve) => setTimeout(resolve, 20));
  });
  const after = await counters();
  const seconds = (after.t - before.t) / 1000;
  const [calls, pictures] = [after.calls - before.calls, after.pictures - before.pictures];
  return { calls, draws: after.draws - before.draws, rate: calls / seconds, screen: pictures / seconds, seconds };
}

test("in every frame a courier is drawn on the way between its last two fixes, and as far as the time has come", async () => {
  // It says that it stands, so nothing is guessed beyond its last fix: what is drawn must lie between two of them.
  const page = await open([eastwards(MPS, { speed: 0.5 })]);
  const steady = ({ fixes, frames }) => frames.filter(({ t }) => evenly(fixes, t));
  const { fixes, frames } = await sampled(page, "a moving courier is drawn, and the machine does not stall", (seen) => steady(seen).length >= 40);
  const judged = steady({ fixes, frames });
  const [shares, behind] = [[], []];
  for (const { t, x, y } of judged) {
    const [from, to] = fixes.filter((fix) => fix.t <= t).slice(-2);
    const way = to.x - from.x;
    assert.ok(way > 0, `it drove ${way} px`);
    assert.ok(Math.abs(y - to.y) < 1.5, `${y - to.y} px beside the line`);
    // A fix that comes a quarter of a second early finds the courier so far from the one before.
    assert.ok(x > from.x - SPEED / 4 && x < to.x + 1.5, `drawn at ${x}, between fixes at ${from.x} and ${to.x}`);
    shares.push((x - from.x) / way);
    behind.push(shares.at(-1) - (t - to.t) / 1000);
  }
  const [least, most] = [Math.min(...shares), Math.max(...shares)];
  assert.ok(least < 0.3 && most > 0.7, `not at one end all the time: from ${least} to ${most} of the way`);
  const places = new Set(judged.map(({ x }) => Math.round(x * 2)));
  assert.ok(places.size >= 15, `drawn at ${places.size} places`);
  const middle = behind.sort((a, b) => a - b)[behind.length >> 1];
  assert.ok(Math.abs(middle) < 0.15, `it is where its time is, but for ${middle} s`);
  await page.shot("between-two-fixes");
  await page.close();
});

test("a courier of whom nothing is heard any more is guessed for 2 s at most, and then it stands and nothing is drawn", async () => {
  const page = await open([eastwards(MPS, { speed: MPS, heading: 90 })]);
  const courier = front.fleet.named("c-1");
  const { fixes, frames } = await until("it fell silent, and the machine did not stall", async () => {
    courier.mute = false;
    await sampled(page, "fixes come evenly", ({ fixes, frames }) => frames.length > 0 && evenly(fixes, frames.at(-1).t));
    courier.mute = true;
    // Nothing is drawn for two seconds in which the page had its turns.
    await until("it stands", () => page.tab.evaluate(async () => {
      const before = globalThis.seen.frames.length;
      for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setTimeout(resolve, 100));
      return globalThis.seen.frames.length === before;
    }));
    const seen = await looked(page);
    return evenly(seen.fixes, seen.fixes.at(-1).t) && seen;
  }, 4 * PATIENCE);
  const last = fixes.at(-1).x;
  // The middle of an arrow's surface is a little behind its place.
  const beyond = frames.at(-1).x - last;
  assert.ok(beyond > SPEED, `it went on: ${beyond} px beyond its last fix, at ${SPEED} px a second`);
  const furthest = Math.max(...frames.map(({ x }) => x)) - last;
  assert.ok(furthest < SPEED * 2.1 + 3, `but not for more than 2 s: ${furthest} px`);
  await page.close();
});

test("who asked for less motion sees a courier where its newest fix is, at once", async () => {
  const page = await open([eastwards(MPS, { speed: MPS, heading: 90 })], { reducedMotion: "reduce" });
  const { fixes, frames } = await sampled(page, "fixes come and are drawn", ({ fixes, frames }) => fixes.length >= 5 && frames.length >= 5);
  for (const { t, x } of frames) {
    const newest = fixes.filter((fix) => fix.t <= t).at(-1) ?? fixes[0];
    const known = fixes.filter((fix) => fix.t <= t).length > 0;
    if (known) assert.ok(Math.abs(x - newest.x) < 3, `drawn at ${x}, its fix is at ${newest.x}`);
  }
  await page.close();
});

test("nothing is drawn while nobody moves, though everybody says so each second", async () => {
  const places = Array.from({ length: 20 }, (_, n) => beside(PLAIN, ZOOM, (n % 5) * 60 - 120, Math.floor(n / 5) * 60 - 90));
  const page = await open(places.map((place, n) => ({ name: `c-${n}`, ...place })));
  await until("the map has come to rest", async () => (await drawn(page, 10)).calls === 0);
  const { calls, draws, seconds } = await until("so much is sent, and the machine does not stall", async () => {
    const found = await drawn(page, 40);
    return found.seconds < 6 && found;
  }, 3 * PATIENCE);
  assert.ok(seconds > 3, `${seconds} s`);
  // Not one frame is needed: no place, colour or text changes. One may be asked for by what the browser does itself.
  assert.ok(calls <= 1 && draws <= 40, `${calls} frames and ${draws} draws in ${seconds} s`);
  let rows = [];
  await until(() => `and yet the fixes came: ${rows}`, async () => {
    rows = await page.rows().locator(".a").allInnerTexts();
    return rows.length > 0 && rows.every((text) => /^(now|[1-3] s ago)$/.test(text));
  });

  const walker = front.fleet.couriers[7];
  Object.assign(walker, { drive: [0, 3 * METRE], speed: 3, heading: 90 });
  await until("one walks: it is drawn", async () => (await drawn(page, 10)).calls > 3);
  await page.close();
});

test("a slow courier is drawn as often as one would see it, a fast one as often as the screen can", async () => {
  const page = await open([eastwards(1.2, { speed: 1.2, heading: 90 })], { zoom: 15 });
  let slow;
  // The map draws while it comes to rest.
  await until(() => `a frame for each third of a pixel: ${slow.rate} a second`, async () => {
    slow = await drawn(page, 3);
    return slow.calls > 0 && slow.rate < 8;
  });
  Object.assign(front.fleet.named("c-1"), { drive: [0, 30 * METRE], speed: 30 });
  // As often as twice that and more, or as this screen can: a busy machine has few pictures a second to give.
  await page.tab.evaluate(() => {
    globalThis.pictures = 0;
    const count = () => {
      globalThis.pictures += 1;
      globalThis.nextPicture(count);
    };
    count();
  });
  let fast;
  await until(() => `it is faster: ${fast.rate} of ${fast.screen} a second`, async () => {
    fast = await drawn(page, 2);
    return fast.rate > 1.5 * slow.rate && fast.rate > Math.min(2 * slow.rate + 4, 0.6 * fast.screen);
  });
  await page.close();
});

test("a hidden tab draws nothing, and when it is looked at again it shows at once what is", async () => {
  const page = await open([eastwards(MPS, { speed: MPS, heading: 90 })]);
  await until("it moves", async () => (await drawn(page, 2)).calls > 5);
  const hide = (hidden) => page.tab.evaluate((hidden) => {
    Object.defineProperty(document, "hidden", { configurable: true, get: () => hidden });
    const before = globalThis.seen.calls;
    document.dispatchEvent(new Event("visibilitychange", { bubbles: true }));
    return new Promise((resolve) => {
      // Within half a second, counted in turns: a machine that stalls gives nobody any.
      const look = (turns) => {
        if (globalThis.seen.calls > before || turns === 0) resolve(globalThis.seen.calls > before);
        else setTimeout(look, 5, turns - 1);
      };
      look(100);
    });
  }, hidden);
  await hide(true);
  let asleep;
  // A frame that was asked for before may be left.
  await until(() => `${asleep.calls} frames in ${asleep.seconds} s that nobody saw`, async () => (asleep = await drawn(page, 3)).calls === 0);
  // No fix wakes it: the page does it by itself.
  front.fleet.named("c-1").mute = true;
  await until("what was on its way has come", async () => (await page.tab.evaluate(() => globalThis.seen.heard)) === front.frames);
  assert.ok(await hide(false), "it is drawn at once");
  front.fleet.named("c-1").mute = false;
  await until("and goes on", async () => (await drawn(page, 2)).calls > 5);
  await page.close();
});

/** How far from its place the middle of a shape's pixels may be: an arrow's lies behind its point. */
const SHAPES = [["a disc", { speed: 0 }, 0.8], ["an arrow", { speed: 5, heading: 45 }, 2.5]];
for (const [shape, courier, slack] of SHAPES) {
  test(`from dots to names nothing jumps and nothing is gone for a frame: ${shape}`, async () => {
    const [from, away] = [13.2, 120];
    const page = await open([{ name: "c-1", state: "on_delivery", ...beside(PLAIN, from, away), ...courier }], { zoom: from });
    assert.equal(await page.tier(), "dots");
    // What the wheel turns about stays where it is.
    const { x, y, width, height } = await page.$(".map-pane").boundingBox();
    await page.tab.mouse.move(x + width / 2 + away, y + height / 2);
    const watched = (more) => page.tab.evaluate((more) => Object.assign(globalThis.seen, more), more);
    await watched({ eye: BLUE, frames: [], blank: 0 });
    const zooms = new Set();
    for (const tier of ["arrows", "labels"]) {
      await until(`the tier is ${tier}`, async () => {
        await page.tab.mouse.wheel(0, -40);
        zooms.add(await page.zoom());
        return (await page.tier()) === tier;
      });
      // As long as the shapes take to turn into each other.
      const drawn = (await watched({})).frames.length;
      await until("the last of it is drawn", async () => (await watched({})).frames.length > drawn + 5 || !(await page.tab.mouse.wheel(0, -4)));
    }
    const { frames, blank } = await watched({ eye: null });
    assert.ok(zooms.size >= 8 && frames.length >= 30, `${frames.length} frames at ${zooms.size} zooms, slowly`);
    assert.equal(blank, 0, "it is in every frame");
    for (const { x, y } of frames) {
      assert.ok(Math.hypot(x - away, y) <= slack, `drawn at ${x}, ${y}: its place is at ${away}, 0`);
    }
    const sizes = frames.map(({ n }) => n);
    const [small, whole] = [sizes[0], sizes.at(-1)];
    assert.ok(whole > small * 1.2, `a dot of ${small} pixels became one of ${whole}`);
    const [least, most] = [Math.min(...sizes), Math.max(...sizes)];
    assert.ok(least >= small * 0.85 && most <= whole * 1.15, `between ${least} and ${most} pixels, from ${small} to ${whole}`);
    await page.shot(`tiers-${shape.slice(shape.indexOf(" ") + 1)}`);
    await page.close();
  });
}
