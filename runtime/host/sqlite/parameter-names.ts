/** The largest number of a parameter in SQLite. */
const MAX_PARAMETER = 32_766;

const LETTER = /[A-Za-z_\u0080-\u{10ffff}]/u;
/** The rest of a name after its first letter, and of a variable after its sign. */
const NAME = /[A-Za-z0-9_$\u0080-\u{10ffff}]*/uy;
const DIGITS = /[0-9]*/y;
/** A number, of which only the end matters here. */
const NUMBER = /[A-Za-z0-9_$.\u0080-\u{10ffff}]*/uy;
/** The rest of a variable after its sign, with what Tcl allows: `::` within it ... */
const VARIABLE = /(?:[A-Za-z0-9_$\u0080-\u{10ffff}]|::)*/uy;
/** ... and `(...)` after it. */
const INDEX = /\([^)\s]*\)/y;

/**
 * Returns the parameters of one statement that SQLite has accepted. Index n has the name of parameter n with its sign
 * (`:name`, `@name`, `$name`), or null for `?` and `?n`, and for numbers that do not occur. Index 0 is unused.
 *
 * `node:sqlite` binds parameters by name, and those without a name by position. It does not tell which there are.
 */
export function parameterNames(sql: string): readonly (string | null)[] {
  const names: (string | null)[] = [null];
  const numbers = new Map<string, number>();
  let at = 0;
  const match = (pattern: RegExp, from: number): string => {
    pattern.lastIndex = from;
    return pattern.exec(sql)?.[0] ?? '';
  };
  const skipTo = (end: string, from: number): number => {
    const found = sql.indexOf(end, from);
    return found < 0 ? sql.length : found + end.length;
  };
  while (at < sql.length) {
    const char = sql[at] ?? '';
    if (char === "'" || char === '"' || char === '`') {
      // A doubled quote counts as the end of one literal and the beginning of the next, which makes no difference.
      at = skipTo(char, at + 1);
    } else if (char === '[') {
      at = skipTo(']', at + 1);
    } else if (sql.startsWith('--', at)) {
      at = skipTo('\n', at + 2);
    } else if (sql.startsWith('/*', at)) {
      at = skipTo('*/', at + 2);
    } else if (char === '?') {
      const digits = match(DIGITS, at + 1);
      const number = digits === '' ? names.length : Number(digits);
      if (number > MAX_PARAMETER) return names;
      while (names.length <= number) names.push(null);
      at += 1 + digits.length;
    } else if (char === ':' || char === '@' || char === '$' || char === '#') {
      let name = char + match(VARIABLE, at + 1);
      if (name.length > 1 && sql[at + name.length] === '(') {
        const index = match(INDEX, at + name.length);
        // SQLite would have refused it.
        if (index === '') return names;
        name += index;
      }
      if (name.length > 1 && !numbers.has(name)) {
        numbers.set(name, names.length);
        names.push(name);
      }
      at += name.length;
    } else if (char >= '0' && char <= '9') {
      at += Math.max(match(NUMBER, at).length, 1);
    } else if (LETTER.test(char)) {
      at += Math.max(match(NAME, at).length, 1);
    } else {
      at++;
    }
  }
  return names;
}
