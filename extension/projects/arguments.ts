/** Splits a line into arguments at its spaces. What is between quotation marks, written as in JSON, is one. */
export function splitArguments(line: string): string[] {
  return [...line.matchAll(/"(?:[^"\\]|\\.)*"|\S+/g)].map(([word]) => {
    if (!word.startsWith('"')) return word;
    try {
      return JSON.parse(word);
    } catch {
      return word.replaceAll('"', '');
    }
  });
}

/** Writes arguments as a line that `splitArguments` splits into the same. */
export function joinArguments(args: readonly string[]): string {
  return args.map((arg) => (/[\s"]|^$/.test(arg) ? JSON.stringify(arg) : arg)).join(' ');
}
