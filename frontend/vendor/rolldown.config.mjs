// How MapLibre GL JS is built from its package's sources, for `xtask/src/page/maplibre.rs`: two entries, and what both
// need as one file, which the browser fetches once; and the grounds of an operator's choice, fetched where one is set.
export default {
  input: ["frontend/vendor/maplibre-gl.mjs", "frontend/vendor/maplibre-gl-worker.mjs", "frontend/ground/basemap.mjs"],
  platform: "browser",
  // As TypeScript's `useDefineForClassFields: false`, which MapLibre is written for: a field that is only declared must
  // not hide what the parent class has set.
  transform: {
    assumptions: { setPublicClassFields: true },
    typescript: { removeClassFieldsWithoutInitializer: true },
  },
  output: {
    format: "esm",
    minify: true,
    entryFileNames: "[name].mjs",
    chunkFileNames: "[name].mjs",
    codeSplitting: { groups: [{ name: "maplibre-gl-shared", minShareCount: 2 }] },
    postBanner: "/*! MapLibre GL JS and what it is built from: see LICENSES.txt beside this file. */",
  },
};
