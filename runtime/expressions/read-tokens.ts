import { ExpressionError } from './expression-error.ts';

/** A word of an expression. */
export type Token =
  | { readonly kind: 'integer'; readonly value: bigint; readonly isCharacter: boolean }
  | { readonly kind: 'float'; readonly value: number }
  | { readonly kind: 'text'; readonly value: string }
  | { readonly kind: 'name'; readonly name: string }
  | { readonly kind: 'sign'; readonly sign: string };

/** The most digits of a number: more mean none that a program could have. */
const MOST_DIGITS = 400;

/** In WebAssembly text names may have signs of operators in them: those are written `$"a+b"`. None ends with a colon, which may
 * be that of `x ? $a : $b`. */
const NAME = /\$"(?:[^"\\]|\\.)*"|\$[\w.:]*[\w.]|[A-Za-z_]\w*(?:::[A-Za-z_]\w*)*/y;
const NUMBER = /0[xX][\da-fA-F_]+|0[bB][01_]+|\d[\d_]*(?:\.\d[\d_]*)?(?:[eE][+-]?\d+)?/y;
/** That of a tuple's member: `x.2.1` has two, and no fraction. */
const PLACE = /\d+/y;
const CHARACTER = /(?:u8|[LuU])?'(?:[^'\\]|\\(?:u\{[^}]*\}|x..|.))'/uy;
/** C says with a letter before it of which characters it consists. */
const TEXT = /(?:u8|[LuU])?"(?:[^"\\]|\\.)*"/sy;
const SIGN = /->|\|\||&&|===|!==|==|!=|<=|>=|<<|>>|[-+*/%<>!~&|^()[\].,?:]/y;
const SPACE = /\s+/y;

/** @throws ExpressionError if there is something else */
export function readTokens(text: string): Token[] {
  const tokens: Token[] = [];
  for (let at = 0; at < text.length; ) {
    const match = (pattern: RegExp): string | undefined => {
      pattern.lastIndex = at;
      const found = pattern.exec(text)?.[0];
      at += found?.length ?? 0;
      return found;
    };
    if (match(SPACE) !== undefined) continue;
    const last = tokens.at(-1);
    const isMember = last?.kind === 'sign' && last.sign === '.';
    const token = (isMember ? placeInTuple(match) : undefined) ?? readToken(match);
    if (token === undefined) throw new ExpressionError(`'${shortened(text.slice(at))}' is not understood`);
    tokens.push(token);
  }
  return tokens;
}

function placeInTuple(match: (pattern: RegExp) => string | undefined): Token | undefined {
  const digits = match(PLACE);
  return digits === undefined ? undefined : numberIn(digits);
}

function readToken(match: (pattern: RegExp) => string | undefined): Token | undefined {
  const text = match(TEXT);
  if (text !== undefined) return { kind: 'text', value: unescaped(text.slice(text.indexOf('"') + 1, -1)) };
  const character = match(CHARACTER);
  if (character !== undefined) {
    const inside = unescaped(character.slice(character.indexOf("'") + 1, -1));
    return { kind: 'integer', value: BigInt(inside.codePointAt(0) ?? 0), isCharacter: true };
  }
  const name = match(NAME);
  if (name !== undefined)
    return { kind: 'name', name: name.startsWith('$"') ? `$${unescaped(name.slice(2, -1))}` : name };
  const number = match(NUMBER);
  if (number !== undefined) return numberIn(number);
  const sign = match(SIGN);
  // TypeScript has three signs for it.
  return sign === undefined ? undefined : { kind: 'sign', sign: sign.replace(/^([=!])==$/, '$1=') };
}

function numberIn(text: string): Token {
  const digits = text.replaceAll('_', '');
  if (digits.length > MOST_DIGITS) throw new ExpressionError(`${shortened(digits)} has too many digits`);
  if (/^0\d*[1-9]/.test(digits) && /^\d+$/.test(digits)) {
    const decimal = digits.replace(/^0+/, '');
    const octal = /^[0-7]+$/.test(digits) ? ` or, as C means it, ${Number.parseInt(digits, 8)}` : '';
    throw new ExpressionError(`${digits} is not the same in all languages: write ${decimal}${octal}`);
  }
  if (/^\d+$|^0[xXbB][\da-fA-F]+$/.test(digits))
    return { kind: 'integer', value: BigInt(digits), isCharacter: false };
  const value = Number(digits);
  if (Number.isNaN(value)) throw new ExpressionError(`'${shortened(text)}' is no number`);
  return { kind: 'float', value };
}

const ESCAPES: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', '0': '\0' };

function unescaped(text: string): string {
  return text.replace(
    /\\(?:u\{([^}]*)\}|x(..)|(.))/gsu,
    (_, point?: string, byte?: string, other?: string) => {
      if (other !== undefined) return ESCAPES[other] ?? other;
      const code = /^[\da-fA-F]{1,6}$/.test(point ?? byte ?? '')
        ? Number.parseInt(point ?? byte ?? '', 16)
        : Number.NaN;
      if (!(code <= 0x10_ffff)) throw new ExpressionError(`there is no character '${point ?? byte}'`);
      return String.fromCodePoint(code);
    },
  );
}

export function shortened(text: string): string {
  return text.length > 30 ? `${text.slice(0, 30)}…` : text;
}
