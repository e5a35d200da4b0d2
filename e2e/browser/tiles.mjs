// A host of grounds for tests: a style, raster tiles, and PMTiles files that are made here, on another port than the page's.

import { createServer } from "node:http";
import { encode } from "./png.mjs";

/** The colour of each picture, of the style's ground, and whose they are. */
export const RASTER = 0xc08040;
export const STYLE = 0x4080c0;

/** Starts one. `asked` is what was fetched from it. */
export async function tileHost() {
  const asked = [];
  const files = {
    "/style.json": ["application/json", JSON.stringify(style())],
    "/vector.pmtiles": ["application/octet-stream", pmtiles(1, vectorTile())],
    "/raster.pmtiles": ["application/octet-stream", pmtiles(2, picture())],
  };
  const server = createServer((request, response) => {
    const path = request.url.split("?")[0];
    asked.push(path);
    const [type, body] = /^\/\d+\/\d+\/\d+\.png$/.test(path) ? ["image/png", picture()] : (files[path] ?? []);
    const headers = { "access-control-allow-origin": "*", "access-control-expose-headers": "etag", "content-type": type ?? "text/plain" };
    if (!type) return response.writeHead(404, headers).end("no such file");
    const bytes = Buffer.from(body);
    const range = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? "");
    if (!range) return response.writeHead(200, headers).end(bytes);
    const [from, to] = [Number(range[1]), Math.min(Number(range[2]), bytes.length - 1)];
    return response.writeHead(206, { ...headers, "content-range": `bytes ${from}-${to}/${bytes.length}` }).end(bytes.subarray(from, to + 1));
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { url: `http://127.0.0.1:${server.address().port}`, asked, close: () => server.close() };
}

/** The file of one tile for all the world. */
export const vectorFile = () => pmtiles(1, vectorTile());

function picture() {
  const rgb = new Uint8Array(256 * 256 * 3);
  for (let at = 0; at < rgb.length; at += 3) [rgb[at], rgb[at + 1], rgb[at + 2]] = [RASTER >> 16, (RASTER >> 8) & 255, RASTER & 255];
  return encode(256, 256, rgb);
}

function style() {
  const data = { type: "Feature", properties: {}, geometry: { type: "Polygon", coordinates: [[[-179, -80], [179, -80], [179, 80], [-179, 80], [-179, -80]]] } };
  const attribution = '<a href="https://example.org/copyright">© Example</a> <img src=x onerror="document.title=1">';
  const colour = `#${STYLE.toString(16)}`;
  return { version: 8, sources: { all: { type: "geojson", data, attribution } }, layers: [{ id: "all", type: "fill", source: "all", paint: { "fill-color": colour } }] };
}

/** https://github.com/protomaps/PMTiles/blob/main/spec/v3/spec.md, nothing compressed, one tile at zoom 0. */
function pmtiles(type, tile) {
  const metadata = Buffer.from(JSON.stringify({ attribution: "© Tile Makers" }));
  // One entry: id 0, once, its length, offset 0 (written plus one).
  const directory = Buffer.from([1, 0, 1, ...varint(tile.length), 1]);
  const header = Buffer.alloc(127);
  header.write("PMTiles");
  header[7] = 3;
  const at = [127, 127 + directory.length, 127 + directory.length + metadata.length];
  const numbers = [at[0], directory.length, at[1], metadata.length, at[2], 0, at[2], tile.length, 1, 1, 1];
  numbers.forEach((number, i) => header.writeBigUInt64LE(BigInt(number), 8 + 8 * i));
  [1, 1, 1, type, 0, 0].forEach((byte, i) => (header[96 + i] = byte));
  [-1_800_000_000, -850_000_000, 1_800_000_000, 850_000_000].forEach((edge, i) => header.writeInt32LE(edge, 102 + 4 * i));
  return Buffer.concat([header, directory, metadata, tile]);
}

/** https://github.com/mapbox/vector-tile-spec/tree/master/2.1: land everywhere, and a park over all of it. */
function vectorTile() {
  const square = [9, ...varint(zigzag(-64)), ...varint(zigzag(-64)), 26, ...[4224, 0, 0, 4224, -4224, 0].flatMap((n) => varint(zigzag(n))), 15];
  const feature = (tags) => Buffer.concat([bytes(2, tags), Buffer.from([0x18, 3]), bytes(4, square)]);
  const layer = (name, kind) => {
    const value = bytes(4, bytes(1, Buffer.from(kind)));
    return bytes(3, Buffer.concat([Buffer.from([0x78, 2]), bytes(1, Buffer.from(name)), bytes(2, feature([0, 0])), bytes(3, Buffer.from("kind")), value, Buffer.from([0x28, ...varint(4096)])]));
  };
  return Buffer.concat([layer("earth", "earth"), layer("landuse", "park")]);
}

const bytes = (field, content) => Buffer.concat([Buffer.from([(field << 3) | 2, ...varint(content.length)]), Buffer.from(content)]);
const zigzag = (number) => (number < 0 ? -2 * number - 1 : 2 * number);

function varint(number) {
  const all = [];
  for (let left = number; ; left = Math.floor(left / 128)) {
    if (left < 128) return [...all, left];
    all.push((left % 128) | 128);
  }
}
