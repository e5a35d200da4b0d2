// What a test sees of the map, and hears of the page: where on the screen a place is, what colour is there, what was written on
// the map, what was said aloud.

import { decode } from "./png.mjs";
import { until } from "./harness.mjs";

/** A piece of the ocean: nothing is drawn there but couriers. */
export const PLAIN = [30, -40];

const world = (zoom) => 512 * 2 ** zoom;
const mercator = ([lat, lon]) => [(lon + 180) / 360, (1 - Math.asinh(Math.tan((lat * Math.PI) / 180)) / Math.PI) / 2];

/** The place so many pixels east and south of another, at a zoom. */
export function beside(place, zoom, dx, dy = 0) {
  const [x, y] = mercator(place);
  const [lon, south] = [(x + dx / world(zoom)) * 360 - 180, y + dy / world(zoom)];
  return { lat: (Math.atan(Math.sinh(Math.PI * (1 - 2 * south))) * 180) / Math.PI, lon };
}

/** Where a place is, in pixels from the middle of a map that shows `centre` there. */
export function offset(centre, zoom, { lat, lon }) {
  const [[cx, cy], [x, y]] = [mercator(centre), mercator([lat, lon])];
  return { x: (x - cx) * world(zoom), y: (y - cy) * world(zoom) };
}

/** The point of the window so many pixels from the middle of the map. */
export async function point(page, dx, dy = 0) {
  const { x, y, width, height } = await page.$(".map-pane").boundingBox();
  return { x: x + width / 2 + dx, y: y + height / 2 + dy };
}

/** The colour between two, 0xrrggbb, with `share` of the second. */
export function mixed(one, other, share) {
  const channel = (shift) => Math.round(((one >> shift) & 255) * (1 - share) + ((other >> shift) & 255) * share);
  return (channel(16) << 16) | (channel(8) << 8) | channel(0);
}

/** A picture of the page, and how many of its pixels around a point are of a colour, give or take a little. */
export async function look(page) {
  const { width, height, rgb } = decode(await page.tab.screenshot({ timeout: 60_000 }));
  return (colour, { x, y }, reach = 12) => {
    let found = 0;
    for (let row = Math.max(0, Math.round(y - reach)); row < Math.min(height, y + reach); row += 1) {
      for (let column = Math.max(0, Math.round(x - reach)); column < Math.min(width, x + reach); column += 1) {
        const at = (row * width + column) * 3;
        if ([16, 8, 0].every((shift, i) => Math.abs(rgb[at + i] - ((colour >> shift) & 255)) <= 4)) found += 1;
      }
    }
    return found;
  };
}

/** Waits until so many pixels around a point of the map are of a colour. */
export async function coloured(page, what, colour, dx, least = 8) {
  let found = 0;
  await until(() => `${what}: ${found} pixels are`, async () => (found = (await look(page))(colour, await point(page, dx))) >= least);
}

/** Notes, before the page loads, what it writes on its canvases (`written`) and says politely aloud (`said`). */
export function listen(tab) {
  return tab.addInitScript(() => {
    const [written, said] = [[], []];
    Object.assign(globalThis, { written, said });
    const write = CanvasRenderingContext2D.prototype.fillText;
    CanvasRenderingContext2D.prototype.fillText = function (text, ...where) {
      written.push(text);
      return write.call(this, text, ...where);
    };
    const hear = (changes) => {
      for (const { target } of changes) {
        const element = target.nodeType === Node.TEXT_NODE ? target.parentElement : target;
        const text = element?.closest?.('[role="status"][aria-live="polite"]')?.textContent;
        if (text && text !== said.at(-1)) said.push(text);
      }
    };
    new MutationObserver(hear).observe(document, { subtree: true, childList: true, characterData: true });
  });
}
export const written = (page) => page.tab.evaluate(() => globalThis.written);
export const said = (page) => page.tab.evaluate(() => globalThis.said);

/** Notes, before the page loads, when its socket heard something (`beats`): `course` asks for it. */
export function pulse(tab) {
  return tab.addInitScript(() => {
    const beats = [];
    globalThis.beats = beats;
    const { set } = Object.getOwnPropertyDescriptor(WebSocket.prototype, "onmessage");
    Object.defineProperty(WebSocket.prototype, "onmessage", {
      set(run) {
        set.call(this, run && ((event) => {
          beats.push(performance.now());
          run.call(this, event);
        }));
      },
    });
  });
}

/**
 * Each place at which the selected courier's card hangs, frame by frame, until it has gone `far` px, or is right of `right` px, and
 * that took 20 frames; or 90 s are over. Gives the places, the seconds, how many frames there were, and `steps`: of each its px, and for how long (s) the
 * page had drawn or heard nothing in the two seconds before. Whoever has stood still makes up for it.
 */
export async function course(page, { far = Infinity, right = Infinity }) {
  const { places, frames, beats } = await page.tab.evaluate(({ far, right }) => new Promise((resolve) => {
    const [places, frames] = [[], []];
    const look = () => {
      const t = performance.now();
      frames.push(t);
      const found = /translate\((-?[\d.]+)px, ?(-?[\d.]+)px\)/.exec(document.querySelector(".callout")?.getAttribute("style") ?? "");
      const [x, y] = found ? [Number(found[1]), Number(found[2])] : [0, 0];
      const last = places.at(-1);
      if (found && (!last || last.x !== x || last.y !== y)) places.push({ x, y, t });
      const gone = found && (Math.hypot(x - places[0].x, y - places[0].y) > far || x > right);
      if (gone && frames.length >= 20 || t - frames[0] > 90_000) resolve({ places, frames, beats: globalThis.beats });
      else requestAnimationFrame(look);
    };
    look();
  }), { far: Math.min(far, 1e9), right: Math.min(right, 1e9) });
  const gaps = [frames, beats].flatMap((times) => times.slice(1).map((t, i) => ({ t, s: (t - times[i]) / 1000 })));
  const steps = places.slice(1).map(({ x, y, t }, i) => ({
    dx: x - places[i].x, px: Math.hypot(x - places[i].x, y - places[i].y),
    paused: Math.max(...gaps.filter((gap) => gap.t <= t && gap.t > t - 2_000).map(({ s }) => s)),
  }));
  return { places, frames: frames.length, seconds: (frames.at(-1) - frames[0]) / 1000, steps };
}
