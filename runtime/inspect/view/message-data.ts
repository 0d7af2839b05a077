/** The bytes that a message carries, as text and as digits. */

/** The bytes of base64. */
export function dataOf(base64: string): Uint8Array {
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
}

/** White space that a text may hold; other control characters make it no text. */
const WHITE_SPACE = /[\t\n\r]/g;
const CONTROL = /\p{Cc}/u;

/**
 * Data as text, where it is text: UTF-8 without control characters except white space.
 * @param size of the whole of which the data is the beginning: then its last character may be cut
 */
export function textOf(data: Uint8Array, size: number): string | undefined {
  try {
    const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
    const text = decoder.decode(data, { stream: data.length < size });
    return CONTROL.test(text.replace(WHITE_SPACE, '')) ? undefined : text;
  } catch {
    return undefined;
  }
}

/** `68 65 6c` */
export function hexOf(data: Uint8Array): string {
  return Array.from(data, (byte) => digitsOf(byte, 2)).join(' ');
}

const LINE_BYTES = 16;

/**
 *     00000000  01 00 00 00 00 00 00 00  68 65 6c 6c 6f           ........hello
 */
export function hexLines(data: Uint8Array): string[] {
  const lines: string[] = [];
  // Two digits and a space a byte, and one space more in the middle.
  const columns = Math.min(data.length, LINE_BYTES);
  const width = 3 * columns - 1 + (columns > LINE_BYTES / 2 ? 1 : 0);
  for (let at = 0; at < data.length; at += LINE_BYTES) {
    const bytes = Array.from(data.subarray(at, at + LINE_BYTES));
    const hex = bytes.map((byte, i) => `${i === LINE_BYTES / 2 ? ' ' : ''}${digitsOf(byte, 2)}`).join(' ');
    const plain = bytes.map((byte) => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '.'));
    lines.push(`${digitsOf(at, 8)}  ${hex.padEnd(width)}  ${plain.join('')}`);
  }
  return lines;
}

function digitsOf(value: number, count: number): string {
  return value.toString(16).padStart(count, '0');
}
