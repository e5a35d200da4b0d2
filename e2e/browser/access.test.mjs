// Where the server asks for tokens: the page that takes one, what it says of a wrong one, what each role sees, and the way out.
// At the end the log of the server, which wrote everything that it can write, is looked through for what must never be in it.

import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";

import { around, Page, PHONE, secret, until } from "./harness.mjs";
import { reads } from "./wait.mjs";

const KEY = "a key of the browser tests, long enough";
const OLD_KEY = "another key, which was the first one once";

let server;
let browser;
const given = [];
const dir = mkdtempSync(join(tmpdir(), "code-delivery-key-"));
const file = join(dir, "secret");
writeFileSync(file, `${KEY}\n${OLD_KEY}\n`);
const flags = ["--auth-secret-file", file, "--log", "trace,rdkafka=info,librdkafka=info"];
around({ demo: 4, flags }, (world) => ({ server, browser } = world));
after(() => rmSync(dir, { recursive: true, force: true }));

/** A token as any library makes it. */
function token(role, { minutes = 60, key = KEY, sub = "ana", ...more } = {}) {
  const part = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const claims = { sub, role, exp: Math.floor(Date.now() / 1000) + minutes * 60, ...more };
  const message = `${part({ typ: "JWT", alg: "HS256" })}.${part(claims)}`;
  const made = `${message}.${createHmac("sha256", key).update(message).digest("base64url")}`;
  given.push(made);
  secret("token", made);
  return made;
}

const kept = (page) => page.tab.evaluate(() => sessionStorage.getItem("cd-token"));

async function isAtLogin(page) {
  await until("the page that asks for a token", async () => new URL(page.tab.url()).pathname === "/login");
  await until("it is ready", async () => (await page.attribute("html", "data-ready")) === "true");
}

async function enter(page, text) {
  await isAtLogin(page);
  await page.tab.getByLabel("Token").fill(text);
  await page.button("Sign in").click();
}

async function refused(page, text, why) {
  await enter(page, text);
  await until("it says why", async () => why.test(await page.text("#said")));
  assert.equal(await kept(page), null);
}

test("without a token the page asks for one, and says plainly what is wrong with another", async () => {
  const asked = [];
  const watch = (tab) => tab.on("request", (request) => asked.push(new URL(request.url()).pathname));
  const page = await Page.open(browser, server, "?theme=dark", { watch });
  // The browser itself writes a line about each refused request.
  page.allow(/status of 40[13]/);
  await isAtLogin(page);
  assert.match(await page.text("#why"), /asks for a token/);
  assert.equal(await page.$("#said").isVisible(), false);
  await page.shot("login");
  // Each is refused for another reason than the one before: what is said is said of it.
  await refused(page, "hello", /none of this server/);
  await refused(page, token("viewer", { minutes: -1 }), /expired/);
  await refused(page, token("viewer", { key: "x".repeat(40) }), /none of this server/);
  await refused(page, "two words", /no spaces/);
  await refused(page, token("courier", { courier: "c-1" }), /courier's token\. It does not open this page/);
  await refused(page, token("customer", { delivery: "019a9e0e-5b00-7c3e-8000-1f2e3d4c5b6a" }), /one delivery and nothing else/);
  await page.shot("login-refused");
  // A key that was the first one once is still good, and what was pasted with it does not matter.
  await enter(page, `  Bearer ${token("viewer", { key: OLD_KEY })}\n`);
  await page.ready();
  assert.equal(page.query().get("theme"), "dark", "back where somebody came from");
  for (const path of asked) assert.ok(!given.some((made) => path.includes(made)), path);
  assert.ok(given.every((made) => !page.tab.url().includes(made)), "no token stands in the address");
  await page.close();
});

test("a viewer sees everything and changes nothing", async () => {
  const headers = { authorization: `Bearer ${token("dispatcher", { sub: "cy" })}`, "content-type": "application/json" };
  const body = JSON.stringify({ courier: "by-cy", route: "railway-square-to-market-hall" });
  assert.equal((await fetch(`${server.url}/api/v1/deliveries`, { method: "POST", headers, body })).status, 202);
  const page = await Page.open(browser, server);
  await enter(page, token("viewer"));
  await page.ready();
  assert.equal(await page.$("#start-button").count(), 0);
  await page.press("s");
  await page.tab.getByRole("searchbox").fill("by-cy");
  await page.row("by-cy").click();
  await page.$("#audit").waitFor();
  await page.$("#follow").waitFor();
  assert.equal(await page.$("#cancel").count(), 0);
  assert.equal(await page.$("#link").count(), 0);
  assert.equal(await page.$("#start-button").count(), 0);
  await reads("who is signed in", () => page.attribute("#sign-out", "title"), "Sign out: ana, viewer");
  await page.shot("viewer");
  // What the page does not offer the server does not allow.
  const status = await page.tab.evaluate(async () => {
    const headers = { authorization: `Bearer ${sessionStorage.getItem("cd-token")}`, "content-type": "application/json" };
    const body = JSON.stringify({ courier: "c-1", route: "railway-square-to-market-hall" });
    return (await fetch("/api/v1/deliveries", { method: "POST", headers, body })).status;
  });
  assert.equal(status, 403);
  page.allow(/status of 403/);
  await page.tab.reload();
  await page.ready();
  await page.close();
});

test("a dispatcher starts and cancels by name, and signs out", async () => {
  const page = await Page.open(browser, server);
  await enter(page, token("dispatcher", { sub: "bo" }));
  await page.ready();
  await page.$("#start-button").waitFor();
  const started = await page.tab.evaluate(async () => {
    const headers = { authorization: `Bearer ${sessionStorage.getItem("cd-token")}`, "content-type": "application/json" };
    const body = JSON.stringify({ courier: "by-bo", route: "railway-square-to-market-hall" });
    return (await fetch("/api/v1/deliveries", { method: "POST", headers, body })).json();
  });
  assert.equal(started.requested_by, "dispatcher:bo");
  await page.tab.getByRole("searchbox").fill("by-bo");
  await page.row("by-bo").click();
  await page.$("#cancel").click();
  await page.$("#cancel-yes").click();
  await until("it is cancelled", async () => /Cancelled/.test(await page.text("#drawer ol")) && (await page.$("#cancel").count()) === 0);
  await page.shot("dispatcher");
  // What the page keeps for a start without a network is gone with the token.
  await page.tab.evaluate(() => localStorage.setItem("cd-kept", "{}"));
  await page.$("#sign-out").click();
  await isAtLogin(page);
  assert.equal(await page.tab.evaluate(() => localStorage.getItem("cd-kept")), null);
  assert.equal(await kept(page), null);
  await page.tab.goto(server.url);
  await isAtLogin(page);
  await page.close();
});

test("a token that ends in the middle ends the page, which says so", async () => {
  const page = await Page.open(browser, server, "", { viewport: PHONE });
  page.allow(/status of 401/);
  // Its time begins when it is entered, and is long enough for a busy machine to load the page.
  await isAtLogin(page);
  await enter(page, token("viewer", { minutes: 0.4 }));
  await page.$(".app").waitFor();
  await until("it has expired", async () => /expired/.test(await page.text("#said").catch(() => "")), 60_000);
  assert.equal(await kept(page), null);
  await page.shot("login-expired");
  await enter(page, token("viewer"));
  await page.ready();
  await page.tab.getByRole("button", { name: "Menu" }).click();
  await page.tab.getByRole("button", { name: "Sign out: ana, viewer" }).click();
  await isAtLogin(page);
  await page.close();
});

test("the log says who started and cancelled what, and no secret", async () => {
  const audit = () => server.log.filter((line) => line.includes("audit"));
  const told = (...words) => until(() => `${words} in ${audit().join("\n")}`, () => audit().some((line) => words.every((word) => line.includes(word))));
  await told("dispatcher:bo", "POST", "/deliveries/", "202");
  await told("dispatcher:bo", "/cancel", "202");
  await told("viewer:ana", "POST", "403");
  assert.ok(given.length > 8 && server.log.length > 1_000, `${server.log.length} lines at trace`);
  const log = server.log.join("\n");
  for (const secret of [KEY, OLD_KEY, ...given]) assert.ok(!log.includes(secret), `in the log: ${secret}`);
  // Nor the part that makes a token good.
  for (const made of given) assert.ok(!log.includes(made.split(".")[2]), `a signature in the log: ${made}`);
});
