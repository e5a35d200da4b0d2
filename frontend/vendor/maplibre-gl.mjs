// What the page uses of MapLibre GL JS. Built from the package's sources together with its worker, so that what both need
// is one file that the browser fetches once; `xtask/src/page/maplibre.rs` runs it.
export { Map } from "../../node_modules/maplibre-gl/src/ui/map.ts";
