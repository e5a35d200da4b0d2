// Keeps the page's own files and the city's map, so that it opens without a network. Never what is live: requests to the
// API and sockets pass by. `xtask/src/page/shell.rs` puts the list of files in, and a name that changes with any of them.
const NAME = "page-BUILD";
const FILES = ["/"];
// A page that was opened before an update still fetches its own parts: one older copy stays.
const OLDER = 1;

self.addEventListener("install", (event) => {
  const fill = async () => {
    const cache = await caches.open(NAME);
    await cache.addAll(FILES.map((file) => new Request(file, { cache: "no-cache" })));
    await self.skipWaiting();
  };
  event.waitUntil(fill());
});

self.addEventListener("activate", (event) => {
  const clear = async () => {
    const others = (await caches.keys()).filter((name) => name.startsWith("page-") && name !== NAME);
    await Promise.all(others.slice(0, -OLDER).map((name) => caches.delete(name)));
    await self.clients.claim();
  };
  event.waitUntil(clear());
});

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== "GET" || url.origin !== self.location.origin) return;
  if (request.mode === "navigate" && url.pathname === "/") {
    event.respondWith(fresh(request, "/"));
  } else if (url.pathname.startsWith("/app/")) {
    // Named after its content: what is kept is right.
    event.respondWith(kept(url.pathname).then((found) => found ?? fetch(request)));
  } else if (url.pathname !== "/" && FILES.includes(url.pathname)) {
    event.respondWith(fresh(request, url.pathname));
  }
});

/** From the server, or as it was kept where there is none. */
async function fresh(request, path) {
  try {
    return await fetch(request);
  } catch (error) {
    const found = await kept(path);
    if (found) return found;
    throw error;
  }
}

/** The newest copy first. */
async function kept(path) {
  return (await (await caches.open(NAME)).match(path)) ?? caches.match(path);
}
