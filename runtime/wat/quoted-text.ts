import { displayName } from '../text/display-name.ts';

/** What would do something other than show up in its place; the same as in `symbols/demangle.ts`. */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}"\\]/gu;

/** Characters of a name of an import or export that are written. */
const LONGEST = 200;

/** The characters of an identifier that stands without quotes. Source: core specification, 6.3.5. */
const IDENTIFIER = /^[\w!#$%&'*+\-./:<=>?@\\^`|~]+$/;

/** A string of the text format. What a person could not see or be fooled by is escaped; the end of a long one is cut. */
export function quotedText(text: string): string {
  return quoted(text.length <= LONGEST ? text : `${text.slice(0, LONGEST).toWellFormed()}…`);
}

function quoted(text: string): string {
  return `"${text.replace(UNPRINTABLE, (char) => `\\u{${(char.codePointAt(0) ?? 0).toString(16)}}`)}"`;
}

/** Names of one index space made fit to be shown and different from each other; see `add`. */
export class UniqueNames {
  readonly #taken = new Set<string>();
  readonly #identifiers = new Map<number, string>();

  /** Many functions may have one name, as the instances of a generic one: all but the first get their index. */
  add(index: number, name: string): void {
    let unique = displayName(name);
    if (unique === '' || this.#identifiers.has(index)) return;
    while (this.#taken.has(unique)) unique += `#${index}`;
    this.#taken.add(unique);
    this.#identifiers.set(index, `$${IDENTIFIER.test(unique) ? unique : quoted(unique)}`);
  }

  /** `$name`, where there is one; in quotes where the name is no identifier otherwise. */
  get(index: number): string | undefined {
    return this.#identifiers.get(index);
  }
}
