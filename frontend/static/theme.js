// Sets language and theme before the first paint. The language: the one that was chosen, else the first of the browser's that
// the pages speak, else English. The theme: the URL's choice, else the remembered one, else the system's. Asks for the map's
// ground where the server names another one than the page's own.
// Where the server asks for a token and this tab has none, that is asked for before anything else is fetched.
// The page itself takes over from here: it reads the language (src/words.rs), and writes the theme's attribute, too.
(function () {
  var languages = navigator.languages || [];
  try { languages = [localStorage.getItem("cd-language") || ""].concat(languages); } catch (_) { /* storage may be forbidden */ }
  var language = languages.find(function (tag) { return /^(en|pt)(-|$)/i.test(tag); });
  document.documentElement.lang = /^pt/i.test(language) ? "pt-BR" : "en";
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
  try { theme = theme || localStorage.getItem("cd-theme"); } catch (_) { /* the same */ }
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
