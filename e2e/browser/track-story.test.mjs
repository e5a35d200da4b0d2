// What the customer's page says, without a page: its words, its way, its token.

import assert from "node:assert/strict";
import { test } from "node:test";

import { claimsOf } from "../../frontend/track/feed.mjs";
import { age, story, without } from "../../frontend/track/story.mjs";
import { along, decode, split, wayOf } from "../../frontend/track/way.mjs";
import { clock, courierName, ends, length, range, span, wordsFor } from "../../frontend/track/words.mjs";

const EN = wordsFor("en-GB");
const PT = wordsFor("pt-BR");
const NOW = Date.UTC(2026, 2, 2, 12, 0, 0);
const MIN = 60_000;

const delivery = (more) => ({
  delivery: "019a9e0e-5b00-7c3e-8000-1f2e3d4c5b6a", courier: "aino", status: "in_transit", route: "station-to-market-square",
  path: "", distance_m: 1_140, planned_s: 540, promised_at: NOW + 10 * MIN, requested_at: NOW - 8 * MIN,
  started_at: NOW - 3 * MIN, finished_at: null, ...more,
});
const tell = (words, seen, done = 490, all = 1_140) => story(words, seen, NOW, { done, all });

test("both languages have the same words", () => {
  const kinds = (words) => Object.entries(words).map(([name, word]) => `${name} ${typeof word}`);
  assert.deepEqual(kinds(PT), kinds(EN));
  assert.deepEqual([wordsFor("pt"), wordsFor("de")].map((words) => words.locale), ["pt-BR", "en"]);
});

test("a delivery under way: the range first, then who and until when, then the steps", () => {
  const told = tell(EN, { delivery: delivery(), eta: { from: NOW + 2 * MIN + 100, to: NOW + 3.5 * MIN } });
  assert.equal(told.lead, "Arriving in 2 to 4 min");
  assert.equal(told.range, `${clock(NOW + 2 * MIN)} – ${clock(NOW + 4 * MIN)}`);
  assert.equal(told.sentence, `Aino is on the way. Promised by ${clock(NOW + 10 * MIN)}.`);
  assert.equal(told.late, false);
  assert.deepEqual(told.steps.map(({ state, title, time, place }) => [state, title, time, place]), [
    ["done", "Order received", clock(NOW - 8 * MIN), undefined],
    ["done", "Picked up", clock(NOW - 3 * MIN), "Station"],
    ["now", "On the way", "now", "490 m of 1.1 km"],
    ["next", "At your door", told.range, "Market Square"],
  ]);
  const pt = tell(PT, { delivery: delivery(), eta: { from: NOW + 2 * MIN, to: NOW + 4 * MIN } });
  assert.equal(pt.lead, "Chega em 2 a 4 min");
  assert.equal(pt.steps[2].place, "490 m de 1,1 km");
});

test("late says so, and an arrival that is due is now", () => {
  const late = tell(EN, { delivery: delivery(), eta: { from: NOW + 14 * MIN, to: NOW + 18 * MIN } });
  assert.deepEqual([late.late, late.sentence], [true, `Aino is late: promised by ${clock(NOW + 10 * MIN)}.`]);
  // A range whose greater part keeps the promise is not called late.
  assert.equal(tell(EN, { delivery: delivery(), eta: { from: NOW + 5 * MIN, to: NOW + 11 * MIN } }).late, false);
  assert.equal(tell(EN, { delivery: delivery(), eta: { from: NOW - MIN, to: NOW + 20_000 } }).lead, "Arriving now");
  assert.equal(tell(EN, { delivery: delivery({ promised_at: null }), eta: null }).range, "–");
});

test("before the start and after each end", () => {
  const requested = tell(EN, { delivery: delivery({ status: "requested", started_at: null }), eta: null });
  assert.deepEqual([requested.lead, requested.sentence], ["Promised by", "The time is told when the courier sets off."]);
  const unpromised = tell(PT, { delivery: delivery({ status: "requested", started_at: null, promised_at: null }), eta: null });
  assert.deepEqual([unpromised.lead, unpromised.range], ["Pedido recebido às", clock(NOW - 8 * MIN)]);
  assert.deepEqual([requested.range, requested.steps.map((step) => step.state)], [clock(NOW + 10 * MIN), ["done", "next", "next"]]);
  const at = (finished_at, more) => tell(EN, { delivery: delivery({ status: "delivered", finished_at, ...more }), eta: null });
  const early = at(NOW + 6 * MIN);
  assert.deepEqual([early.lead, early.range, early.mood], ["Delivered at", clock(NOW + 6 * MIN), "good"]);
  assert.equal(early.sentence, "4 min before the promised time");
  assert.deepEqual(early.facts, [["Way", "1.1 km"], ["Time", "9 min"], ["Courier", "Aino"]]);
  assert.equal(early.note, `Tracking has ended. This page stays until ${clock(NOW + 126 * MIN)}.`);
  assert.deepEqual([at(NOW + 13 * MIN).sentence, at(NOW + 13 * MIN).mood], ["3 min after the promised time", "late"]);
  assert.equal(at(NOW + 10 * MIN + 5_000).sentence, "At the promised time");
  assert.equal(at(NOW, { promised_at: null }).sentence, "");
  for (const [status, title] of [["failed", "Not delivered"], ["cancelled", "Cancelled"], ["rejected", "Cancelled"]]) {
    const told = tell(EN, { delivery: delivery({ status, started_at: null, finished_at: status === "rejected" ? null : NOW }), eta: null });
    assert.deepEqual([told.range, told.steps.at(-1).state, told.steps.length], [title, "failed", 2]);
  }
  assert.equal(without(EN, "over").range, "This link has ended");
  assert.equal(without(PT, "unknown").range, "Este link não funciona");
});

test("an age counts up to a minute, then it is a time", () => {
  assert.deepEqual(age(EN, NOW - 1_000, NOW), { parts: ["Position ", "1 s ago"], old: false });
  assert.deepEqual(age(PT, NOW - 48_000, NOW), { parts: ["Posição ", "há 48 s"], old: true });
  assert.deepEqual(age(EN, NOW - 61_000, NOW), { parts: ["Last seen ", clock(NOW - 61_000)], old: true });
  assert.equal(age(EN, NOW + 5_000, NOW).parts[1], "0 s ago", "a clock that is ahead");
});

test("times, lengths and names", () => {
  assert.equal(range(NOW, NOW), clock(NOW));
  assert.equal(range(NOW, NOW + 59_000), `${clock(NOW)} – ${clock(NOW + MIN)}`);
  assert.equal(range(NOW + 1_000, NOW + MIN), `${clock(NOW)} – ${clock(NOW + MIN)}`);
  assert.deepEqual([0, 494, 996, 1_140, 12_345, 123_456].map((m) => length(EN, m)), ["0 m", "490 m", "1.0 km", "1.1 km", "12.3 km", "123 km"]);
  assert.deepEqual([48_000, 348_000, 300_000, 7_500_000].map((ms) => span(EN, ms)), ["48 s", "5 min 48 s", "5 min", "2 h 5 min"]);
  assert.deepEqual(["aino", "c-17"].map(courierName), ["Aino", "c-17"]);
  assert.deepEqual([ends("railway-square-to-market-hall"), ends("loop"), ends(null)], [["Railway Square", "Market Hall"], [null, null], [null, null]]);
});

test("a way is read, measured and split where the courier is", () => {
  // As contract/tests/golden/record/delivery-in_transit.json has it.
  const points = decode("wfrwqBothqn@vuB_`F~tCwsM");
  assert.deepEqual(points, [[24.9414, 60.1719], [24.945, 60.17], [24.9525, 60.1676]]);
  const way = wayOf("wfrwqBothqn@vuB_`F~tCwsM");
  assert.ok(Math.abs(way.length - 785) < 10, String(way.length));
  const middle = along(way, [24.945, 60.17], 300);
  assert.ok(Math.abs(middle - way.before[1]) < 1);
  const [behind, ahead] = split(way, middle / 2);
  assert.deepEqual([behind.length, ahead.length, behind.at(-1)], [2, 3, ahead[0]]);
  assert.deepEqual(split(way, way.length), [points, []]);
  assert.deepEqual(split(way, 0)[1].at(-1), points[2]);
  // There and back on the same street: the plan tells which.
  const twice = { points: [[24.9, 60], [24.91, 60], [24.9, 60]], before: [0, 556, 1_112], length: 1_112 };
  assert.ok(along(twice, [24.905, 60], 100) < 300);
  assert.ok(along(twice, [24.905, 60], 1_000) > 800);
  assert.deepEqual(decode("").length, 0);
});

test("a token is looked into only for what the page must ask", () => {
  const token = (claims) => `x.${Buffer.from(JSON.stringify(claims)).toString("base64url")}.y`;
  const claims = { sub: "customer", delivery: "019a9e0e", exp: 7 };
  assert.deepEqual(claimsOf(token(claims)), claims);
  for (const wrong of ["", "x", "a.b.c", "..", token({ exp: 7 }), token({ delivery: "x" }), token(null)]) assert.equal(claimsOf(wrong), null, wrong);
});
