// A server in front of the real one, which hands everything on but the live socket: that it answers itself, with as many
// couriers as are wanted (`Couriers`), or with those that a test has placed (`Placed`). Each gets a fix a second, spread over
// ten ticks, as the product sends them.

import { createHash } from "node:crypto";
import { createServer, request } from "node:http";

/** Where the couriers drive: the middle of the demo city, so that all lie in a view of zoom 14. */
export const AREA = { west: 24.925, south: 60.1605, east: 24.963, north: 60.1795 };
const TICK_MS = 100;
/** How fast they drive, degrees of latitude a second: some 8 m/s. */
const STEP = 8 / 111_320;
/** A courier's states, as frames number them. */
export const STATES = ["idle", "on_delivery", "late", "alarm", "offline"];
/** Below this zoom there are numbers in cells. */
const COUNTS_BELOW = 12;

/** Couriers on straight ways through the area; at its edge they turn back. */
export class Couriers {
  constructor(number) {
    this.number = number;
    this.behind_ms = 0;
    this.lat = new Float64Array(number);
    this.lon = new Float64Array(number);
    this.turn = new Float64Array(number);
    for (let i = 0; i < number; i += 1) {
      // A sequence that fills the area evenly, the same in each run.
      this.lat[i] = AREA.south + (AREA.north - AREA.south) * ((i * 0.7548776662466927) % 1);
      this.lon[i] = AREA.west + (AREA.east - AREA.west) * ((i * 0.5698402909980532) % 1);
      this.turn[i] = ((i * 0.6180339887498949) % 1) * 2 * Math.PI;
    }
  }

  /** One second on. False where it says nothing. */
  step(i) {
    const lat = this.lat[i] + STEP * Math.cos(this.turn[i]);
    const lon = this.lon[i] + STEP * 2 * Math.sin(this.turn[i]);
    if (lat < AREA.south || lat > AREA.north || lon < AREA.west || lon > AREA.east) this.turn[i] += Math.PI;
    else [this.lat[i], this.lon[i]] = [lat, lon];
    return true;
  }

  /** What a frame says of it: on delivery, simulated. */
  record(i) {
    const heading = (((this.turn[i] / (2 * Math.PI)) % 1) + 1) * 360;
    return { slot: i, name: `c-${String(i).padStart(5, "0")}`, lat: this.lat[i], lon: this.lon[i], heading, speed: 8, age_ms: 50, bits: 0b1001 };
  }

  counts() {
    return { on_delivery: this.number, idle: 0, late: 0, alarm: 0, offline: 0 };
  }
}

/**
 * Couriers that are what a test says, each `{ name, lat, lon }` and, where it is not so by default:
 * `state` of STATES (idle), `age` of every fix in seconds (0; negative: its clock is ahead), `speed` in m/s (0; null: not known),
 * `heading` in degrees (null: not known), `drive` [lat, lon] in degrees a second (stands), `eta` in ms UTC, and the flags `sim`,
 * `two` (devices), `off` (its clock is) and `mute` (no further fix). A test may change them while they are fed.
 */
export class Placed {
  constructor(couriers) {
    this.couriers = couriers.map((courier) => ({ state: "idle", age: 0, speed: 0, heading: null, drive: null, eta: null, ...courier }));
    this.behind_ms = 0;
  }

  get number() {
    return this.couriers.length;
  }

  named(name) {
    return this.couriers.find((courier) => courier.name === name);
  }

  step(i) {
    const courier = this.couriers[i];
    if (courier.mute) return false;
    // As far as it has driven since: a busy machine's second may be a longer one.
    const [at, { drive }] = [Date.now() - courier.age * 1000, courier];
    const seconds = Math.max(0, (at - (courier.at ?? at)) / 1000);
    if (drive) [courier.lat, courier.lon] = [courier.lat + drive[0] * seconds, courier.lon + drive[1] * seconds];
    courier.at = at;
    return true;
  }

  record(i) {
    const courier = this.couriers[i];
    const { name, lat, lon, heading, speed, eta, sim, two, off } = courier;
    courier.at ??= Date.now() - courier.age * 1000;
    const flags = [sim, two, off, heading === null, speed === null];
    const bits = flags.reduce((bits, flag, n) => bits | (flag ? 8 << n : 0), STATES.indexOf(courier.state));
    return { slot: i, name, lat, lon, heading: heading ?? 0, speed: speed ?? 0, age_ms: Date.now() - courier.at, bits, eta };
  }

  counts() {
    const number = (state) => this.couriers.filter((courier) => courier.state === state).length;
    return Object.fromEntries(STATES.map((state) => [state, number(state)]));
  }
}

/** A frame (docs/protocol.md) of these records: 1 full, with names, or 2 delta, with names where its slots are new. */
export function frame(kind, view, records, named = kind === 1) {
  const names = named ? records.map(({ name }) => Buffer.from(name)) : [];
  const etas = records.filter(({ eta }) => eta);
  const bytes = names.reduce((sum, name) => sum + 3 + name.length, 0);
  const frame = Buffer.alloc(32 + 16 * records.length + 8 * etas.length + bytes);
  frame.writeUInt8(1, 0);
  frame.writeUInt8(kind, 1);
  frame.writeUInt32LE(view, 4);
  frame.writeBigUInt64LE(BigInt(Date.now()), 8);
  frame.writeUInt32LE(records.length, 16);
  frame.writeUInt32LE(etas.length, 20);
  frame.writeUInt32LE(bytes, 28);
  let at = 32;
  for (const { slot, heading, speed, age_ms, bits, lat, lon } of records) {
    frame.writeUInt16LE(slot, at);
    frame.writeUInt8(Math.floor((heading / 360) * 256) % 256, at + 2);
    frame.writeUInt8(Math.min(255, Math.round(speed * 4)), at + 3);
    frame.writeIntLE(age_ms, at + 4, 3);
    frame.writeUInt8(bits, at + 7);
    frame.writeInt32LE(Math.round(lat * 1e7), at + 8);
    frame.writeInt32LE(Math.round(lon * 1e7), at + 12);
    at += 16;
  }
  for (const { slot, eta } of etas) {
    frame.writeUInt16LE(slot, at);
    frame.writeUInt32LE(Math.round(eta / 1000), at + 4);
    at += 8;
  }
  for (const [n, name] of names.entries()) {
    frame.writeUInt16LE(records[n].slot, at);
    frame.writeUInt8(name.length, at + 2);
    name.copy(frame, at + 3);
    at += 3 + name.length;
  }
  return frame;
}

/** The frame of kind 3 of these records: how many are in each cell of that level, and the greatest state as the worst. */
function counted(view, level, records) {
  const cells = new Map();
  for (const { lat, lon, bits } of records) {
    const y = (1 - Math.asinh(Math.tan((lat * Math.PI) / 180)) / Math.PI) / 2;
    const [column, row] = [(lon + 180) / 360, y].map((share) => Math.floor(share * 2 ** level));
    const cell = cells.get(`${column} ${row}`) ?? { column, row, couriers: 0, worst: 0 };
    cells.set(`${column} ${row}`, { ...cell, couriers: cell.couriers + 1, worst: Math.max(cell.worst, bits & 7) });
  }
  const counts = Buffer.alloc(32 + 12 * cells.size);
  frame(3, view, []).copy(counts);
  counts.writeUInt16LE(level, 2);
  counts.writeUInt32LE(cells.size, 16);
  [...cells.values()].forEach(({ column, row, couriers, worst }, n) => {
    [column, row, (couriers << 8) | worst].forEach((number, i) => counts.writeUInt32LE(number, 32 + 12 * n + 4 * i));
  });
  return counts;
}

/** One message of a WebSocket, from the server: not masked. */
function message(opcode, payload) {
  const { length } = payload;
  const head = Buffer.alloc(length < 126 ? 2 : length < 65_536 ? 4 : 10);
  head.writeUInt8(0x80 | opcode, 0);
  if (length < 126) head.writeUInt8(length, 1);
  else if (length < 65_536) {
    head.writeUInt8(126, 1);
    head.writeUInt16BE(length, 2);
  } else {
    head.writeUInt8(127, 1);
    head.writeBigUInt64BE(BigInt(length), 2);
  }
  return Buffer.concat([head, payload]);
}

/** The texts in what a client sent; gives what is left. Clients mask, and these say little. */
function heard(bytes, tell) {
  while (bytes.length >= 6) {
    let [length, at] = [bytes[1] & 127, 2];
    if (length === 126) {
      if (bytes.length < 8) return bytes;
      [length, at] = [bytes.readUInt16BE(2), 4];
    }
    if (bytes.length < at + 4 + length) return bytes;
    const mask = bytes.subarray(at, at + 4);
    const text = Buffer.from(bytes.subarray(at + 4, at + 4 + length).map((byte, i) => byte ^ mask[i % 4]));
    if ((bytes[0] & 15) === 1) tell(JSON.parse(text.toString()));
    bytes = bytes.subarray(at + 4 + length);
  }
  return bytes;
}

/** One open socket: what is looked at, and what was said. */
class Line {
  view = 0;
  ticks = 0;
  level = null;

  constructor(socket, front) {
    [this.socket, this.front] = [socket, front];
    let left = Buffer.alloc(0);
    socket.on("data", (bytes) => (left = heard(Buffer.concat([left, bytes]), (said) => this.hear(said))));
    socket.on("close", () => this.end());
    socket.on("error", () => this.end());
  }

  say(value) {
    this.socket.write(message(1, Buffer.from(JSON.stringify(value))));
  }

  hear(said) {
    const { front } = this;
    front.heard.push(said);
    if (said.type === "hello") {
      this.say({ type: "welcome", server: "feed", now: front.now(), tick_ms: TICK_MS, resume: front.resume, cursor: "feed", you: { role: "dispatcher" }, ...front.welcome });
      this.timer = setInterval(() => this.tick(), TICK_MS);
    } else if (said.type === "view") {
      this.view += 1;
      this.level = said.zoom < COUNTS_BELOW ? Math.floor(said.zoom) + 2 : null;
      this.show(frame(1, this.view, this.level === null ? front.records() : []));
      this.count();
    } else if (said.type === "ping") this.say({ type: "pong", t: said.t, now: front.now() });
  }

  show(frame) {
    this.front.frames += 1;
    this.socket.write(message(2, frame));
  }

  /** What is seen from afar. */
  count() {
    if (this.level !== null) this.show(counted(this.view, this.level, this.front.records()));
  }

  tick() {
    const { fleet } = this.front;
    const told = [];
    for (let i = this.ticks % 10; i < fleet.number; i += 10) if (fleet.step(i)) told.push(fleet.record(i));
    this.ticks += 1;
    if (this.view > 0 && this.level === null && told.length > 0) {
      this.front.fixes += told.length;
      this.show(frame(2, this.view, told));
    }
    if (this.ticks % 10 === 0) {
      this.say({ type: "summary", now: this.front.now(), behind_ms: fleet.behind_ms, latency_ms: { p50: 1, p95: 1 }, counts: fleet.counts(), late: [] });
      this.count();
    }
  }

  end() {
    clearInterval(this.timer);
    this.front.lines.delete(this);
  }
}

let made = 0;
/** A delivery's document for an `events` message: on the way, where nothing else is said. */
export function delivery(courier, more = {}) {
  const [now, number] = [Date.now(), String((made += 1)).padStart(12, "0")];
  const time = now.toString(16).padStart(12, "0");
  return {
    delivery: `${time.slice(0, 8)}-${time.slice(8)}-7000-8000-${number}`, courier, status: "in_transit", driver: "courier",
    reference: null, route: null, path: "wfrwqBothqn@vuB_`F~tCwsM", distance_m: 5120, planned_s: 540, speed: 1, interval_ms: 1000,
    promised_at: null, requested_at: now - 60_000, requested_by: null, started_at: now - 50_000, finished_at: null, reason: null, positions: null,
    ...more,
  };
}

/** Starts it before the server at `url`, with couriers that a test has placed, or with so many. */
export async function feed(url, couriers) {
  const far = new URL(url);
  const server = createServer((asked, answer) => {
    const ask = request({ host: far.hostname, port: far.port, path: asked.url, method: asked.method, headers: { ...asked.headers, host: far.host } }, (found) => {
      answer.writeHead(found.statusCode, found.headers);
      found.pipe(answer);
    });
    ask.on("error", () => answer.destroy());
    asked.pipe(ask);
  });
  const front = {
    fleet: typeof couriers === "number" ? new Couriers(couriers) : couriers,
    /** All that was said to it, oldest first, and how many frames, and fixes after the first ones, it has sent. */
    heard: [],
    frames: 0,
    fixes: 0,
    lines: new Set(),
    /** How far its clock is ahead of this machine's, ms. */
    ahead_ms: 0,
    now: () => Date.now() + front.ahead_ms,
    /** What it answers to hello. */
    resume: "new",
    /** What it says there beside that. */
    welcome: {},
    /** No socket is opened while it is. */
    away: false,
    records: () => Array.from({ length: front.fleet.number }, (_, i) => front.fleet.record(i)),
    /** Says it to all. */
    say: (value) => front.lines.forEach((line) => line.say(value)),
    /** Ends all sockets, as a network does that is gone. */
    cut: () => front.lines.forEach((line) => line.socket.destroy()),
    close() {
      front.lines.forEach((line) => line.end());
      server.closeAllConnections();
      server.close();
    },
  };
  server.on("upgrade", (asked, socket) => {
    if (front.away) return socket.destroy();
    const accept = createHash("sha1").update(`${asked.headers["sec-websocket-key"]}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest("base64");
    socket.write(`HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\nSec-WebSocket-Protocol: code-delivery.v1\r\n\r\n`);
    front.lines.add(new Line(socket, front));
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  front.url = `http://127.0.0.1:${server.address().port}`;
  return front;
}
