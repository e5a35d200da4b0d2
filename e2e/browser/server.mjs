// The one process with everything in it, on free ports: started, asked, killed, its log kept.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { appendFileSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

import { until } from "./wait.mjs";

export const ROOT = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/** A port that nobody listens on, below those that the system gives to outgoing connections: a browser opens many. */
async function freePort() {
  for (;;) {
    const port = 15_000 + Math.floor(Math.random() * 15_000);
    const free = await new Promise((resolve) => {
      const server = createServer();
      server.once("error", () => resolve(false));
      server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
    });
    if (free) return port;
  }
}

/** Notes a secret for the last stage of `cargo xtask test`, which looks for it in all logs: see e2e/src/kept.rs. */
export function secret(kind, text) {
  if (!process.env.E2E_KEPT) return;
  const lines = [...text.split("\n"), text.split(".").pop()].map((line) => line.trim()).filter((line) => line.length >= 6);
  appendFileSync(join(process.env.E2E_KEPT, "secrets"), lines.map((line) => `${kind}\t${line}\n`).join(""));
}

/** Keeps what a process says for that stage. */
function keep(id, text) {
  if (process.env.E2E_KEPT) appendFileSync(join(process.env.E2E_KEPT, `logs/browser-${id}.log`), text);
}

const running = new Set();
process.on("exit", () => running.forEach((child) => child.kill("SIGKILL")));

/** The one process with everything in it. */
export class Server {
  #child;
  log = [];

  /** Starts it and waits until it is ready. `demo` couriers keep delivering. */
  static async start({ demo = 12, flags = [] } = {}) {
    const server = new Server();
    server.binary = process.env.E2E_BIN ?? join(ROOT, "target/debug/code-delivery");
    server.data = mkdtempSync(join(tmpdir(), "code-delivery-"));
    server.demo = demo;
    server.flags = flags;
    for (let attempt = 1; ; attempt += 1) {
      [server.port, server.admin] = [await freePort(), await freePort()];
      server.url = `http://127.0.0.1:${server.port}`;
      try {
        await server.restart();
        return server;
      } catch (error) {
        // Somebody else took a port between the look and the start.
        if (attempt === 3 || !/in use/.test(error.message)) throw error;
      }
    }
  }

  /** Starts it again on the same ports and data. */
  async restart() {
    const arguments_ = ["--http-addr", `127.0.0.1:${this.port}`, "--admin-addr", `127.0.0.1:${this.admin}`];
    arguments_.push("--data-dir", this.data, "--demo", String(this.demo), ...this.flags);
    const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("CD_")));
    const at = this.flags.indexOf("--auth-secret-file");
    if (at >= 0) secret("auth-secret-file", readFileSync(this.flags[at + 1], "utf8"));
    const child = spawn(this.binary, arguments_, { cwd: ROOT, env, stdio: ["ignore", "pipe", "pipe"] });
    running.add(child);
    child.once("exit", () => running.delete(child));
    child.on("error", (error) => this.log.push(`cannot start: ${error.message}`));
    for (const stream of [child.stdout, child.stderr]) {
      // What comes at once need not end with a line.
      let begun = "";
      stream.setEncoding("utf8").on("data", (text) => {
        keep(child.pid, text);
        const lines = (begun + text).split("\n");
        begun = lines.pop();
        this.log.push(...lines);
      });
      stream.on("end", () => begun && this.log.push(begun));
    }
    const closed = new Promise((resolve) => child.once("close", resolve));
    this.#child = child;
    await until(() => `the process is ready:\n${this.log.slice(-20).join("\n")}`, async () => {
      if (child.exitCode !== null) {
        await closed;
        const told = this.log.slice(-20).join("\n");
        throw Object.assign(new Error(`it ended with ${child.exitCode}:\n${told}`), { hopeless: true });
      }
      return (await fetch(`http://127.0.0.1:${this.admin}/readyz`)).ok;
    }, 60_000);
  }

  /** Ends it as a crash would. */
  async kill() {
    const child = this.#child;
    const ended = child.exitCode !== null || child.signalCode !== null;
    const end = ended ? null : new Promise((resolve) => child.once("exit", resolve));
    child.kill("SIGKILL");
    await end;
  }

  /** Ends it and forgets its data. */
  async remove() {
    await this.kill();
    rmSync(this.data, { recursive: true, force: true });
  }

  /** REST as a script uses it: status and body. */
  async ask(method, path, body) {
    const init = { method, headers: { "content-type": "application/json" } };
    if (body !== undefined) init.body = JSON.stringify(body);
    const answer = await fetch(`${this.url}/api/v1${path}`, init);
    return { status: answer.status, body: await answer.json().catch(() => null) };
  }

  /** The body of a GET that succeeds. */
  async get(path) {
    const { status, body } = await this.ask("GET", path);
    assert.equal(status, 200, `GET ${path}: ${JSON.stringify(body)}`);
    return body;
  }

  /** Starts a delivery and gives its document. */
  async deliver(courier, route, more = {}) {
    const { status, body } = await this.ask("POST", "/deliveries", { courier, route, ...more });
    assert.equal(status, 202, JSON.stringify(body));
    return body;
  }
}
