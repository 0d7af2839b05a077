/** The typed text is no message, or no tag. The error's message says what it should look like. */
export class MessageInputError extends Error {
  override readonly name = 'MessageInputError';
  readonly code = 'LUNATIC_MESSAGE_INPUT';
}

const NUMBERS: Readonly<Record<string, (text: string) => Uint8Array>> = {
  i32: (text) => integer(text, 32),
  i64: (text) => integer(text, 64),
  f32: (text) => new Uint8Array(Float32Array.of(float(text)).buffer),
  f64: (text) => new Uint8Array(Float64Array.of(float(text)).buffer),
};

/**
 * Returns the bytes of a message that a user has typed: text, bytes as in `hex 68 65 6c`, or numbers with the low byte first as
 * in `i64 1 2`. Text in quotation marks is always text.
 * @throws MessageInputError
 */
export function parseMessage(input: string): Uint8Array {
  const [, kind = '', rest = ''] = /^(hex|i32|i64|f32|f64)\s+(.*)$/s.exec(input.trim()) ?? [];
  if (kind === 'hex') return hexBytes(rest);
  const number = NUMBERS[kind];
  if (number !== undefined)
    return join(
      rest
        .trim()
        .split(/[\s,]+/)
        .map(number),
    );
  const [, quoted] = /^"(.*)"$/s.exec(input) ?? [];
  return new TextEncoder().encode(quoted ?? input);
}

const MAX_TAG = 2n ** 63n - 1n;
const MIN_TAG = -(2n ** 63n);

/**
 * Returns the tag that a user has typed, as decimal digits. `0`, which stands for no tag, if the input is empty.
 * @throws MessageInputError
 */
export function parseTag(input: string): string {
  const text = input.trim();
  if (text === '') return '0';
  if (!/^-?\d+$/.test(text)) throw new MessageInputError('A tag is a whole number.');
  const tag = BigInt(text);
  if (tag > MAX_TAG || tag < MIN_TAG) throw new MessageInputError('A tag has 64 bits.');
  return `${tag}`;
}

function hexBytes(text: string): Uint8Array {
  const digits = text.replace(/0x|[\s,]/gi, '');
  if (!/^([0-9a-f]{2})*$/i.test(digits))
    throw new MessageInputError('Bytes are pairs of hex digits, as in: hex 68 65 6c');
  return Uint8Array.from(Buffer.from(digits, 'hex'));
}

function integer(text: string, bits: 32 | 64): Uint8Array {
  if (!/^-?(\d+|0x[0-9a-f]+)$/i.test(text)) throw new MessageInputError(`"${text}" is not a whole number.`);
  const value = text.startsWith('-') ? -BigInt(text.slice(1)) : BigInt(text);
  if (value >= 2n ** BigInt(bits) || value < -(2n ** BigInt(bits - 1))) {
    throw new MessageInputError(`${text} does not fit into ${bits} bits.`);
  }
  const bytes = new DataView(new ArrayBuffer(8));
  bytes.setBigUint64(0, BigInt.asUintN(64, value), true);
  return new Uint8Array(bytes.buffer, 0, bits / 8);
}

function float(text: string): number {
  const value = Number(text);
  if (text === '' || Number.isNaN(value)) throw new MessageInputError(`"${text}" is not a number.`);
  return value;
}

function join(parts: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(parts.flatMap((part) => [...part]));
}
