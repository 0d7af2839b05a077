/** Text between quotation marks, where an argument begins or after `=`: double ones as in JSON, or single ones as in a shell. */
const QUOTED = /(?<![^\s=])(?:"(?:[^"\\]|\\.)*"|'[^']*')/g;
const ARGUMENT = new RegExp(`(?:${QUOTED.source}|\\S)+`, 'g');

/** Splits a line into arguments at its spaces, but for those between quotation marks. */
export function splitArguments(line: string): string[] {
  return [...line.matchAll(ARGUMENT)].map(([word]) => word.replace(QUOTED, unquoted));
}

function unquoted(text: string): string {
  const inner = text.slice(1, -1);
  if (text.startsWith("'")) return inner;
  try {
    return JSON.parse(text);
  } catch {
    return inner.replace(/\\(["\\])/g, '$1');
  }
}

/** Writes arguments as a line that `splitArguments` splits into the same. */
export function joinArguments(args: readonly string[]): string {
  return args.map((arg) => (/[\s"]|^$|^'|='/.test(arg) ? JSON.stringify(arg) : arg)).join(' ');
}
