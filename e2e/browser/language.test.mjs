// The page in Brazilian Portuguese: not a word of English in any state, nothing cut, and the way to English and back.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

import { check } from "./axe.mjs";
import { around, DESKTOP, Page, PHONE, ROOT, Server, until } from "./harness.mjs";
import { reads } from "./wait.mjs";

const texts = (name) => JSON.parse(readFileSync(join(ROOT, "frontend/locales", `${name}.json`), "utf8"));
const [EN, PT] = [texts("en"), texts("pt-BR")];
/** Words without variables, in small letters. */
const words = (text) => text.replace(/\{\{.*?\}\}/g, " ").toLowerCase().match(/[\p{L}’']{2,}/gu) ?? [];
const spoken = new Set(Object.values(PT).flatMap(words));
/** Words that the English page says and the Portuguese page never does, and some that would come from elsewhere. */
const ENGLISH = new Set(Object.values(EN).flatMap(words).filter((word) => !spoken.has(word)));
for (const word of ["ago", "any", "moment", "about", "now", "under", "must", "mon", "tue", "wed", "thu", "fri", "sat", "sun", "dispatcher", "viewer"]) {
  ENGLISH.add(word);
}

const ROUTE = "railway-square-to-market-hall";
const PORTUGUESE = { locale: "pt-BR", timezoneId: "America/Sao_Paulo", reducedMotion: "reduce" };

let server;
let browser;
/** Names of places and couriers, which are nobody's language. */
let names;
/** Since when there are couriers, ms. */
let since;
around({ demo: 6 }, async (world) => {
  ({ server, browser } = world);
  // Late, and on its way for long enough.
  await server.deliver("c-17", ROUTE, { speed: 0.2, reference: "pedido-17", promised_at: Date.now() + 20_000 });
  since = Date.now();
  const { items } = await server.get("/routes");
  names = items.flatMap(({ name, route }) => [name, route.replaceAll("-", " "), ...name.split(" to ")]);
  names.push("Code Delivery", "OpenStreetMap", "Natural Earth", "GeoJSON", "Enter", "Esc", "CD_PUBLIC_URL", "CD_AUTH_SECRET_FILE", "English");
  names.sort((a, b) => b.length - a.length);
});

async function open(options = {}) {
  const page = await Page.open(browser, server, "", { viewport: DESKTOP, ...PORTUGUESE, ...options });
  await page.ready();
  assert.equal(await page.attribute("html", "lang"), "pt-BR");
  return page;
}

/** All that is written in the page or said of it, with the element that it is in. */
const said = (page) => page.tab.evaluate(() => {
  const found = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    // What is hidden from the eye is read aloud.
    if (!element.closest("noscript, script, style, svg")) found.push([element.tagName, walker.currentNode.data]);
  }
  for (const name of ["aria-label", "title", "placeholder", "aria-valuetext", "alt"]) {
    for (const element of document.querySelectorAll(`[${name}]`)) found.push([`${element.tagName} ${name}`, element.getAttribute(name)]);
  }
  found.push(["title", document.title]);
  return { found, couriers: [...document.querySelectorAll("[data-courier]")].map((row) => row.dataset.courier) };
});

/** Fails where a word of English stands in the page, or what is written is wider than its box. */
async function speaks(page, state) {
  const { found, couriers } = await said(page);
  const known = [...names, ...couriers.flatMap((id) => [id, id.replaceAll("-", " ")])];
  const strip = (text) => known.reduce((left, name) => left.replaceAll(new RegExp(name.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"), "gi"), " "), text);
  const english = [];
  for (const [where, text] of found) {
    // Orders and ids stand as they were written.
    const left = strip(text).replace(/\border-\d+|\bpedido-\d+|[0-9a-f]{4,}-[0-9a-f…-]+|https?:\S+|POST \S+/gi, " ");
    const those = words(left).filter((word) => ENGLISH.has(word));
    if (those.length > 0) english.push(`${where}: ${those.join(" ")} in "${text.slice(0, 80)}"`);
  }
  assert.deepEqual(english, [], `${state}: English`);
  assert.deepEqual(await cut(page), [], `${state}: cut`);
  await page.fitsItsWidth(state);
}

/** What is wider than its box, or than the window; data that may be shortened is not asked. */
const cut = (page) => page.tab.evaluate(() => {
  const brush = document.createElement("canvas").getContext("2d");
  const faults = [];
  const told = (element, why) => faults.push(`${element.tagName}.${element.getAttribute("class")} "${(element.textContent || element.placeholder).slice(0, 50)}": ${why}`);
  const controls = "button, .btn, .tag, .chip, .count, .label, label, dt, dd, h1, h2, .seg button, [role=tab], .conn, .pill, .live, .banner, .metrics > *, .railfoot > *, .kicker > *, .ends > *, .past-tab, .note";
  for (const element of document.querySelectorAll(controls)) {
    if (!element.textContent.trim() || !element.checkVisibility({ visibilityProperty: true }) || element.closest(".vh, .skip, .cut")) continue;
    const box = element.getBoundingClientRect();
    if (box.width < 2) continue;
    // Inline elements have no width of their own: what holds them is asked.
    if (element.clientWidth > 0 && element.scrollWidth > element.clientWidth + 1) told(element, `${element.scrollWidth} px in ${element.clientWidth}`);
    const scrolls = element.closest(".counts, .chips, .rows, .opts");
    const parent = element.parentElement.getBoundingClientRect();
    if (!scrolls && getComputedStyle(element).position === "static" && box.right > parent.right + 2 && parent.width > 0) told(element, `${Math.round(box.right - parent.right)} px beyond its parent`);
    // A button's words that have become two lines stand out of it.
    const written = document.createRange();
    written.selectNodeContents(element);
    const text = written.getBoundingClientRect();
    if (element.tagName === "BUTTON" && (text.height > box.height + 1 || text.right > box.right + 1)) told(element, `words of ${Math.round(text.width)} x ${Math.round(text.height)} in ${Math.round(box.width)} x ${Math.round(box.height)}`);
  }
  for (const input of document.querySelectorAll("input[placeholder]")) {
    if (!input.checkVisibility()) continue;
    const style = getComputedStyle(input);
    brush.font = `${style.fontWeight} ${style.fontSize} ${style.fontFamily}`;
    const room = input.clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight);
    if (brush.measureText(input.placeholder).width > room + 1) told(input, `a placeholder of ${Math.round(brush.measureText(input.placeholder).width)} px in ${room}`);
  }
  return faults;
});

/** One look at a state: its words, its widths, its barriers, and a picture for people. */
async function look(page, name) {
  await speaks(page, name);
  await check(page, name);
  await page.shot(`pt-${name}`);
}

test("every state of the page speaks Portuguese", async () => {
  const page = await open();
  assert.equal(await page.text(".conn"), "Ao vivo");
  await until("the date is told", async () => /^(dom|seg|ter|qua|qui|sex|sáb), \d+ \p{L}{3}$/u.test(await page.text(".clock .date")));
  await look(page, "first");

  await until("one is late", () => page.row("c-17").locator(".tag.late").isVisible(), 60_000);
  await page.row("c-17").click();
  await until("its story is told", async () => /Solicitada/.test(await page.text("#drawer ol")));
  await until("how late it is", async () => /de atraso/.test(await page.text("#drawer .kicker")));
  await reads("when it arrives", () => page.text("#drawer .kicker"), /Chega (em|a qualquer)/);
  await reads("how far it is", () => page.text("#drawer"), /\d,\d km|\d+ m/);
  await page.$("#audit").click();
  await until("it is counted", async () => /posições guardadas/.test(await page.text("#drawer")));
  await page.$("#link").click();
  await until("the link is told of", () => page.$("#link-said").isVisible());
  await look(page, "selected");
  await page.$("#cancel").click();
  await look(page, "cancel");
  await page.press("Escape");
  await until("a card hangs beside it", () => page.$(".callout").isVisible());
  await speaks(page, "callout");
  await page.press("Escape");

  await page.tab.getByRole("tab", { name: /Entregas/ }).click();
  await speaks(page, "deliveries");
  await page.tab.getByRole("tab", { name: /Entregadores/ }).click();

  await page.$("#start-button").click();
  await until("routes are offered", async () => (await page.$("#start-form [data-route]").count()) >= 24);
  await until("the length is told", async () => /\d,\d km · cerca de \d+ min|\d+ m · cerca/.test(await page.text("#start-form .opts")));
  await until("paces are offered", () => page.button("0,5×").isVisible());
  await look(page, "start");
  await page.button("Várias").click();
  await speaks(page, "several");
  await page.button("20 ao acaso").click();
  await speaks(page, "random");
  await page.press("Escape");

  await page.press("?");
  await page.$("[role=dialog]").waitFor();
  await look(page, "keys");
  await page.press("Escape");

  await page.press("/");
  await page.tab.keyboard.type("ninguém");
  await until("the list says so", () => page.$("[data-state=no-match]").isVisible());
  await look(page, "no-match");
  await page.button("Limpar filtros").click();

  await until("there is a past", () => Date.now() - since > 35_000, 60_000);
  await page.$("#hist").focus();
  await page.press("ArrowLeft");
  await until("the past is shown", async () => (await page.connection()) === "replay" && (await page.attribute("[data-past]", "data-past")) === "shown", 60_000);
  await until("couriers of that moment are drawn", async () => (await page.drawn()) > 0);
  await reads("which moment it is", () => page.text("[data-past]"), /^\d\d:\d\d:\d\d, (há .+|agora)/);
  await look(page, "past");
  await page.press("l");
  await until("it is live again", async () => (await page.connection()) === "live");
  await page.close();
});

test("a phone speaks it, too", async () => {
  const page = await open({ viewport: PHONE, hasTouch: true, isMobile: true });
  await look(page, "phone");
  await page.button("Menu").tap();
  await page.$(".menu").waitFor();
  await look(page, "phone-menu");
  await page.button("Menu").tap();
  await page.row("c-17").or(page.rows().first()).first().tap();
  await until("its story is told", async () => /Solicitada/.test(await page.text("#drawer ol")));
  await look(page, "phone-selected");
  await page.button("Fechar", "#drawer").tap();
  await page.$("#start-button").tap();
  await until("routes are offered", async () => (await page.$("#start-form [data-route]").count()) >= 24);
  await look(page, "phone-start");
  await page.close();
});

test("English and back keep the view, and the choice stays", async () => {
  const page = await open();
  await page.row("c-17").click();
  await until("the address tells of it", async () => /c-17|courier|delivery/.test(page.tab.url()));
  const rests = async () => {
    await until("the drawer is there", async () => (await page.text("#drawer h2")).length > 0);
    return page.rested();
  };
  const view = await rests();
  const speak = async (name, lang) => {
    await page.press("?");
    await page.button(name, "[role=dialog]").click();
    await until(`the page is in ${lang}`, async () => (await page.attribute("html", "lang")) === lang);
    await page.ready();
  };
  await speak("English", "en");
  await reads("the connection", () => page.text(".conn"), "Live");
  assert.equal(await rests(), view, "the view is the same");
  await until("its story is told", async () => /Requested/.test(await page.text("#drawer ol")));
  await page.tab.reload();
  await page.ready();
  assert.equal(await page.attribute("html", "lang"), "en", "the choice is remembered");
  await speak("Português", "pt-BR");
  assert.equal(await rests(), view);
  await reads("the connection", () => page.text(".conn"), "Ao vivo");
  await page.close();
});

test("what the server refuses is told by its kind", async () => {
  const page = await open();
  page.allow(/503/, /422/);
  const answers = [
    { status: 422, type: "invalid", detail: "1 field is wrong", errors: [{ pointer: "/reference", detail: "must be at most 128 characters" }] },
    { status: 503, type: "broker-unavailable", detail: "the broker does not answer" },
  ];
  await page.tab.route("**/api/v1/deliveries/*", (route) => {
    if (route.request().method() !== "PUT") return route.continue();
    const { status, type, ...rest } = answers.shift();
    const body = JSON.stringify({ type: `/problems/${type}`, title: type, status, ...rest });
    return route.fulfill({ status, contentType: "application/problem+json", body });
  });
  await page.$("#start-button").click();
  await until("it can be started", () => page.$("#start-go").isEnabled());
  for (const text of ["Referência deve ter no máximo 128 caracteres", "O servidor não consegue registrar agora; tente de novo"]) {
    await page.$("#start-go").click();
    await until(`it says: ${text}`, async () => (await page.text("#start-form .error")) === text);
    await speaks(page, text);
  }
  await page.close();
});

test("a page whose server is away says so", async () => {
  const page = await open();
  page.allow(/Failed to fetch|ERR_CONNECTION_REFUSED|ERR_CONNECTION_RESET|ERR_EMPTY_RESPONSE|ERR_INCOMPLETE_CHUNKED|WebSocket connection to .* failed/);
  await server.kill();
  await until("the banner is there", () => page.$("[data-banner=connection]").isVisible(), 60_000);
  await reads("the banner", () => page.text("[data-banner=connection]"), /^Reconectando, mostrando \d\d:\d\d:\d\d/);
  await look(page, "away");
  await server.restart();
  await until("it is live", async () => (await page.connection()) === "live", 60_000);
  await page.close();
});

test("an empty map and a notice speak it", async () => {
  const empty = await Server.start({ demo: 0 });
  try {
    const page = await Page.open(browser, empty, "", { viewport: DESKTOP, ...PORTUGUESE });
    await until("the card is there", () => page.$(".onboard").isVisible(), 60_000);
    await until("the list says so", () => page.$(".rail .hollow").isVisible());
    await look(page, "empty");
    await empty.deliver("c-42", ROUTE, { speed: 60, reference: "pedido-42" });
    await until("it has arrived", async () => (await page.told("delivered")).some((text) => /^pedido-42: entregue\s+c-42, \d+ s, 1,\d km/.test(text)), 60_000);
    await speaks(page, "notice");
    await page.close();
  } finally {
    await empty.remove();
  }
});

test("the page that asks for a token speaks it", async () => {
  const page = await Page.open(browser, server, "login", { viewport: PHONE, ...PORTUGUESE });
  await until("it is ready", async () => (await page.attribute("html", "data-ready")) === "true");
  assert.equal(await page.text("h1"), "Entrar");
  await speaks(page, "login");
  await page.tab.route("**/api/v1/me", (route) => route.fulfill({ status: 401, contentType: "application/problem+json", body: '{"detail":"the token has expired"}' }));
  page.allow(/401/);
  await page.$("#token").fill("abc");
  await page.button("Entrar").click();
  await until("it is refused", () => page.$("#said").isVisible());
  await look(page, "login");
  await page.close();
});
