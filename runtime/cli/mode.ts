/** First arguments that mean `run` without the word (cli.md 1). Upstream knows no text modules. */
const IMPLIED_RUN = /^(--bench|--dir|.+\.(wasm|wat))/;

/** Inserts the word `run` where a module or an option of `run` comes first. */
export function withImpliedRun(args: readonly string[]): string[] {
  const [first] = args;
  return first !== undefined && IMPLIED_RUN.test(first) ? ['run', ...args] : [...args];
}
