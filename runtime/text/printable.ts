/**
 * Replaces every character that does anything but appear in its place: control characters (escape sequences start with one,
 * a forged line with another), line separators, format characters such as those that change the writing direction, and lone
 * surrogates, which have no encoding.
 */
export function printable(name: string): string {
  // V8 takes long to read the classes: only when they are used.
  return name.replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu, '\ufffd');
}

/** The same for a text of several lines, as messages are. */
export function printableLines(text: string): string {
  return text.split('\n').map(printable).join('\n');
}

/** Characters of a message that are kept in a report. */
const MAX_MESSAGE = 16_384;

/** A message of a program, cut where it is too long to be one. */
export function shortened(message: string): string {
  if (message.length <= MAX_MESSAGE) return message;
  // Not as a view of the whole, which would stay in memory.
  return `${[...message.slice(0, MAX_MESSAGE)].join('')}…`;
}
