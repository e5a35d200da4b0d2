// What a dispatcher does: start, select, follow, cancel.

import assert from "node:assert/strict";
import { test } from "node:test";

import { endOf, startOf } from "./city.mjs";
import { around, DESKTOP, Page, until } from "./harness.mjs";
import { reads } from "./wait.mjs";

const ROUTE = "railway-square-to-market-hall";

let server;
let browser;
around({ demo: 3 }, (world) => ({ server, browser } = world));

/** Opens the start form and chooses a courier by typing its id. */
async function openForm(page, courier) {
  await page.$("#start-button").click();
  await until("routes are offered", async () => (await page.$("#start-form [data-route]").count()) >= 24);
  await page.$("#courier-search").fill(courier);
  await page.$(`[data-choice="${courier}"]`).click();
}

test("a delivery is started through the form, and arrives", async () => {
  const page = await Page.open(browser, server, "", { viewport: DESKTOP });
  await page.ready();
  await page.$("#start-button").click();
  await until("routes are offered", async () => (await page.$("#start-form [data-route]").count()) >= 24);
  const route = page.$(`#start-form [data-route="${ROUTE}"]`);
  await until("it has its line drawn small", async () => (await route.locator(".thumb path").getAttribute("d"))?.length > 10);
  await route.click();
  assert.equal(await route.getAttribute("aria-checked"), "true");
  assert.match(await route.innerText(), /Railway Square to Market Hall\s+[\d.]+ k?m · about \d+ min/);
  await until("the map shows its length", async () => /k?m · about \d+ min/.test(await page.text(".stage > .pill")));

  // Who is on the road can be seen and not be chosen.
  const busy = page.$("#start-form [data-choice]:disabled").first();
  await reads("who is busy", () => busy.innerText(), /on a delivery( until about \d\d:\d\d)?/);

  await page.$("#courier-search").fill("Kaisa Nurmi");
  await page.$('[data-choice="kaisa-nurmi"]').click();
  // Half a minute on the road: long enough for a busy machine to see it there.
  await page.button("5×", "#start-form").click();
  await page.$("#reference").fill("order-77");
  // Two hours from now, at any time of the day.
  const promised = new Intl.DateTimeFormat("en-GB", { timeZone: "Europe/Helsinki", hour: "2-digit", minute: "2-digit", hourCycle: "h23" }).format(Date.now() + 7_200_000);
  await page.$("#promised").fill(promised);
  await reads("the foot", () => page.text("#start-form .go"), /Kaisa Nurmi, [\d.]+ k?m[^]*arrives about \d\d:\d\d[^]*Start delivery/);
  await page.shot("start-form");
  await page.$("#start-go").click();

  await page.$("#start-form").waitFor({ state: "detached" });
  await until("the drawer tells of it", async () => (await page.text("#drawer h2")) === "Kaisa Nurmi");
  await until("with its order", async () => /order-77 · Railway Square to Market Hall/.test(await page.text("#drawer .sub")));
  await until("it is on the way", async () => /On the way/.test(await page.text("#drawer ol")));
  // All in one look: rows are used again for others as the list moves.
  const delivery = await until("its row says so, and is selected", async () => {
    const [row] = await page.row("kaisa-nurmi").evaluateAll((rows) => rows.map((row) => ({ ...row.dataset, text: row.innerText, class: row.className, selected: row.ariaSelected })));
    return /order-77/.test(row.text) && /\b(delivery|late)\b/.test(row.class) && row.selected === "true" && row.delivery;
  });
  await page.shot("started");

  await until("it arrives", async () => (await page.told("delivered")).some((text) => /^order-77 delivered\s+Kaisa Nurmi, .+ early$/.test(text)), 90_000);
  await until("the drawer tells the end", async () => /Delivered\s+Market Hall\s+\d\d:\d\d:\d\d/.test(await page.text("#drawer ol")));
  assert.equal((await server.get(`/deliveries/${delivery}`)).status, "delivered");
  await page.shot("arrived");
  await page.close();
});

test("what the server refuses stands under its field", async () => {
  const page = await Page.open(browser, server);
  page.allow(/status of 4(09|22)/);
  await page.ready();
  await openForm(page, "c-race");

  await page.$("#promised").fill("25:70");
  await page.$("#start-go").click();
  const under = (field) => page.$(`.fld:has(${field}) .error`);
  await until("the time is refused", async () => /Promised by must be a time/.test(await under("#promised").innerText()));
  await reads("the field", () => page.attribute("#promised", "aria-invalid"), "true");
  await page.$("#promised").fill("");

  await page.$("#reference").fill("bell \u0007");
  await page.$("#start-go").click();
  await until("the reference is refused", async () => /^Reference must /.test(await under("#reference").innerText()));
  await reads("the field", () => page.attribute("#reference", "aria-invalid"), "true");
  await page.shot("refused-field");
  await page.$("#reference").fill("");

  // Somebody else is faster: between the press and the request the courier gets another delivery.
  let faster;
  await page.tab.route("**/api/v1/deliveries/*", async (request) => {
    if (request.request().method() === "PUT") await (faster ??= server.deliver("c-race", ROUTE));
    await request.continue();
  });
  await page.$("#start-go").click();
  await until("the busy courier is refused", async () => /^C Race is on a delivery until about \d\d:\d\d$/.test(await under("#courier-search").innerText()));
  await until("and no longer offered", () => page.$('[data-choice="c-race"]').isDisabled());
  await page.shot("refused-busy");
  await page.press("Escape");
  await page.$("#start-form").waitFor({ state: "detached" });
  const theirs = await server.get("/deliveries/live");
  assert.equal(theirs.items.filter((delivery) => delivery.courier === "c-race").length, 1, "no second run");
  await page.close();
});

test("select by click and by keys; drawer, card, trail; the map's marker", async () => {
  const start = await startOf(server, ROUTE);
  await server.deliver("c-chosen", ROUTE, { speed: 0.5, reference: "order-88" });
  const page = await Page.open(browser, server, `?at=${start.lat},${start.lon},16`, { viewport: DESKTOP });
  const trails = [];
  page.tab.on("request", (request) => /\/trail\?/.test(request.url()) && trails.push(request.url()));
  await page.ready();
  await until("the courier is listed", async () => (await page.row("c-chosen").count()) === 1);
  await page.row("c-chosen").click();
  await page.$("#drawer").waitFor();
  await until("its trail is asked for", () => trails.length > 0);
  // Rows are used again for others as the list moves: which one is the courier's may change between two looks.
  await until("its row is marked", async () => (await page.row("c-chosen").getAttribute("aria-selected")) === "true");
  const drawer = async () => (await page.text("#drawer")).replace(/\s+/g, " ");
  await until("the drawer is complete", async () => {
    const text = await drawer();
    const parts = [
      /^C Chosen order-88 · Railway Square to Market Hall/, /Arrives, in /, /Requested .* Started .* On the way .* now Delivered /,
      /Speed \d+ km\/h/, /Heading \d+° [NESW]/, /Accuracy ± \d+ m/, /Source simulator/, /Positions \d/, /Missing 0/, /Follow/, /Audit/, /Cancel delivery/,
    ];
    const missing = parts.filter((part) => !part.test(text));
    if (missing.length) throw new Error(`${missing} not in: ${text}`);
    return true;
  });
  await page.$("#audit").click();
  await until("the audit is told", async () => /positions stored, none missing/.test(await drawer()));
  await page.shot("selected");

  await page.press("Escape");
  await page.$("#drawer").waitFor({ state: "detached" });
  await until("the card stays", () => page.callout());
  await reads("the card", () => page.text(".callout"), /C Chosen\s+\d\d:\d\d[^]*order-88[^]*Details/);
  await page.shot("callout");
  await page.press("Escape");
  await page.$(".callout").waitFor({ state: "detached" });

  // The marker stands beside where the card hung a moment ago; it drives on, so a slow click may miss it.
  const stage = await page.$("#stage").boundingBox();
  await until("a click on the marker selects", async () => {
    await page.row("c-chosen").click();
    await page.$("#drawer").waitFor();
    await page.press("Escape");
    const card = await until("the card hangs there", () => page.callout());
    await page.press("Escape");
    await page.tab.mouse.click(stage.x + card.x - 30, stage.y + card.y + 140);
    return await until("it is selected", async () => (await page.$("#drawer").count()) === 1 && (await page.text("#drawer h2")) === "C Chosen", 3_000);
  });
  await page.press("Escape", "Escape");

  const names = () => page.rows().evaluateAll((rows) => rows.map((row) => [Number(row.getAttribute("aria-posinset")), row]).sort((a, b) => a[0] - b[0]).map(([, row]) => row.dataset.courier));
  const chosen = () => page.$('.row[aria-selected="true"]:visible').getAttribute("data-courier");
  // By name the order stands still; late first, it is another while couriers drive, and what is next with it.
  await page.$('select[aria-label="Order of the list"]').selectOption({ label: "By name" });
  const order = await until("the list is in order", async () => {
    const listed = await names();
    return listed.length > 1 && listed.every((name, i) => i === 0 || listed[i - 1] < name) && listed;
  });
  await page.press("j");
  await until("J selects the first", async () => (await chosen()) === order[0]);
  assert.equal(await page.$("#drawer").count(), 0, "the drawer stays closed");
  await page.press("Enter");
  await until("Enter opens", () => page.$("#drawer").isVisible());
  const first = await page.text("#drawer h2");
  await page.press("J");
  await until("J goes on", async () => (await chosen()) === order[1]);
  await until("the drawer with it", async () => (await page.text("#drawer h2")) !== first);
  await page.press("k");
  await until("K goes back", async () => (await chosen()) === order[0]);
  await until("the drawer with it", async () => (await page.text("#drawer h2")) === first);
  await page.press("?");
  await page.$(".help").waitFor();
  await reads("the help", () => page.text(".help"), /Search[^]*Follow[^]*This help/);
  await page.shot("help");
  await page.press("Escape");
  await page.$(".help").waitFor({ state: "detached" });
  assert.ok(await page.$("#drawer").isVisible(), "Esc closes one thing at a time");
  await page.press("/");
  await until("/ goes to the search", () => page.$("#search").evaluate((field) => field === document.activeElement));
  await page.tab.keyboard.type("j?f");
  assert.equal(await page.$("#search").inputValue(), "j?f", "keys are letters in a field");
  await page.close();
});

test("couriers on one spot are listed by a click at the last zoom", async () => {
  const couriers = ["c-one", "c-two", "c-three"];
  const all = await Promise.all(couriers.map((courier) => server.deliver(courier, ROUTE, { speed: 60, interval_ms: 200 })));
  const ended = async ({ delivery: id }) => (await server.get(`/deliveries/${id}`)).status === "delivered";
  await until("all three have arrived", async () => (await Promise.all(all.map(ended))).every(Boolean), 60_000);
  const end = await endOf(server, ROUTE);
  const page = await Page.open(browser, server, `?at=${end.lat},${end.lon},17`);
  await page.ready();
  await until("all three are drawn", async () => (await page.drawn()) >= 3);
  const box = await page.$(".map-pane canvas").first().boundingBox();
  const click = () => page.tab.mouse.click(box.x + box.width / 2, box.y + box.height / 2);
  const listed = (courier) => page.$(`[data-stacked="${courier}"]`);
  // One click, and time for the list: two in a row are a double click, which zooms. A courier of the demo may have
  // ended here too.
  await until("the click lists them", async () => {
    await click();
    for (const courier of couriers) await listed(courier).waitFor({ timeout: 3_000 });
    return true;
  });
  await until("it says how many", async () => {
    const [title, count] = await page.$(".stack").evaluate((stack) => [stack.querySelector("h3").innerText, stack.querySelectorAll("[data-stacked]").length]);
    return title.startsWith(`${count} couriers here`);
  });
  await reads("and who", () => page.text(".stack"), /C One[^]*Idle|Idle[^]*C One/);
  await page.shot("one-spot");
  await page.press("Escape");
  await until("Esc closes it", async () => (await page.$(".stack").count()) === 0);
  await until("a click lists them again", async () => {
    await click();
    await listed("c-two").click({ timeout: 3_000 });
    return true;
  });
  await until("the chosen one is selected", async () => page.query().get("sel") === "c-two");
  assert.equal(await page.$(".stack").count(), 0);
  await page.close();
});

test("follow keeps the courier in the middle, a drag lets go, the pill offers it back", async () => {
  const start = await startOf(server, "swedish-theatre-to-paasi-hotel");
  await server.deliver("c-followed", "swedish-theatre-to-paasi-hotel", { speed: 2 });
  const page = await Page.open(browser, server, `?at=${start.lat},${start.lon},16.5&sel=c-followed&drawer=0`);
  await page.ready();
  await until("the courier has its card", () => page.callout());
  await page.press("f");
  const button = '.ctl button[aria-label="Follow"]';
  await reads("the button", () => page.attribute(button, "aria-pressed"), "true");
  const place = async () => (await server.get("/couriers/c-followed")).position;
  const metres = (a, b) => Math.hypot((a.lat - b.lat) * 111_200, (a.lon - b.lon) * 55_300);
  const middle = await page.middle();
  const off = async () => {
    const card = await page.callout();
    return Math.hypot(card.x - middle.x, card.y - middle.y);
  };
  await until("the camera has come", async () => (await off()) < 25);
  const from = await place();
  await until("it has gone far", async () => {
    const away = await off();
    if (away > 60) throw new Error(`it is ${away} px from the middle`);
    return metres(await place(), from) > 60;
  });
  await page.shot("followed");

  const stage = await page.$("#stage").boundingBox();
  const [x, y] = [stage.x + stage.width / 3, stage.y + stage.height / 3];
  await page.tab.mouse.move(x, y);
  await page.tab.mouse.down();
  await page.tab.mouse.move(x + 90, y + 60, { steps: 5 });
  await page.tab.mouse.up();
  await page.$("#follow-again").waitFor();
  await reads("the button", () => page.attribute(button, "aria-pressed"), "false");
  await page.shot("released");
  await page.$("#follow-again").click();
  await page.$("#follow-again").waitFor({ state: "detached" });
  await reads("the button", () => page.attribute(button, "aria-pressed"), "true");
  await page.close();
});

test("a delivery is cancelled from the drawer, after one question", async () => {
  const { delivery } = await server.deliver("c-cancelled", "bank-of-finland-to-post-office", { reference: "order-99" });
  const cancels = [];
  const watch = (tab) => tab.on("request", (request) => /\/cancel$/.test(request.url()) && cancels.push(request.url()));
  // A link may name the delivery alone.
  const page = await Page.open(browser, server, `?delivery=${delivery}`, { watch });
  await page.ready();
  await until("the address says whose it is", () => page.query().get("sel") === "c-cancelled");
  await page.$('.row[data-courier="c-cancelled"][aria-selected="true"]').waitFor();
  await until("it is on the way", async () => /On the way/.test(await page.text("#drawer ol")));
  await page.$("#cancel").click();
  await reads("the question", () => page.text("#drawer .cancel"), /Cancel this delivery\?\s+Keep it\s+Cancel it/);
  await page.shot("cancel-asked");
  await page.button("Keep it").click();
  assert.equal((await server.get(`/deliveries/${delivery}`)).status, "in_transit");
  await page.$("#cancel").click();
  await page.$("#cancel-yes").click();
  await until("the drawer shows the end", async () => /Cancelled/.test(await page.text("#drawer ol")));
  assert.equal((await server.get(`/deliveries/${delivery}`)).status, "cancelled");
  assert.equal(cancels.length, 1, "to keep it is no request");
  await until("there is nothing to cancel", async () => (await page.$("#cancel").count()) === 0);
  await page.$("#tab-deliveries").click();
  await page.$("#search").fill("order-99");
  await until("its row says so", async () => /order-99\s+Cancelled/.test(await page.text(`.row[data-delivery="${delivery}"]`)));
  await page.shot("cancelled");
  await page.close();
});

test("several routes at once, each with a courier of its own, and twenty at random", async () => {
  // Those of the demo come and go; the others may arrive meanwhile, and are counted all the same.
  const open = async () => (await server.get("/deliveries/live")).items.filter(({ status, requested_by }) => status !== "rejected" && requested_by !== "demo");
  const page = await Page.open(browser, server);
  await page.ready();
  const before = new Set((await open()).map(({ delivery }) => delivery));
  const fresh = async () => (await open()).filter(({ delivery }) => !before.has(delivery));
  await page.$("#start-button").click();
  await page.button("Several", "#start-modes").click();
  const routes = page.$("#start-form [data-route]");
  await until("routes are offered", async () => (await routes.count()) >= 24);
  const names = await routes.evaluateAll((rows) => rows.map((row) => row.dataset.route));
  const wanted = [names[0], names[4], names[9]];
  for (const name of names) {
    const route = page.$(`#start-form [data-route="${name}"]`);
    const chosen = (await route.getAttribute("aria-checked")) === "true";
    if (chosen !== wanted.includes(name)) await route.click();
  }
  await until("three are to be started", async () => /3/.test(await page.text("#start-go")));
  await page.$("#start-go").click();
  await page.$("#start-form").waitFor({ state: "detached" });
  const three = await until("three are open", async () => {
    const known = (await fresh()).filter(({ route }) => wanted.includes(route));
    return wanted.every((route) => known.some((delivery) => delivery.route === route)) && known;
  });
  assert.ok(new Set(three.map(({ courier }) => courier)).size >= 3, "nobody drives two at once");

  const count = (await fresh()).length;
  await page.$("#start-button").click();
  await page.button("20 random", "#start-modes").click();
  await page.$("#start-go").click();
  await page.$("#start-form").waitFor({ state: "detached", timeout: 30_000 });
  await until("twenty more are open", async () => (await fresh()).length === count + 20);
  await page.close();
});
