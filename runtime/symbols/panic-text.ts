/** A location in a source file, as a compiler has written it into the program; line and column count from 1. */
export interface PanicLocation {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** Characters that line and column, or the number of a thread, may take. */
const MAX_POSITION = 48;

/** What a failed process has printed about its failure. */
export interface Panic {
  readonly message: string;
  /** Where it happened, if that was printed too. */
  readonly location: PanicLocation | null;
}

/**
 * The panic that ended a process, from what the process printed; null where it tells of none.
 *
 *     thread 'main' panicked at 'message', src/lib.rs:7:5                    Rust before 1.73
 *     thread 'main' panicked at src/lib.rs:7:5:\nmessage\nnote: run with...  Rust
 *     abort: message in assembly/index.ts(7:5)                               AssemblyScript
 *
 * Where there are several, as of panics that were caught, the last one counts.
 */
export function findPanic(output: string): Panic | null {
  return olderRust(output) ?? newerRust(output) ?? assemblyScript(output);
}

/** The message alone. */
export function panicText(output: string): string | null {
  return findPanic(output)?.message ?? null;
}

/**
 * The match of `(?ms)^thread '.*' panicked at '(.*)', ` (abi 21.3.6). Found without the expression, whose greedy
 * parts would take for ever on a long output without a match.
 */
function olderRust(output: string): Panic | null {
  const middle = "' panicked at '";
  const thread = /^thread '/m.exec(output);
  const end = output.lastIndexOf("', ");
  if (thread === null || end < middle.length) return null;
  const start = output.lastIndexOf(middle, end - middle.length);
  if (start < thread.index + thread[0].length) return null;
  const place = /^(.*?):(\d+):(\d+)$/m.exec(lineAt(output, end + "', ".length));
  return { message: output.slice(start + middle.length, end), location: location(place) };
}

function newerRust(output: string): Panic | null {
  let place: PanicLocation | null = null;
  let start = 0;
  for (const { 0: line, index } of output.matchAll(/^thread '[^\n]*\n/gm)) {
    const found = panicHeader(line);
    if (found === null) continue;
    place = found;
    start = index + line.length;
  }
  if (place === null) return null;
  const text = output.slice(start);
  const end = text.search(/^(note: run with `RUST_BACKTRACE=|stack backtrace:$)/m);
  return { message: (end < 0 ? text : text.slice(0, end)).replace(/\n$/, ''), location: place };
}

/**
 * The place in `thread '<name>' panicked at <file>:<line>:<column>:`, where since Rust 1.91 the number of the thread
 * follows its name. Read from the end: one expression for the line would take for ever on some.
 */
function panicHeader(line: string): PanicLocation | null {
  const middle = 'panicked at ';
  const at = line.lastIndexOf(middle);
  const position = /:(\d+):(\d+):\n$/.exec(line.slice(-MAX_POSITION));
  if (at < 0 || position === null) return null;
  if (!/' (?:\(\d+\) )?$/.test(line.slice(Math.max(0, at - MAX_POSITION), at))) return null;
  const file = line.slice(at + middle.length, line.length - position[0].length);
  return { file, line: Number(position[1]), column: Number(position[2]) };
}

function assemblyScript(output: string): Panic | null {
  const last = [...output.matchAll(/^abort: /gm)].at(-1);
  if (last === undefined) return null;
  const text = output.slice(last.index + last[0].length);
  const place = / in (\S*)\((\d+):(\d+)\)$/m.exec(text);
  if (place === null) return { message: text.replace(/\n$/, ''), location: null };
  return { message: text.slice(0, place.index), location: location(place) };
}

/** The text from there to the end of its line. */
function lineAt(text: string, start: number): string {
  const end = text.indexOf('\n', start);
  return end < 0 ? text.slice(start) : text.slice(start, end);
}

/** Returns the location of a match with file, line and column. */
function location(match: RegExpExecArray | null): PanicLocation | null {
  const [, file = '', line, column] = match ?? [];
  // AssemblyScript calls a file that it does not know "?".
  if (file === '' || file === '?') return null;
  return { file, line: Number(line), column: Number(column) };
}
