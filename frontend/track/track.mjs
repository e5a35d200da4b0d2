// A customer's page: follows one delivery with the token behind `#`. Words first; the map is a part of its own, fetched once
// they stand and only where it can be drawn.

import { Feed } from "./feed.mjs";
import { age, story, without } from "./story.mjs";
import { tell, tellAge, tellBanner } from "./view.mjs";
import { along, wayOf } from "./way.mjs";
import { clockSeconds, wordsFor } from "./words.mjs";

// `theme.js` has chosen the language.
const words = wordsFor(document.documentElement.lang);
const main = document.getElementById("track");
const where = document.getElementById("where");

let way = null;
let done = 0;
/** null: not asked for; false: cannot be had; else the map. */
let map = null;
let lostAt = null;

function webgl() {
  try {
    return Boolean(document.createElement("canvas").getContext("webgl2"));
  } catch {
    return false;
  }
}

/** Where the delivery is on its way. */
function follow(seen) {
  if (seen.delivery.path && way?.path !== seen.delivery.path) {
    way = { ...wayOf(seen.delivery.path), path: seen.delivery.path };
    done = 0;
  }
  const { delivery, position } = seen;
  if (delivery.status === "delivered") done = way?.length ?? 0;
  else if (way && position) {
    const planned = ((position.at - delivery.started_at) / 1000 / Math.max(1, delivery.planned_s)) * way.length;
    done = along(way, [position.lon, position.lat], Math.min(way.length, Math.max(0, planned)));
  }
}

async function draw(seen) {
  if (!way || way.points.length < 2 || map === false) return;
  if (map === null) {
    map = false;
    if (!webgl()) return where.classList.add("plain");
    try {
      const { MapPane } = await import("./map.mjs");
      map = await MapPane.open(where, words);
    } catch (error) {
      console.info(`the map is left out: ${error.message}`);
      where.classList.remove("drawn");
      document.getElementById("map").hidden = true;
      return;
    }
    seen = feed.seen;
  }
  map.show(seen, way, done, feed.state);
}

function refresh() {
  const { state, seen } = feed;
  main.dataset.connection = state;
  if (state === "over" || state === "unknown") {
    where.hidden = true;
    tellBanner(null);
    return tell(without(words, state));
  }
  const away = state === "reconnecting";
  if (!away) lostAt = null;
  else lostAt ??= feed.now();
  tellBanner(away ? words.reconnecting(clockSeconds(lostAt)) : null);
  if (!seen) return;
  const now = feed.now();
  tell(story(words, seen, now, { done, all: way?.length ?? 0 }));
  const moving = seen.delivery.status === "in_transit" && seen.position;
  where.hidden = !moving && !(map || way);
  tellAge(moving ? age(words, seen.position.at, now) : null);
}

document.getElementById("lead").textContent = words.loading;
const feed = new Feed(location.hash.slice(1), ({ seen }) => {
  // The feed may speak before it is known by its name.
  queueMicrotask(() => {
    if (seen) follow(seen);
    refresh();
    if (seen) draw(seen);
  });
});
setInterval(() => feed.state !== "ended" && refresh(), 1000);
// Another link in the same tab is another page.
addEventListener("hashchange", () => location.reload());
