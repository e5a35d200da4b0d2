// axe-core, asked about what is shown now.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** Fails where axe finds something serious in what is shown now. */
export async function check(page, state) {
  // The page's own rules forbid foreign scripts; the driver's way in passes them by.
  await page.tab.evaluate(AXE);
  const { violations, passes } = await page.tab.evaluate(() => globalThis.axe.run(document, { resultTypes: ["violations"] }));
  assert.ok(passes.length > 10, `axe has looked at ${state}`);
  const serious = violations.filter(({ impact }) => impact === "serious" || impact === "critical");
  const told = serious.map(({ id, help, nodes }) => `${id}: ${help}\n    ${nodes.slice(0, 5).map(({ html, failureSummary }) => `${html.slice(0, 200)}\n      ${failureSummary?.replaceAll("\n", " ")}`).join("\n    ")}`);
  assert.deepEqual(told, [], `${state}:\n${told.join("\n")}`);
}
