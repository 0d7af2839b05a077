import { resolve } from 'node:path';
import { printable } from '../../runtime/internal.ts';

/** Something that runs with all rights of the user, or decides what does: a sandboxed program is none. */
export interface OutsideSandbox {
  readonly what: string;
  /** A path, a name or a value, as it is used. */
  readonly value: string;
}

/** Options that name a path, relative to where the program runs. */
const PATH_OPTIONS: readonly string[] = ['--plugin', '--core-dump', '--coverage-file'];

/** Things that a question lists, and characters of each. */
const MAX_LISTED = 20;
const MAX_VALUE = 400;

/** Options of `lunatic run` and `lunatic test` that bring code from outside the sandbox, and what they name. */
const OPTIONS: ReadonlyMap<string, string> = new Map([
  ['--plugin', 'Plugin'],
  // Files with what a program had in its memory.
  ['--core-dump', 'Folder for core dumps'],
  // Its text is partly the program's: names of functions and sources.
  ['--coverage-file', 'File to which coverage is written'],
  ['--allow-command', 'OS programs that the program may run'],
  // Many variables make OS programs run other code.
  ['--allow-command-env', 'Environment variables that it may set for OS programs'],
]);

/** Variables that decide which code Node, or the command, runs. */
const DECIDING_VARIABLE =
  /^(PATH|HOME|USERPROFILE|LOCALAPPDATA|TMPDIR|(NODE|LD|DYLD|ELECTRON|LUNATIC|XDG|OPENSSL|SSL|GLIBC|GCONV)_.*|GLIBC_TUNABLES)$/i;

/**
 * Returns what a launch configuration brings that runs outside of the sandbox.
 * @param cwd where the program runs, absolute
 */
export function outsideOfLaunch(config: Readonly<Record<string, unknown>>, cwd: string): OutsideSandbox[] {
  const { runtime, lunatic } = launchPaths(config, cwd);
  return [
    ...(runtime === undefined ? [] : [{ what: 'Node (runtime)', value: runtime }]),
    ...(lunatic === undefined ? [] : [{ what: 'Command (lunatic)', value: lunatic }]),
    ...outsideOfOptions(config['runtimeArgs'], cwd),
    ...outsideOfVariables(config['env']),
    ...outsideOfTrace(config, cwd),
  ];
}

/**
 * Returns the file to which a configuration wants a log added. It has texts of the program, so in a file that a shell reads it is code.
 * @param cwd what a relative path counts from
 */
export function outsideOfTrace(config: Readonly<Record<string, unknown>>, cwd: string): OutsideSandbox[] {
  const { trace } = tracePath(config, cwd);
  return trace === undefined ? [] : [{ what: 'File to which a log is added (trace)', value: trace }];
}

/** Returns the path of `trace` where a configuration has one. */
export function tracePath(
  { trace }: Readonly<Record<string, unknown>>,
  cwd: string,
): { readonly trace?: string } {
  return isText(trace) ? { trace: resolve(cwd, trace) } : {};
}

/** Returns the paths of `runtime` and `lunatic` as they are run, where a configuration has them. */
export function launchPaths(
  { runtime, lunatic }: Readonly<Record<string, unknown>>,
  cwd: string,
): { readonly runtime?: string; readonly lunatic?: string } {
  return {
    // A name alone is looked for in the PATH.
    ...(isText(runtime) ? { runtime: /[/\\]/.test(runtime) ? resolve(cwd, runtime) : runtime } : {}),
    ...(isText(lunatic) ? { lunatic: resolve(cwd, lunatic) } : {}),
  };
}

/** Returns what options of `lunatic run` or `lunatic test` bring. */
export function outsideOfOptions(options: unknown, cwd: string): OutsideSandbox[] {
  if (!Array.isArray(options)) return [];
  return options.flatMap((word: unknown, i): OutsideSandbox[] => {
    const [, name = '', , given] = /^(--[a-z-]+)(=(.*))?$/s.exec(String(word)) ?? [];
    const what = OPTIONS.get(name);
    // The folder of this user is nobody's choice.
    if (what === undefined || (name === '--core-dump' && !given)) return [];
    // Without one, the next word is the value, even if that is another option.
    const value = given ?? String(options[i + 1] ?? '');
    return [{ what, value: PATH_OPTIONS.includes(name) ? resolve(cwd, value) : value }];
  });
}

function outsideOfVariables(env: unknown): OutsideSandbox[] {
  if (typeof env !== 'object' || env === null) return [];
  return Object.entries(env).flatMap(([name, value]) =>
    typeof value === 'string' && DECIDING_VARIABLE.test(name)
      ? [{ what: `Environment variable ${printable(name)}`, value }]
      : [],
  );
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}

/** The text of a question about such things. */
export function questionText(things: readonly OutsideSandbox[]): string {
  const lines = things
    .slice(0, MAX_LISTED)
    .map(({ what, value }) => `${what}: ${shortened(printable(value))}`);
  const more = things.length - MAX_LISTED;
  return `${lines.join('\n')}${more > 0 ? `\n... and ${more} more` : ''}`;
}

function shortened(text: string): string {
  return text.length <= MAX_VALUE ? text : `${text.slice(0, MAX_VALUE / 2)} … ${text.slice(-MAX_VALUE / 2)}`;
}
