// How the page's glue becomes one file, for `xtask/src/page/wasm.rs`: `boot.js`, wasm-bindgen's `app.js` and `split.js`, which
// fetches the parts that are needed later. Wasm files are found beside it.
export default {
  input: "target/page/bound/boot.js",
  external: /^\/vendor\//,
  platform: "browser",
  output: { format: "esm", minify: true, entryFileNames: "[name].js" },
};
