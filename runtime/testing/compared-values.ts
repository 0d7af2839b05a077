/** Two values that an assertion has compared. */
export interface ComparedValues {
  readonly expected: string;
  readonly actual: string;
}

/**
 * The values in the message of an assertion; null if it tells of none.
 *
 *     assertion `left == right` failed: the sum\n  left: 4\n right: 5         Rust
 *     assertion failed: `(left == right)`\n  left: `4`,\n right: `5`: the sum  Rust before 1.73
 *     the sum\nexpected: 5\n  actual: 4                                       others
 *     Expected 5 Was 4                                                        Unity, for C
 *
 * What Rust calls the right one is what is expected, as most write it: `assert_eq!(sum(2, 2), 4)`.
 */
export function comparedValues(message: string): ComparedValues | null {
  return rust(message) ?? labelled(message) ?? unity(message);
}

/** Longer messages are not looked at: a pattern could take long on them. */
const MAX_LENGTH = 2 ** 20;

function rust(message: string): ComparedValues | null {
  if (message.length > MAX_LENGTH) return null;
  const older = /^assertion failed: `\(left == right\)`$/m.test(message);
  if (!older && !/^assertion `left == right` failed(:|$)/m.test(message)) return null;
  const left = message.indexOf('\n  left: ');
  const right = left < 0 ? -1 : message.indexOf('\n right: ', left);
  if (right < 0) return null;
  const actual = message.slice(left + '\n  left: '.length, right);
  const expected = message.slice(right + '\n right: '.length);
  if (!older) return { expected, actual };
  // The author's message follows.
  const [, bare = expected] = /^`(.*?)`(?:: |$)/s.exec(expected) ?? [];
  return { expected: bare, actual: actual.replace(/^`(.*)`,$/s, '$1') };
}

const EXPECTED = /^[ \t]*expected: ?(.*)$/im;
const ACTUAL = /^[ \t]*(?:actual|received|got): ?(.*)$/im;

function labelled(message: string): ComparedValues | null {
  const expected = EXPECTED.exec(message)?.[1];
  const actual = ACTUAL.exec(message)?.[1];
  return expected === undefined || actual === undefined ? null : { expected, actual };
}

function unity(message: string): ComparedValues | null {
  const [, expected, actual] = /\bExpected (\S.{0,1000}?) Was (\S.{0,1000})/.exec(message) ?? [];
  return expected === undefined || actual === undefined ? null : { expected, actual };
}
