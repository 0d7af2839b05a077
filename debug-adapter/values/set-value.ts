import type { ProcessKey } from '../../runtime/inspect/protocol.ts';
import type { BaseType, EnumType, Inspected, TypeInfo } from '../../runtime/internal.ts';
import { AdapterError, ErrorId } from '../errors.ts';
import { addressOf, type Value } from './value.ts';
import type { ValueReader } from './value-reader.ts';

/** Where a value is set. */
export interface SetTarget {
  readonly process: ProcessKey;
  readonly depth: number;
}

/** Sets a number, a character, a boolean, an enum or a pointer. @throws AdapterError if it cannot be that, or cannot be set */
export async function writeScalar(
  client: Inspected,
  target: SetTarget,
  reader: ValueReader,
  value: Value,
  name: string,
  text: string,
): Promise<void> {
  const type = await reader.typeOf(value);
  const width = value.bits?.size ?? 8 * (type?.size ?? 0);
  const bits = type === null ? null : readScalar(type, width, text.trim());
  if (bits === null) {
    const label = value.type === null ? 'void' : (await reader.types.get(value.type))?.label;
    throw new AdapterError(
      ErrorId.BadValue,
      `${name} takes a value of type ${label}, which '${text}' is not`,
    );
  }
  const bytes = await bytesWith(reader, value, type?.size ?? 4, bits);
  if (bytes === null)
    throw new AdapterError(ErrorId.BadValue, `${name} cannot be set: it is outside of the memory`);
  await writeBytes(client, target, reader, value, name, bytes);
}

/** Whether a text is a value as such, which needs not be calculated. */
export async function isLiteral(reader: ValueReader, value: Value, text: string): Promise<boolean> {
  const type = await reader.typeOf(value);
  const width = value.bits?.size ?? 8 * (type?.size ?? 0);
  return type !== null && readScalar(type, width, text.trim()) !== null;
}

/** The bits of a text that a person has written; null if it is no value of the type. */
export function readScalar(type: TypeInfo, width: number, text: string): bigint | null {
  switch (type.kind) {
    case 'base':
      return readBase(type, width, text);
    case 'enum':
      return readEnum(type, width, text);
    case 'pointer':
      return /^(?:NULL|nullptr|null)$/.test(text) ? 0n : readInteger(text.replace(/ .*$/, ''), width);
    default:
      return null;
  }
}

function readBase({ encoding, name }: BaseType, width: number, text: string): bigint | null {
  if (encoding === 'boolean' && (text === 'true' || text === 'false')) return text === 'true' ? 1n : 0n;
  if (encoding === 'boolean') return text === '1' || text === '0' ? BigInt(text) : null;
  if (encoding === 'float') return readFloat(text, width);
  if (encoding === 'complex') return null;
  const character = /^(?:b|L|u8|u|U)?'(\\?.+)'$/su.exec(text)?.[1];
  if (character !== undefined) return readCharacter(character, width);
  // A character of Rust must be one.
  if (encoding === 'character' && name === 'char' && width === 32) return null;
  // As it is displayed: `120 'x'`.
  return readInteger(text.replace(/^(-?\d+) '.*'$/, '$1'), width);
}

const ESCAPES: Readonly<Record<string, number>> = { n: 10, r: 13, t: 9, '0': 0, '\\': 92, "'": 39, '"': 34 };

function readCharacter(text: string, width: number): bigint | null {
  const [, hex] = /^\\(?:x|u\{)([\da-f]{1,6})\}?$/i.exec(text) ?? [];
  const escaped = text.length === 2 && text.startsWith('\\') ? ESCAPES[text.charAt(1)] : undefined;
  const code = hex === undefined ? (escaped ?? text.codePointAt(0) ?? 0) : Number.parseInt(hex, 16);
  const isOne = hex !== undefined || escaped !== undefined || String.fromCodePoint(code) === text;
  const fits =
    width >= 32
      ? code <= 0x10ffff && !(code >= 0xd800 && code < 0xe000)
      : code < 2 ** Math.min(width, 7 + (width > 8 ? 9 : 0));
  return isOne && fits ? BigInt(code) : null;
}

function readEnum(type: EnumType, width: number, text: string): bigint | null {
  let all = 0n;
  for (const name of text.split('|')) {
    const short = name.trim().replace(/^.*::/, '');
    const found = type.enumerators.find((enumerator) => enumerator.name === short);
    if (found === undefined) return readInteger(text, width);
    all |= found.value;
  }
  return BigInt.asUintN(width, all);
}

function readInteger(text: string, width: number): bigint | null {
  const [, sign, digits] = /^([+-]?)(0x[\da-f]+|0b[01]+|\d+)$/i.exec(text.replaceAll('_', '')) ?? [];
  if (digits === undefined || digits.length > 200 || width === 0) return null;
  const value = sign === '-' ? -BigInt(digits) : BigInt(digits);
  // Signed or unsigned.
  if (value < -(1n << BigInt(width - 1)) || value >= 1n << BigInt(width)) return null;
  return BigInt.asUintN(width, value);
}

const FLOAT = /^[+-]?(?:inf|nan|(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?)$/i;

function readFloat(text: string, width: number): bigint | null {
  if (!FLOAT.test(text)) return null;
  const digits = text.replace(/^[+-]/, '').toLowerCase();
  const magnitude =
    digits === 'inf' ? Number.POSITIVE_INFINITY : digits === 'nan' ? Number.NaN : Number(digits);
  const value = text.startsWith('-') ? -magnitude : magnitude;
  const view = new DataView(new ArrayBuffer(8));
  if (width === 32) view.setFloat32(0, value, true);
  else if (width === 64 || width === 128) view.setFloat64(0, value, true);
  else return null;
  const bits = view.getBigUint64(0, true);
  return width === 128 ? quadrupleBits(bits) : bits;
}

/** The bits of a `long double` that is the same number as a double. Numbers too small for a full fraction are 0. */
function quadrupleBits(bits: bigint): bigint {
  const exponent = Number((bits >> 52n) & 0x7ffn);
  const wide = exponent === 0 ? 0n : exponent === 0x7ff ? 0x7fffn : BigInt(exponent - 0x3ff + 0x3fff);
  const fraction = exponent === 0 ? 0n : (bits & ((1n << 52n) - 1n)) << 60n;
  return ((bits >> 63n) << 127n) | (wide << 112n) | fraction;
}

/** The bytes of a value with these bits: those around a bit field stay. */
async function bytesWith(
  reader: ValueReader,
  value: Value,
  size: number,
  bits: bigint,
): Promise<Uint8Array | null> {
  const field = value.bits;
  const length = field === undefined ? size : Math.ceil((field.offset + field.size) / 8);
  let number = bits;
  if (field !== undefined) {
    const before = await reader.bytes(value, length);
    if (before === null) return null;
    const mask = ((1n << BigInt(field.size)) - 1n) << BigInt(field.offset);
    const around = before.reduceRight((sum, byte) => (sum << 8n) | BigInt(byte), 0n) & ~mask;
    number = around | (bits << BigInt(field.offset));
  }
  const bytes = new Uint8Array(length);
  for (let i = 0; i < length; i++) bytes[i] = Number((number >> BigInt(8 * i)) & 0xffn);
  return bytes;
}

async function writeBytes(
  client: Inspected,
  { process, depth }: SetTarget,
  reader: ValueReader,
  value: Value,
  name: string,
  bytes: Uint8Array,
): Promise<void> {
  const address = addressOf(value);
  const { place, offset } = value;
  if (address !== null) {
    const data = Buffer.from(bytes).toString('base64');
    await client.request('process/set-memory', { process, offset: address, data });
    return;
  }
  if (place.kind !== 'wasm' || place.store === 'operand')
    throw new AdapterError(ErrorId.BadValue, `${name} cannot be set: the compiler has left no place for it`);
  const whole = reader.stored(place);
  if (whole === null || offset + bytes.length > whole.length)
    throw new AdapterError(ErrorId.BadValue, `${name} cannot be set`);
  const changed = whole.slice();
  changed.set(bytes, offset);
  const data = Buffer.from(changed).toString('base64');
  if (place.store === 'global') {
    await client.request('process/set-global', { process, global: place.index, data });
    return;
  }
  if (depth > 0)
    throw new AdapterError(
      ErrorId.BadValue,
      `${name} is kept in a local, which can be set in the innermost call alone`,
    );
  await client.request('process/set-local', { process, local: place.index, data });
}
