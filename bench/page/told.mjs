// A run's figures as a line of JSON for whoever started it.

/** Runs it and tells what it gave. */
export async function told(run) {
  try {
    process.stdout.write(`${JSON.stringify(await run())}\n`);
  } catch (error) {
    console.error(error);
    process.exitCode = 1;
  }
}
