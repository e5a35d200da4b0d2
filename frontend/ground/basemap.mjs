// A ground of the operator's choice, CD_BASEMAP_URL: a style, raster tiles, or one PMTiles file. Fetched only where one is
// set. The page asks for its style, hands over the map, and says when the theme changes; the rest is here.
import { PMTiles, Protocol } from "pmtiles";
import { addProtocol } from "../../node_modules/maplibre-gl/src/source/protocol_crud.ts";
import { vector } from "./vector.mjs";

const SOURCE = "ground";
/** Said where the file does not come, by the page's language. */
const LOST = { en: "The map's ground cannot be reached", "pt-BR": "O fundo do mapa não pôde ser alcançado" };
/** `tileType` of a PMTiles file whose tiles are not pictures: https://github.com/protomaps/PMTiles/blob/main/spec/v3/spec.md */
const MVT = 1;

const config = JSON.parse(document.documentElement.dataset.basemap);
const address = new URL(config.url, location.href).href;
/** What a PMTiles file says of itself; `null` where it cannot be read. */
let file = null;

/** Reads what must be known before there can be a style. Never fails: a ground that does not come is an empty one. */
export async function prepare() {
  if (config.kind !== "pmtiles") return;
  const tiles = new PMTiles(address);
  const protocol = new Protocol();
  protocol.add(tiles);
  addProtocol("pmtiles", protocol.tile);
  try {
    const [header, metadata] = await Promise.all([tiles.getHeader(), tiles.getMetadata()]);
    file = { isVector: header.tileType === MVT, attribution: metadata?.attribution };
  } catch {
    file = null;
  }
}

/** The style, or its address. `colours` are those of the theme by name. */
export function style(dark, colours) {
  if (config.kind === "style") return address;
  const layers = [{ id: "ground-empty", type: "background", paint: { "background-color": colours.land } }];
  const style = { version: 8, sources: {}, layers };
  if (config.kind === "raster") {
    // The braces are MapLibre's: `URL` has written them as %7B.
    style.sources[SOURCE] = { type: "raster", tiles: [config.url], tileSize: 256 };
  } else if (file) {
    style.sources[SOURCE] = { type: file.isVector ? "vector" : "raster", url: `pmtiles://${address}` };
  } else {
    return style;
  }
  if (style.sources[SOURCE].type === "raster") {
    layers.push({ id: "ground-raster", type: "raster", source: SOURCE, paint: dimmed(dark) });
  } else {
    layers.push(...vector(SOURCE, colours));
  }
  return style;
}

/** Pictures are made for the day: at night they are darker and paler, so that couriers stand out. */
const dimmed = (dark) => ({ "raster-brightness-max": dark ? 0.45 : 1, "raster-saturation": dark ? -0.6 : 0 });

/** Paints the ground in another theme. A style by address keeps its own colours. */
export function dress(map, dark, colours) {
  if (config.kind === "style") return;
  for (const layer of style(dark, colours).layers) {
    if (!map.getLayer(layer.id)) continue;
    for (const [name, value] of Object.entries(layer.paint ?? {})) map.setPaintProperty(layer.id, name, value);
  }
}

/** Says whose the ground is, in the element for that, as soon as it is known. */
export function attach(map) {
  const said = new Set();
  const tell = (html) => {
    if (!html || said.has(html)) return;
    said.add(html);
    const place = document.querySelector("[data-basemap-attribution]");
    if (!place) return;
    if (place.childNodes.length > 0) place.append(" ");
    place.append(...plain(html));
  };
  // With the first drawing of the map the element is there.
  map.once("load", () => {
    tell(config.attribution && escaped(config.attribution));
    tell(file?.attribution);
    if (config.kind === "pmtiles" && !file) tell(LOST[document.documentElement.lang] ?? LOST.en);
  });
  map.on("sourcedata", (event) => event.sourceDataType === "metadata" && tell(event.source?.attribution ?? map.getSource(event.sourceId)?.attribution));
}

const escaped = (text) => text.replace(/[&<]/g, (letter) => (letter === "&" ? "&amp;" : "&lt;"));

/** Text and links of somebody else's HTML, and nothing else of it: a parser would already look at its event handlers. */
function* plain(html) {
  let behind = 0;
  for (const found of html.matchAll(/<a\b[^>]*?\bhref=["'](https?:[^"']+)["'][^>]*>(.*?)<\/a>/gis)) {
    yield text(html.slice(behind, found.index));
    const link = document.createElement("a");
    yield Object.assign(link, { href: text(found[1]), target: "_blank", rel: "noopener noreferrer", textContent: text(found[2]) });
    behind = found.index + found[0].length;
  }
  yield text(html.slice(behind));
}

/** Without its tags, and with letters for "&copy;" and the like. */
function text(html) {
  return new DOMParser().parseFromString(html.replace(/<[^>]*>?/g, ""), "text/html").documentElement.textContent;
}
