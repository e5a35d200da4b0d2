// Layers for vector tiles of Protomaps' basemap, version 4 (https://docs.protomaps.com/basemaps/layers), in the page's own
// colours and with its own font: what the demo city's ground looks like, for everywhere.

const FONT = ["Inter Medium", "Inter Variable", "sans-serif"];
/** Kinds of `roads`, the widest first, and their width in px at zoom 15.4; it doubles with each zoom. */
const WIDTHS = { highway: 10, major_road: 8.6, minor_road: 6, other: 3 };
const CASING = 1.8;

/** The layers over a source. */
export function vector(source, colours) {
  const layer = (id, type, from, more) => ({ id: `ground-${id}`, type, source, "source-layer": from, ...more });
  const fill = (id, from, kinds, colour, more) =>
    layer(id, "fill", from, { ...(kinds && { filter: is(kinds) }), paint: { "fill-color": colour }, ...more });
  const road = (id, colour, majorColour, more) =>
    layer(id, "line", "roads", {
      filter: is(Object.keys(WIDTHS)),
      layout: { "line-cap": "round", "line-join": "round", "line-sort-key": ["match", kind, "highway", 3, "major_road", 2, "minor_road", 1, 0] },
      paint: { "line-color": ["match", kind, ["highway", "major_road"], majorColour, colour], "line-width": width(more) },
    });
  const label = (id, from, size, more) =>
    layer(`label-${id}`, "symbol", from, {
      ...more,
      layout: { "text-field": ["coalesce", ["get", "name"], ""], "text-font": FONT, "text-size": size, "text-padding": 8, "text-max-width": 8, ...more?.layout },
      paint: { "text-color": colours.label, "text-halo-color": colours.halo, "text-halo-width": 1.5 },
    });
  return [
    { id: "ground-sea", type: "background", paint: { "background-color": colours.water } },
    fill("earth", "earth", null, colours.land),
    fill("park", "landuse", ["park", "forest", "wood", "nature_reserve", "cemetery", "zoo"], colours.park),
    fill("grass", "landuse", ["grass", "grassland", "meadow", "golf_course", "farmland", "scrub"], colours.grass),
    fill("pitch", "landuse", ["pitch", "playground", "stadium"], colours.pitch),
    fill("square", "landuse", ["pedestrian"], colours.square),
    fill("water", "water", null, colours.water),
    layer("path", "line", "roads", { minzoom: 13.5, filter: is(["path"]), paint: { "line-color": colours.path, "line-width": 1.2 } }),
    road("road-casing", colours.casing, colours.major_casing, CASING),
    road("road", colours.road, colours.major_road, 0),
    layer("rail", "line", "roads", { minzoom: 12, filter: is(["rail"]), paint: { "line-color": colours.tram, "line-width": 1 } }),
    fill("building", "buildings", null, colours.building, { minzoom: 13 }),
    layer("building-line", "line", "buildings", { minzoom: 14.5, paint: { "line-color": colours.building_line, "line-width": 0.75 } }),
    layer("boundary", "line", "boundaries", { paint: { "line-color": colours.tram, "line-width": 1, "line-dasharray": [3, 2] } }),
    label("road", "roads", 10.5, { minzoom: 14, filter: is(Object.keys(WIDTHS)), layout: { "symbol-placement": "line", "symbol-spacing": 380 } }),
    label("water", "water", 11, { minzoom: 11 }),
    label("place", "places", ["match", kind, "country", 13, "region", 12, ["match", ["get", "kind_detail"], "city", 13, 11.5]], {
      layout: { "symbol-sort-key": ["coalesce", ["get", "sort_key"], ["get", "min_zoom"], 0] },
    }),
  ];
}

const kind = ["get", "kind"];
const is = (kinds) => ["in", kind, ["literal", kinds]];

/** A road's width plus `more` px, at every zoom. */
function width(more) {
  const at = (zoom) => [
    zoom,
    ["match", kind, ...Object.entries(WIDTHS).flatMap(([name, px]) => [name, Math.max(px * 2 ** (zoom - 15.4), 0.6) + more]), 1],
  ];
  return ["interpolate", ["exponential", 2], ["zoom"], ...[6, 11, 13, 15.4, 20].flatMap(at)];
}
