/**
 * Control characters (escape sequences start with one, a forged line with another), line separators, format characters
 * such as those that change the writing direction, and lone surrogates, which have no encoding.
 */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

/** Replaces every character that does anything but appear in its place. */
export function printable(name: string): string {
  return name.replace(UNPRINTABLE, '\ufffd');
}
