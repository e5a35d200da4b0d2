// A server in front of the real one, which hands everything on but the live socket: that it answers itself, with as many
// couriers as are wanted. Each gets a fix a second, spread over ten ticks, as the product sends them.

import { createHash } from "node:crypto";
import { createServer, request } from "node:http";

/** Where the couriers drive: the middle of the demo city, so that all lie in a view of zoom 14. */
export const AREA = { west: 24.925, south: 60.1605, east: 24.963, north: 60.1795 };
const TICK_MS = 100;
/** How fast they drive, degrees of latitude a second: some 8 m/s. */
const STEP = 8 / 111_320;

/** Couriers on straight ways through the area; at its edge they turn back. */
export class Couriers {
  constructor(number) {
    this.number = number;
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

  /** One second on. */
  step(i) {
    const lat = this.lat[i] + STEP * Math.cos(this.turn[i]);
    const lon = this.lon[i] + STEP * 2 * Math.sin(this.turn[i]);
    if (lat < AREA.south || lat > AREA.north || lon < AREA.west || lon > AREA.east) this.turn[i] += Math.PI;
    else [this.lat[i], this.lon[i]] = [lat, lon];
  }

  /** A frame (docs/protocol.md) of these couriers: 1 full, with names, or 2 delta. */
  frame(kind, view, indexes) {
    const names = kind === 1 ? indexes.map((i) => Buffer.from(`c-${String(i).padStart(5, "0")}`)) : [];
    const bytes = names.reduce((sum, name) => sum + 3 + name.length, 0);
    const frame = Buffer.alloc(32 + 16 * indexes.length + bytes);
    frame.writeUInt8(1, 0);
    frame.writeUInt8(kind, 1);
    frame.writeUInt32LE(view, 4);
    frame.writeBigUInt64LE(BigInt(Date.now()), 8);
    frame.writeUInt32LE(indexes.length, 16);
    frame.writeUInt32LE(bytes, 28);
    let at = 32;
    for (const i of indexes) {
      frame.writeUInt16LE(i, at);
      frame.writeUInt8(Math.floor((((this.turn[i] / (2 * Math.PI)) % 1) + 1) * 256) % 256, at + 2);
      frame.writeUInt8(32, at + 3);
      frame.writeIntLE(50, at + 4, 3);
      // On delivery, simulated.
      frame.writeUInt8(0b1001, at + 7);
      frame.writeInt32LE(Math.round(this.lat[i] * 1e7), at + 8);
      frame.writeInt32LE(Math.round(this.lon[i] * 1e7), at + 12);
      at += 16;
    }
    for (const [n, name] of names.entries()) {
      frame.writeUInt16LE(indexes[n], at);
      frame.writeUInt8(name.length, at + 2);
      name.copy(frame, at + 3);
      at += 3 + name.length;
    }
    return frame;
  }
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

/** Starts it before the server at `url`. */
export async function feed(url, number) {
  const couriers = new Couriers(number);
  const all = Array.from({ length: number }, (_, i) => i);
  const far = new URL(url);
  const server = createServer((asked, answer) => {
    const ask = request({ host: far.hostname, port: far.port, path: asked.url, method: asked.method, headers: { ...asked.headers, host: far.host } }, (found) => {
      answer.writeHead(found.statusCode, found.headers);
      found.pipe(answer);
    });
    ask.on("error", () => answer.destroy());
    asked.pipe(ask);
  });
  const timers = new Set();
  server.on("upgrade", (asked, socket) => {
    const accept = createHash("sha1").update(`${asked.headers["sec-websocket-key"]}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest("base64");
    socket.write(`HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\nSec-WebSocket-Protocol: code-delivery.v1\r\n\r\n`);
    const say = (value) => socket.write(message(1, Buffer.from(JSON.stringify(value))));
    let [view, ticks, left] = [0, 0, Buffer.alloc(0)];
    const tick = () => {
      const part = all.filter((i) => i % 10 === ticks % 10);
      ticks += 1;
      part.forEach((i) => couriers.step(i));
      if (view > 0) socket.write(message(2, couriers.frame(2, view, part)));
      if (ticks % 10 === 0) {
        const counts = { on_delivery: number, idle: 0, late: 0, alarm: 0, offline: 0 };
        say({ type: "summary", now: Date.now(), behind_ms: 0, latency_ms: { p50: 1, p95: 1 }, counts, late: [] });
      }
    };
    let timer;
    socket.on("data", (bytes) => {
      left = heard(Buffer.concat([left, bytes]), (said) => {
        if (said.type === "hello") {
          say({ type: "welcome", server: "bench", now: Date.now(), tick_ms: TICK_MS, resume: "new", cursor: "bench", you: { role: "dispatcher" } });
          timer = setInterval(tick, TICK_MS);
          timers.add(timer);
        } else if (said.type === "view") {
          view += 1;
          socket.write(message(2, couriers.frame(1, view, all)));
        } else if (said.type === "ping") say({ type: "pong", t: said.t, now: Date.now() });
      });
    });
    const end = () => clearInterval(timer);
    socket.on("close", end);
    socket.on("error", end);
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    close() {
      timers.forEach(clearInterval);
      server.closeAllConnections();
      server.close();
    },
  };
}
