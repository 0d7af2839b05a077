/**
 * The message of the panic that ended a process, from what the process printed; null where it tells of none.
 *
 *     thread 'main' panicked at 'message', src/lib.rs:7:5                    Rust before 1.73
 *     thread 'main' panicked at src/lib.rs:7:5:\nmessage\nnote: run with...  Rust
 *     abort: message in assembly/index.ts(7:5)                               AssemblyScript
 *
 * Where there are several, as of panics that were caught, the last one counts.
 */
export function panicText(output: string): string | null {
  return olderRust(output) ?? newerRust(output) ?? assemblyScript(output);
}

/**
 * The match of `(?ms)^thread '.*' panicked at '(.*)', ` (cli.md 3.6). Found without the expression, whose greedy
 * parts would take for ever on a long output without a match.
 */
function olderRust(output: string): string | null {
  const middle = "' panicked at '";
  const thread = /^thread '/m.exec(output);
  const end = output.lastIndexOf("', ");
  if (thread === null || end < middle.length) return null;
  const start = output.lastIndexOf(middle, end - middle.length);
  return start < thread.index + thread[0].length ? null : output.slice(start + middle.length, end);
}

function newerRust(output: string): string | null {
  // Since Rust 1.91 the number of the thread follows its name.
  const headers = output.matchAll(/^thread '[^\n]*' (?:\(\d+\) )?panicked at [^\n]*:\d+:\d+:\n/gm);
  const last = [...headers].at(-1);
  if (last === undefined) return null;
  const text = output.slice(last.index + last[0].length);
  const end = text.search(/^(note: run with `RUST_BACKTRACE=|stack backtrace:$)/m);
  return (end < 0 ? text : text.slice(0, end)).replace(/\n$/, '');
}

function assemblyScript(output: string): string | null {
  const last = [...output.matchAll(/^abort: /gm)].at(-1);
  if (last === undefined) return null;
  const text = output.slice(last.index + last[0].length);
  const end = text.search(/ in \S*\(\d+:\d+\)$/m);
  return end < 0 ? text.replace(/\n$/, '') : text.slice(0, end);
}
