import { displayName } from '../text/display-name.ts';

/** Characters that would do something other than show up in their place; the same as in `symbols/demangle.ts`. */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}"\\]/gu;

/** Characters of a name of an import or export that are written. */
const LONGEST = 200;

/** The characters of an identifier that stands without quotes. Source: core specification, 6.3.5. */
const IDENTIFIER = /^[\w!#$%&'*+\-./:<=>?@\\^`|~]+$/;

/** Whether a name is an identifier without quotes. */
export function isPlainName(name: string): boolean {
  return IDENTIFIER.test(name);
}

/** A string of the text format. Characters that are invisible or mislead are escaped. A long one is cut short. */
export function quotedText(text: string): string {
  return quoted(text.length <= LONGEST ? text : `${text.slice(0, LONGEST).toWellFormed()}…`);
}

function quoted(text: string): string {
  return `"${text.replace(UNPRINTABLE, (char) => `\\u{${(char.codePointAt(0) ?? 0).toString(16)}}`)}"`;
}

/** The names of one index space, made fit to be shown and different from each other; see `add`. */
export class UniqueNames {
  readonly #taken = new Set<string>();
  readonly #identifiers = new Map<number, string>();

  /** Adds a name. Many functions may share one, as instances of a generic one do: all but the first get their index. */
  add(index: number, name: string): void {
    let unique = displayName(name);
    if (unique === '' || this.#identifiers.has(index)) return;
    while (this.#taken.has(unique)) unique += `#${index}`;
    this.#taken.add(unique);
    this.#identifiers.set(index, `$${isPlainName(unique) ? unique : quoted(unique)}`);
  }

  /** The `$name` at an index, in quotes if the name is no identifier without them; undefined if there is none. */
  get(index: number): string | undefined {
    return this.#identifiers.get(index);
  }
}
