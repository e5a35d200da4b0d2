// Waiting for conditions instead of for time.

/** How long a condition may take on a machine that is busy with other things, ms. */
export const PATIENCE = 30_000;

/**
 * Waits until `probe` answers something true and gives it back. A probe that throws is asked again, unless the error
 * says that it is hopeless.
 */
export async function until(what, probe, within = PATIENCE) {
  const deadline = Date.now() + within;
  let last;
  for (;;) {
    try {
      const answer = await probe();
      if (answer) return answer;
      last = undefined;
    } catch (error) {
      if (error.hopeless) throw error;
      last = error;
    }
    if (Date.now() > deadline) {
      const why = last ? `: ${last.message}` : "";
      throw new Error(`not within ${within / 1000} s: ${typeof what === "function" ? await what() : what}${why}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** Waits until `read` gives what is expected, or a text that matches it; gives what it read. */
export async function reads(what, read, expected) {
  let last;
  await until(() => `${what}: ${JSON.stringify(last)}`, async () => {
    last = await read();
    return expected instanceof RegExp ? expected.test(last) : last === expected;
  });
  return last;
}
