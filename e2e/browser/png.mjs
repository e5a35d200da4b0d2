// Writes a PNG of 8-bit RGB or RGBA smaller: at most 256 colours, chosen by how much they are used, and packed as hard as
// zlib can. A browser writes its screenshots fast, not small.

import { deflateSync, inflateSync } from "node:zlib";

const SIGNATURE = Buffer.from([137, 80, 78, 71, 13, 10, 26, 10]);

/** Width, height and RGB pixels. */
export function decode(png) {
  const parts = [];
  let [width, height, channels] = [0, 0, 0];
  for (let at = 8; at < png.length; at += 12 + png.readUInt32BE(at)) {
    const [length, kind] = [png.readUInt32BE(at), png.toString("latin1", at + 4, at + 8)];
    const data = png.subarray(at + 8, at + 8 + length);
    if (kind === "IHDR") {
      [width, height] = [data.readUInt32BE(0), data.readUInt32BE(4)];
      channels = { 2: 3, 6: 4 }[data[9]];
      if (data[8] !== 8 || !channels || data[12]) throw new Error("only 8-bit RGB and RGBA without interlace");
    } else if (kind === "IDAT") parts.push(data);
  }
  const raw = inflateSync(Buffer.concat(parts));
  const stride = width * channels;
  let above = new Uint8Array(stride);
  const rgb = new Uint8Array(width * height * 3);
  for (let y = 0; y < height; y += 1) {
    const filter = raw[y * (stride + 1)];
    const line = Uint8Array.from(raw.subarray(y * (stride + 1) + 1, (y + 1) * (stride + 1)));
    for (let i = 0; i < stride; i += 1) {
      const [a, b, c] = [i >= channels ? line[i - channels] : 0, above[i], i >= channels ? above[i - channels] : 0];
      if (filter === 1) line[i] += a;
      else if (filter === 2) line[i] += b;
      else if (filter === 3) line[i] += (a + b) >> 1;
      else if (filter === 4) {
        const p = a + b - c;
        const [pa, pb, pc] = [Math.abs(p - a), Math.abs(p - b), Math.abs(p - c)];
        line[i] += pa <= pb && pa <= pc ? a : pb <= pc ? b : c;
      }
    }
    for (let x = 0; x < width; x += 1) rgb.set(line.subarray(x * channels, x * channels + 3), (y * width + x) * 3);
    above = line;
  }
  return { width, height, rgb };
}

/** At most 256 colours that stand for all: boxes of colours are cut in two where that makes them most alike. */
function palette(counts) {
  const boxOf = (colours) => {
    let worst = { spread: -1, channel: 0 };
    const total = colours.reduce((sum, [, n]) => sum + n, 0);
    for (const channel of [0, 1, 2]) {
      const mean = colours.reduce((sum, [c, n]) => sum + c[channel] * n, 0) / total;
      const spread = colours.reduce((sum, [c, n]) => sum + n * (c[channel] - mean) ** 2, 0);
      if (spread > worst.spread) worst = { spread, channel, mean };
    }
    return { colours, total, ...worst };
  };
  const boxes = [boxOf([...counts].map(([key, n]) => [[key >> 16, (key >> 8) & 255, key & 255], n]))];
  while (boxes.length < 256) {
    const index = boxes.reduce((best, box, i) => (box.spread > boxes[best].spread ? i : best), 0);
    const { colours, channel, mean, spread } = boxes[index];
    if (spread <= 0) break;
    boxes.splice(index, 1, boxOf(colours.filter(([c]) => c[channel] <= mean)), boxOf(colours.filter(([c]) => c[channel] > mean)));
  }
  // What fills whole areas keeps its own colour; the rest takes the middle of its box.
  return boxes.map(({ colours, total }) => {
    const [top, n] = colours.reduce((best, one) => (one[1] > best[1] ? one : best));
    if (n * 2 > total) return top;
    return [0, 1, 2].map((channel) => Math.round(colours.reduce((sum, [c, k]) => sum + c[channel] * k, 0) / total));
  });
}

const TABLE = Uint32Array.from({ length: 256 }, (_, n) => {
  for (let k = 0; k < 8; k += 1) n = n & 1 ? 0xedb88320 ^ (n >>> 1) : n >>> 1;
  return n >>> 0;
});

function chunk(kind, data) {
  const body = Buffer.concat([Buffer.from(kind, "latin1"), data]);
  const crc = body.reduce((sum, byte) => TABLE[(sum ^ byte) & 255] ^ (sum >>> 8), 0xffffffff);
  const [length, check] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(data.length);
  check.writeUInt32BE((crc ^ 0xffffffff) >>> 0);
  return Buffer.concat([length, body, check]);
}

/** A picture of 8-bit RGB pixels. */
export function encode(width, height, rgb) {
  const raw = Buffer.alloc((width * 3 + 1) * height);
  for (let y = 0; y < height; y += 1) raw.set(rgb.subarray(y * width * 3, (y + 1) * width * 3), y * (width * 3 + 1) + 1);
  return file(width, height, [8, 2, 0, 0, 0], [chunk("IDAT", deflateSync(raw))]);
}

function file(width, height, format, chunks) {
  const head = Buffer.alloc(13);
  head.writeUInt32BE(width, 0);
  head.writeUInt32BE(height, 4);
  head.set(format, 8);
  return Buffer.concat([SIGNATURE, chunk("IHDR", head), ...chunks, chunk("IEND", Buffer.alloc(0))]);
}

/** The same picture, smaller. */
export function smaller(png) {
  const { width, height, rgb } = decode(png);
  const counts = new Map();
  const keyAt = (i) => (rgb[i] << 16) | (rgb[i + 1] << 8) | rgb[i + 2];
  for (let i = 0; i < rgb.length; i += 3) counts.set(keyAt(i), (counts.get(keyAt(i)) ?? 0) + 1);
  const colours = palette(counts);
  const nearest = new Map();
  for (const key of counts.keys()) {
    let [best, least] = [0, Infinity];
    colours.forEach(([r, g, b], i) => {
      const away = ((key >> 16) - r) ** 2 + (((key >> 8) & 255) - g) ** 2 + ((key & 255) - b) ** 2;
      if (away < least) [best, least] = [i, away];
    });
    nearest.set(key, best);
  }
  const raw = Buffer.alloc((width + 1) * height);
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) raw[y * (width + 1) + 1 + x] = nearest.get(keyAt((y * width + x) * 3));
  }
  const data = deflateSync(raw, { level: 9, memLevel: 9 });
  return file(width, height, [8, 3, 0, 0, 0], [chunk("PLTE", Buffer.from(colours.flat())), chunk("IDAT", data)]);
}
