/**
 * Control characters (escape sequences start with one, a forged line with another), line separators, and
 * format characters such as those that turn the writing direction; lone surrogates have no encoding.
 */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

/** `name` with every character replaced that could do something other than show up in its place. */
export function printable(name: string): string {
  return name.replace(UNPRINTABLE, '\ufffd');
}
