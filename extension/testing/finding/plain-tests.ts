/** Tests of Rust's own harness, which are none of a module's exports. */

/** An attribute that makes a function one of them: `#[test]`, `#[tokio::test]`. */
const ATTRIBUTE = /^[ \t]*#\[(?!lunatic\b)(?:\w+::)*test(?:\([^\n\]]*\))?\]/gm;
/** Where this is in a source, `#[test]` is Lunatic's. */
const IS_LUNATICS = /\buse\s+lunatic::(?:test\b|\{[^}]*\btest\b|\*)/;

/** The number of tests in a source in Rust that only Rust's own harness runs. */
export function countPlainTests(source: string): number {
  return IS_LUNATICS.test(source) ? 0 : (source.match(ATTRIBUTE)?.length ?? 0);
}

/** Why such tests are not listed, and what to do about it, as Markdown; undefined if there are none. */
export function plainTestsNote(count: number): string | undefined {
  if (count === 0) return undefined;
  const [functions, them] = count === 1 ? ['function is', 'it'] : ['functions are', 'them'];
  return `${count} \`#[test]\` ${functions} not listed: only Rust's own harness runs ${them}. Write \`#[lunatic::test]\`, or run \`cargo test\` in a terminal.`;
}
