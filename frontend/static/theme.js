// Sets the theme before the first paint: the URL's choice, else the remembered one, else the system's. Asks for the map's
// ground where the server names another one than the page's own.
// Where the server asks for a token and this tab has none, that is asked for before anything else is fetched.
// The page itself (src/theme.rs) takes over from here; both write the attribute that tokens.css reads.
(function () {
  if (document.documentElement.dataset.access === "token") {
    try {
      if (!sessionStorage.getItem("cd-token")) {
        sessionStorage.setItem("cd-back", location.pathname + location.search + location.hash);
        location.replace("/login");
      }
    } catch (_) { /* without storage the page goes on, and is told by the server */ }
  }
  var chosen = /[?&#]theme=(light|dark)/.exec(location.search + location.hash);
  var theme = chosen && chosen[1];
  try { theme = theme || localStorage.getItem("cd-theme"); } catch (_) { /* storage may be forbidden */ }
  if (theme !== "light" && theme !== "dark") theme = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
  document.documentElement.dataset.theme = theme;
  if (document.documentElement.dataset.basemap) {
    window.codeDeliveryGround = import("/vendor/basemap.mjs").then(function (ground) {
      return ground.prepare().then(function () { return ground; });
    });
    // Whoever waits for it falls back to the page's own.
    window.codeDeliveryGround.catch(function () {});
  }
})();
