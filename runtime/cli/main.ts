import { withImpliedRun } from './mode.ts';
import { run } from './run.ts';
import { ExitCode } from './session.ts';

/** Whether a program has run, so that V8 has compiled what that takes. */
export let hasRun = false;

const [, path = '', ...words] = withImpliedRun(process.argv.slice(2));

main();

async function main(): Promise<void> {
  try {
    const code = await run(path, words, {
      dir: [],
      bench: false,
      trace: false,
      entry: '_start',
      inspectWait: false,
    });
    hasRun = true;
    process.exit(code);
  } catch (error) {
    process.stderr.write(`Error: ${error instanceof Error ? error.message : String(error)}\n`);
    process.exit(ExitCode.Failed);
  }
}
