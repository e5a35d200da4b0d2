// How the customer's page becomes two files, for `xtask/src/page/track.rs`: `track.js`, which is all of the first sight, and
// `map.js`, which it fetches later.
export default {
  input: "frontend/track/track.mjs",
  external: /^\/vendor\//,
  platform: "browser",
  output: { format: "esm", minify: true, entryFileNames: "[name].js", chunkFileNames: "[name].js" },
};
