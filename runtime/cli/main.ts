import { isCargoTest, withImpliedRun } from './mode.ts';
import { run } from './run.ts';
import { ExitCode } from './session.ts';

const args = withImpliedRun(process.argv.slice(2));
const [command, path, ...words] = args;

try {
  if (command === 'run' && path !== undefined && isPlain() && !isCargoTest(args, process.env)) {
    process.exit(
      await run(path, words, {
        dir: [],
        bench: false,
        trace: false,
        entry: '_start',
        inspectWait: false,
      }),
    );
  }
  const { runProgram }: typeof import('./program.ts') = await import('./program.js' as string);
  process.exit(await runProgram(args));
} catch (error) {
  process.stderr.write(`Error: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(ExitCode.Failed);
}

/** Whether there are no options. Then the module runs without loading a parser of command lines. */
function isPlain(): boolean {
  return path !== '' && !args.some((word) => word.startsWith('-'));
}
