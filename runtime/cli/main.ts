import { run as runWithOptions } from './run.ts';

export { withUsualFlags } from '../kernel/v8-flags.ts';
export { hasRun } from './has-run.ts';

/**
 * Runs a program without any option.
 * @param words the path of its module, and its arguments
 * @returns the exit code
 */
export function run([path = '', ...words]: readonly string[]): Promise<number> {
  return runWithOptions(path, words, {
    dir: [],
    bench: false,
    trace: false,
    entry: '_start',
    inspectWait: false,
  });
}
