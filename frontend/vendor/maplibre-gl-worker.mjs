// MapLibre's worker, which cuts GeoJSON into tiles. MapLibre looks for it by this name beside its own code.
import "../../node_modules/maplibre-gl/src/source/worker.ts";
