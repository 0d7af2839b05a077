/** What the strings and identifiers of the text format stand for. Source: core specification, 6.3.3 and 6.3.5. */

const PARTS = /([^\\]+)|\\u\{([\da-fA-F_]+)\}|\\([\da-fA-F]{2})|\\([\s\S]?)/g;
const ESCAPES: Readonly<Record<string, string>> = { t: '\t', n: '\n', r: '\r' };

/**
 * The text that a string stands for. Bytes that are no UTF-8, and escapes that there are not, become replacement characters.
 * @param token the string with its quotes; the last one may be missing
 */
export function stringValue(token: string): string {
  const inside = token.endsWith('"') && token.length > 1 ? token.slice(1, -1) : token.slice(1);
  if (!inside.includes('\\')) return inside;
  return new TextDecoder().decode(bytesOf(inside));
}

/**
 * Whether the bytes that a string stands for are UTF-8, as those of names must be.
 * @param token the string with its quotes
 */
export function isUtf8(token: string): boolean {
  if (!token.includes('\\')) return true;
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytesOf(token.slice(1, -1)));
    return true;
  } catch {
    return false;
  }
}

function bytesOf(inside: string): Uint8Array {
  const parts: Uint8Array[] = [];
  const encoder = new TextEncoder();
  for (const [, plain, unicode, byte, other = ''] of inside.matchAll(PARTS)) {
    if (byte !== undefined) parts.push(Uint8Array.of(Number.parseInt(byte, 16)));
    else if (unicode !== undefined) parts.push(encoder.encode(character(unicode)));
    else parts.push(encoder.encode(plain ?? ESCAPES[other] ?? other));
  }
  return Buffer.concat(parts);
}

/** The name of an identifier, without its `$`: that of `$"a b"` is `a b`. */
export function identifierName(token: string): string {
  return token.startsWith('$"') ? stringValue(token.slice(1)) : token.slice(1);
}

function character(digits: string): string {
  const code = Number.parseInt(digits.replaceAll('_', ''), 16);
  return code <= 0x10ffff ? String.fromCodePoint(code) : '\ufffd';
}
