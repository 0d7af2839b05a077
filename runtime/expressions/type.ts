import { ExpressionError } from './expression-error.ts';
import type { TypeName } from './syntax.ts';

/** A name for a value of an enum. */
export interface Constant {
  readonly name: string;
  readonly value: string;
}

/** What is known of a value before it is read. */
export type Type =
  /** `isSigned` is null where both are meant, as with the integers of WebAssembly. Without `bytes` it is of any size. */
  | {
      readonly kind: 'integer';
      readonly bytes?: 1 | 2 | 4 | 8 | 16;
      readonly isSigned: boolean | null;
      /** Whether it is a `char` or a wide character of C, which is displayed with its character. */
      readonly isCharacter?: boolean;
      /** Of an enum of C: its constants, with their values in decimal. */
      readonly constants?: readonly Constant[];
    }
  | { readonly kind: 'float'; readonly bytes: 4 | 8 }
  | { readonly kind: 'boolean' }
  /** A code point. */
  | { readonly kind: 'character' }
  | { readonly kind: 'text' }
  | { readonly kind: 'pointer'; readonly to: Type }
  /** Elements that stand one behind the other; without a count up to the end of the memory. */
  | { readonly kind: 'array'; readonly of: Type; readonly count?: number }
  /** Something that has parts. */
  | { readonly kind: 'record'; readonly name: string; readonly bytes?: number };

export const INTEGER: Type = { kind: 'integer', isSigned: true };
export const BOOLEAN: Type = { kind: 'boolean' };
export const TEXT: Type = { kind: 'text' };
export const BYTE: Type = { kind: 'integer', bytes: 1, isSigned: false };
export const FLOAT: Type = { kind: 'float', bytes: 8 };

const integer = (bytes: 1 | 2 | 4 | 8 | 16, isSigned: boolean): Type => ({
  kind: 'integer',
  bytes,
  isSigned,
});

/** The types that have names in every language. */
const TYPES: ReadonlyMap<string, Type> = new Map<string, Type>([
  ['i8', integer(1, true)],
  ['u8', integer(1, false)],
  ['i16', integer(2, true)],
  ['u16', integer(2, false)],
  ['i32', integer(4, true)],
  ['u32', integer(4, false)],
  ['i64', integer(8, true)],
  ['u64', integer(8, false)],
  ['i128', integer(16, true)],
  ['u128', integer(16, false)],
  ['isize', integer(4, true)],
  ['usize', integer(4, false)],
  ['short', integer(2, true)],
  ['int', integer(4, true)],
  ['long', integer(4, true)],
  ['unsigned', integer(4, false)],
  ['size_t', integer(4, false)],
  ...([1, 2, 4, 8] as const).flatMap((bytes): [string, Type][] => [
    [`int${8 * bytes}_t`, integer(bytes, true)],
    [`uint${8 * bytes}_t`, integer(bytes, false)],
  ]),
  ['wchar_t', integer(4, true)],
  ['ptrdiff_t', integer(4, true)],
  ['intptr_t', integer(4, true)],
  ['uintptr_t', integer(4, false)],
  ['char16_t', integer(2, false)],
  ['char32_t', integer(4, false)],
  ['f32', { kind: 'float', bytes: 4 }],
  ['f64', { kind: 'float', bytes: 8 }],
  ['float', { kind: 'float', bytes: 4 }],
  ['double', { kind: 'float', bytes: 8 }],
  ['bool', BOOLEAN],
  ['char', { kind: 'character' }],
]);

/** @throws ExpressionError if there is none of the name */
export function typeNamed({ name, pointers }: TypeName): Type {
  const named = TYPES.get(name);
  if (named === undefined) throw new ExpressionError(`there is no type ${name}`);
  // That to which a `char*` points is a byte in C, with a sign.
  let type = pointers > 0 && named.kind === 'character' ? integer(1, true) : named;
  for (let i = 0; i < pointers; i++) type = { kind: 'pointer', to: type };
  return type;
}

/** Bytes that a value takes in memory; undefined if that is not known. */
export function sizeOf(type: Type): number | undefined {
  switch (type.kind) {
    case 'integer':
    case 'float':
    case 'record':
      return type.bytes;
    case 'boolean':
      return 1;
    case 'character':
    case 'pointer':
      return 4;
    case 'array': {
      const size = sizeOf(type.of);
      return size === undefined || type.count === undefined ? undefined : size * type.count;
    }
    case 'text':
      return undefined;
  }
}

/** The name of a type of C by its words, as in `unsigned long`; undefined if it is none that the language itself has. */
export function nameInC(words: readonly string[], pointers: number): string | undefined {
  const [only] = words;
  if (words.length === 1 && only !== undefined && TYPES.has(only)) return only;
  const text = withoutSigns(words);
  const bytes = words.length === 0 ? undefined : INTEGERS_OF_C.get(text);
  if (bytes !== undefined) return `${words.includes('unsigned') ? 'u' : 'i'}${8 * bytes}`;
  if (text === 'void' && pointers > 0) return 'u8';
  return text === '_Bool' ? 'bool' : undefined;
}

/** Bytes by what is said besides `int` and signs. */
const INTEGERS_OF_C: ReadonlyMap<string, number> = new Map([
  ['', 4],
  ['char', 1],
  ['short', 2],
  ['long', 4],
  ['long long', 8],
]);

const SIGNS: ReadonlySet<string> = new Set(['signed', 'unsigned']);

/** Bytes of a type of C by its words, as in `unsigned long long`; undefined if it is none that the language itself has. */
export function sizeInC(words: readonly string[], pointers: number): number | undefined {
  if (words.length === 0) return undefined;
  if (pointers > 0) return 4;
  const text = withoutSigns(words);
  const named = TYPES.get(text);
  return (
    INTEGERS_OF_C.get(text) ?? OTHERS_OF_C.get(text) ?? (named === undefined ? undefined : sizeOf(named))
  );
}

/** Bytes of what has other names in expressions, or none. */
const OTHERS_OF_C: ReadonlyMap<string, number> = new Map([
  ['long double', 16],
  ['_Bool', 1],
  ['void', 1],
]);

function withoutSigns(words: readonly string[]): string {
  return words.filter((word) => !SIGNS.has(word) && word !== 'int').join(' ');
}

/** Bytes of a character of a text. */
export type CharacterSize = 1 | 2 | 4;

/** The size in bytes of such an integer if it is a character of C; null for any other type. */
export function characterSize(type: Type | undefined): CharacterSize | null {
  if (type?.kind !== 'integer') return null;
  const { bytes, isCharacter } = type;
  if (bytes === 1) return 1;
  return isCharacter === true && (bytes === 2 || bytes === 4) ? bytes : null;
}

/** How a type is called. */
export function typeText(type: Type): string {
  switch (type.kind) {
    case 'integer':
      return type.bytes === undefined ? 'integer' : `${type.isSigned === false ? 'u' : 'i'}${type.bytes * 8}`;
    case 'float':
      return `f${type.bytes * 8}`;
    case 'boolean':
      return 'bool';
    case 'character':
      return 'char';
    case 'text':
      return 'text';
    case 'pointer':
      return `*${typeText(type.to)}`;
    case 'array':
      return type.count === undefined ? `[${typeText(type.of)}]` : `[${typeText(type.of)}; ${type.count}]`;
    case 'record':
      return type.name;
  }
}

/** A type of one value by the text that it has; undefined if there is none. Of pointers it is not told to what they point. */
export function typeFromText(text: string): Type | undefined {
  if (text.startsWith('*')) return { kind: 'pointer', to: BYTE };
  return TYPES.get(text);
}

/** The same with its article, for messages. */
export function aType(type: Type): string {
  const text = typeText(type);
  return `${/^(?:[aeioAEIO]|f\d)/.test(text) ? 'an' : 'a'} ${text}`;
}
