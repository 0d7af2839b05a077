/** Writes values of const generics as in Rust source. */

import { MalformedSymbol } from './v0-reader.ts';

/** Escapes of Rust's `Debug` that are not in the general `\u{…}` form. */
const SHORT_ESCAPES: ReadonlyMap<string, string> = new Map([
  ['\0', '\\0'],
  ['\t', '\\t'],
  ['\r', '\\r'],
  ['\n', '\\n'],
  ['\\', '\\\\'],
]);

/** Writes an integer in decimal if it fits 64 bits. The rare larger ones are easier to recognize in hexadecimal. */
export function integerLiteral(hex: string): string {
  const digits = hex.replace(/^0+/, '');
  if (digits === '') return '0';
  return digits.length > 16 ? `0x${digits}` : BigInt(`0x${digits}`).toString();
}

export function boolLiteral(hex: string): string {
  const value = integerLiteral(hex);
  if (value === '0') return 'false';
  if (value === '1') return 'true';
  throw new MalformedSymbol();
}

export function charLiteral(hex: string): string {
  const code = Number(integerLiteral(hex));
  if (code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) throw new MalformedSymbol();
  return quoted(String.fromCodePoint(code), "'");
}

/** Writes a string literal. @param hex the string's UTF-8 bytes */
export function stringLiteral(hex: string): string {
  if (hex.length % 2 !== 0) throw new MalformedSymbol();
  const bytes = new Uint8Array(hex.length / 2);
  for (let i = 0; i < bytes.length; i++) bytes[i] = Number.parseInt(hex.slice(i * 2, i * 2 + 2), 16);
  return quoted(decodeUtf8(bytes), '"');
}

function decodeUtf8(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new MalformedSymbol();
  }
}

function quoted(text: string, quote: string): string {
  let out = quote;
  for (const char of text) {
    const short = char === quote ? `\\${quote}` : SHORT_ESCAPES.get(char);
    if (short !== undefined) out += short;
    else if (needsCode(char)) out += `\\u{${(char.codePointAt(0) ?? 0).toString(16)}}`;
    else out += char;
  }
  return out + quote;
}

/** Whether a character is printed as a code: invisible, unassigned, or combining with the one before, perhaps the quote. */
function needsCode(char: string): boolean {
  // V8 takes half a millisecond to read the classes: only when they are used.
  return /^[\p{C}\p{Zl}\p{Zp}\p{Grapheme_Extend}]|^(?! )\p{Zs}/u.test(char);
}
