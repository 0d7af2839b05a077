import { quoted } from '../text/quoted.ts';

/** `\0`, `\t`, `\n` and `\r`. */
const SHORT_ESCAPES: ReadonlySet<number> = new Set([0x00, 0x09, 0x0a, 0x0d]);

const utf16 = new TextDecoder('utf-16le', { ignoreBOM: true });

/** Whether a number is a character: neither half of one, nor more than there are. */
function isCharacter(code: number): boolean {
  return Number.isInteger(code) && code >= 0 && code <= 0x10_ffff && code >> 11 !== 0x1b;
}

/** A code point of four bytes: `'x'`. What is no character is displayed as the number that it is. */
export function characterText(code: number): string {
  if (isCharacter(code)) return quoted(String.fromCodePoint(code), "'");
  return `0x${(code < 0 ? code >>> 0 : code).toString(16)}`;
}

/**
 * As C writes it: `120 'x'`, `1 '\001'`. A byte from 128 on is a part of a character.
 * @param bytes of the character
 */
export function cCharacterText(code: number, bytes = 1): string {
  if (bytes > 1) return `${code} ${characterText(code)}`;
  if (code < 0 || code > 0x7f) return String(code);
  const isLetter = SHORT_ESCAPES.has(code) || (code >= 0x20 && code !== 0x7f);
  return `${code} ${isLetter ? characterText(code) : `'\\${code.toString(8).padStart(3, '0')}'`}`;
}

/**
 * The text of wide characters. In place of what is none, it has the one that says so.
 * @param size bytes of each, of which those of two bytes may be halves
 */
export function wideText(bytes: Uint8Array, size: 2 | 4): string {
  if (size === 2) return utf16.decode(bytes);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let text = '';
  for (let at = 0; at + size <= bytes.length; at += size) {
    const code = view.getUint32(at, true);
    text += isCharacter(code) ? String.fromCodePoint(code) : '\ufffd';
  }
  return text;
}

/** The wide characters before the first that is zero; all where none is. */
export function untilZero(bytes: Uint8Array, size: 2 | 4): Uint8Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let end = 0;
  while (end + size <= bytes.length && (size === 2 ? view.getUint16(end) : view.getUint32(end)) !== 0)
    end += size;
  return bytes.subarray(0, end);
}
