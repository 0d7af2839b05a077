/**
 * Rust's older symbol mangling (still the default for many toolchains): the Itanium C++ shape `_ZN…E`, with
 * everything Rust-specific squeezed into the identifiers as `$…$` escapes and dots.
 */

import { readableSuffix } from './mangling-suffix.ts';

/** Escapes with a fixed meaning. Code points use the open-ended `$u<hex>$` form instead. */
const NAMED_ESCAPES: ReadonlyMap<string, string> = new Map([
  ['SP', '@'],
  ['BP', '*'],
  ['RF', '&'],
  ['LT', '<'],
  ['GT', '>'],
  ['LP', '('],
  ['RP', ')'],
  ['C', ','],
]);

/**
 * The last path element names the instantiation, not the function. It is recognised by its exact form, so that
 * a function called `h` or `hadd` keeps its name.
 */
const INSTANCE_HASH = /^h[0-9a-f]{16}$/;

/** Returns the readable path of a legacy-mangled symbol, or undefined if `symbol` is not one. */
export function demangleLegacy(symbol: string): string | undefined {
  const start = symbol.startsWith('_ZN') ? 3 : symbol.startsWith('__ZN') ? 4 : -1;
  if (start < 0) return undefined;

  // Everything beyond ASCII is escaped, and lengths count bytes.
  if (!/^[!-~]*$/.test(symbol)) return undefined;

  const elements: string[] = [];
  let at = start;
  while (symbol[at] !== 'E') {
    const digits = decimalAt(symbol, at);
    // Elements are never empty, which excludes zero as well as leading zeros.
    if (digits === '' || digits.startsWith('0')) return undefined;
    const from = at + digits.length;
    at = from + Number(digits);
    // `E` must follow, so an element can never reach the end of the symbol.
    if (at >= symbol.length) return undefined;
    elements.push(symbol.slice(from, at));
  }
  const suffix = readableSuffix(symbol.slice(at + 1));
  // A dollar begins the parameter list of a C++ function.
  if (suffix === undefined || suffix.startsWith('$')) return undefined;

  // If the hash is the whole name, it is better than an empty one.
  if (elements.length > 1 && INSTANCE_HASH.test(elements.at(-1) ?? '')) elements.pop();
  if (elements.length === 0) return undefined;

  const readable: string[] = [];
  for (const element of elements) {
    const text = decodeElement(element);
    if (text === undefined) return undefined;
    readable.push(text);
  }
  return readable.join('::') + suffix;
}

/** Returns the digits of the decimal number at `at`; an empty text if there is none. */
function decimalAt(symbol: string, at: number): string {
  let end = at;
  // Nine digits are more than any real length, and keep the value an exact integer.
  while (end < symbol.length && end - at < 9 && isDigit(symbol[end])) end++;
  return symbol.slice(at, end);
}

function isDigit(char: string | undefined): boolean {
  return char !== undefined && char >= '0' && char <= '9';
}

/** Replaces the escapes of one identifier. Returns undefined if one of them does not exist. */
function decodeElement(element: string): string | undefined {
  // An identifier may not begin with `$`, so the compiler puts an underscore in front of such an escape.
  let at = element.startsWith('_$') ? 1 : 0;
  let out = '';
  while (at < element.length) {
    const char = element[at];
    if (char === '.') {
      // `..` stands for `::`; a single dot stands for a character that has no escape of its own.
      const pair = element[at + 1] === '.';
      out += pair ? '::' : '.';
      at += pair ? 2 : 1;
    } else if (char === '$') {
      const close = element.indexOf('$', at + 1);
      if (close < 0) return undefined;
      const text = expandEscape(element.slice(at + 1, close));
      if (text === undefined) return undefined;
      out += text;
      at = close + 1;
    } else {
      out += char;
      at++;
    }
  }
  return out;
}

/** Returns the character of one escape, which is given without its dollars. */
function expandEscape(code: string): string | undefined {
  const named = NAMED_ESCAPES.get(code);
  if (named !== undefined) return named;
  if (!/^u[0-9a-f]{1,6}$/.test(code)) return undefined;
  const point = Number.parseInt(code.slice(1), 16);
  const isSurrogate = point >= 0xd800 && point <= 0xdfff;
  return point > 0x10ffff || isSurrogate ? undefined : String.fromCodePoint(point);
}
