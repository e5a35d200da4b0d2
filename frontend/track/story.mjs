// What is told: a function of the delivery, the clock and the language. Nothing here touches the page.

import { clock, courierName, ends, length, range, span } from "./words.mjs";

/** How long a link shows its delivery after the end, ms. */
const AFTER_END = 2 * 60 * 60 * 1000;
/** An age above this is told as the time of the last position, ms. */
const LAST_SEEN = 60_000;

const minutes = (ms) => Math.round(Math.abs(ms) / 60_000);

/**
 * The page's words for a delivery. `seen` has `delivery`, `position`, `eta` as the socket tells them; `now` is the server's
 * clock, ms; `done` and `all` are metres of the way.
 */
export function story(words, { delivery, eta }, now, { done, all }) {
  const name = courierName(delivery.courier);
  const [from, to] = ends(delivery.route);
  const step = (state, title, time, place) => ({ state, title, time, place });
  const received = step("done", words.received, clock(delivery.requested_at));
  const pickedUp = delivery.started_at && step("done", words.pickedUp, clock(delivery.started_at), from);
  const promised = delivery.promised_at;
  switch (delivery.status) {
    case "requested":
      return {
        state: "requested",
        lead: promised ? words.promisedAt : words.receivedAt,
        range: clock(promised ?? delivery.requested_at),
        sentence: words.waiting,
        steps: [received, step("next", words.pickedUp, "", from), step("next", words.atDoor, "", to)],
      };
    case "in_transit": {
      const [first, last] = eta ? [Math.max(eta.from, now), Math.max(eta.to, now)] : [null, null];
      const late = Boolean(eta && promised && last > promised && (first + last) / 2 > promised);
      const between = eta ? range(first, last) : "";
      const way = all > 0 && words.wayDone(length(words, done), length(words, all));
      return {
        state: "in_transit",
        late,
        lead: eta ? arriving(words, first - now, last - now) : words.underWay,
        range: between || "–",
        sentence: late
          ? words.laterThan(name, clock(promised))
          : [words.onTheWay(name), promised && words.promisedBy(clock(promised))].filter(Boolean).join(" "),
        progress: all > 0 ? done / all : 0,
        steps: [received, pickedUp, step("now", words.underWay, words.now, way), step("next", words.atDoor, between, to)],
      };
    }
    case "delivered": {
      const end = delivery.finished_at;
      const over = promised && end - promised;
      const kept = over <= 0;
      return {
        state: "delivered",
        lead: words.deliveredAt,
        range: clock(end),
        sentence: promised ? (minutes(over) === 0 ? words.inTime : (kept ? words.early : words.late)(minutes(over))) : "",
        mood: promised ? (kept || minutes(over) === 0 ? "good" : "late") : "",
        facts: [
          [words.way, length(words, delivery.distance_m)],
          [words.time, span(words, end - delivery.started_at)],
          [words.courier, name],
        ],
        steps: [received, pickedUp, step("done", words.delivered, clock(end), to)],
        note: words.ended(clock(end + AFTER_END)),
      };
    }
    default: {
      const failed = delivery.status === "failed";
      const end = delivery.finished_at ?? delivery.requested_at;
      const title = failed ? words.failed : words.cancelled;
      return {
        state: "called_off",
        lead: clock(end),
        range: title,
        inWords: true,
        sentence: failed ? words.failedNote : words.cancelledNote,
        steps: [received, pickedUp, step("failed", title, clock(end))].filter(Boolean),
        note: words.ended(clock(end + AFTER_END)),
      };
    }
  }
}

/** "Arriving in 2 to 4 min", of the times until the first and the last moment. */
function arriving(words, first, last) {
  const [a, b] = [Math.floor(first / 60_000), Math.ceil(last / 60_000)];
  if (b <= 1) return words.arrivingNow;
  return words.arriving(Math.max(1, a), b);
}

/** The page's words where there is no delivery to tell of: an `over` link, or one that is `unknown`. */
export function without(words, kind) {
  const over = kind === "over";
  return {
    state: kind,
    lead: "",
    range: over ? words.over : words.unknown,
    inWords: true,
    sentence: over ? words.overNote : words.unknownNote,
    steps: [],
  };
}

/** The age of a position: two parts, of which the second is the one that counts, and whether it is old. */
export function age(words, at, now) {
  const ms = Math.max(0, now - at);
  if (ms > LAST_SEEN) return { parts: words.lastSeen(clock(at)), old: true };
  return { parts: words.position(words.ago(span(words, ms))), old: ms > 15_000 };
}
