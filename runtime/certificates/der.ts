/** The first byte of values in DER (ITU-T X.690), the binary form of certificates. */
export const Tag = {
  Boolean: 0x01,
  Integer: 0x02,
  BitString: 0x03,
  OctetString: 0x04,
  ObjectIdentifier: 0x06,
  Utf8String: 0x0c,
  UtcTime: 0x17,
  GeneralizedTime: 0x18,
  Sequence: 0x30,
  Set: 0x31,
} as const;

/** Tag of the field of this number that holds a whole value. */
export const fieldTag = (number: number): number => 0xa0 + number;

/** A value of the tag, whose content are these bytes one after the other. */
export function der(tag: number, ...content: readonly Uint8Array[]): Buffer {
  const length = content.reduce((sum, { length }) => sum + length, 0);
  const digits: number[] = [];
  for (let rest = length; rest > 0; rest = Math.floor(rest / 0x100)) digits.unshift(rest % 0x100);
  const head = length < 0x80 ? [tag, length] : [tag, 0x80 + digits.length, ...digits];
  return Buffer.concat([Buffer.from(head), ...content]);
}

export const sequence = (...content: readonly Uint8Array[]): Buffer => der(Tag.Sequence, ...content);

/** @param bytes a number that is not negative, its highest byte first */
export function integer(bytes: Uint8Array): Buffer {
  const from = bytes.findIndex((byte) => byte !== 0);
  const digits = from < 0 ? Uint8Array.of(0) : bytes.subarray(from);
  return der(Tag.Integer, Uint8Array.of(...((digits[0] ?? 0) >= 0x80 ? [0] : [])), digits);
}

/** Whole bytes as a string of bits. */
export const bitString = (bytes: Uint8Array): Buffer => der(Tag.BitString, Uint8Array.of(0), bytes);

/** @param numbers as in `2.5.29.17` */
export function objectIdentifier(numbers: string): Buffer {
  const [first = 0, second = 0, ...rest] = numbers.split('.').map(Number);
  const bytes = [first * 40 + second];
  for (const number of rest) {
    const groups = [number % 0x80];
    for (let left = Math.floor(number / 0x80); left > 0; left = Math.floor(left / 0x80))
      groups.unshift((left % 0x80) + 0x80);
    bytes.push(...groups);
  }
  return der(Tag.ObjectIdentifier, Buffer.from(bytes));
}

/** A moment as certificates write it (RFC 5280, section 4.1.2.5): with two digits for the year before 2050. */
export function time(moment: Date): Buffer {
  const digits = `${moment.toISOString().replaceAll(/[-:T]/g, '').slice(0, 14)}Z`;
  return moment.getUTCFullYear() < 2050
    ? der(Tag.UtcTime, Buffer.from(digits.slice(2)))
    : der(Tag.GeneralizedTime, Buffer.from(digits));
}

/** A value that was read. */
export interface DerValue {
  readonly tag: number;
  readonly content: Uint8Array;
  /** With its head. */
  readonly whole: Uint8Array;
}

/** Bytes that are no DER, or not what was expected. */
export class DerError extends Error {
  override readonly name = 'DerError';
  readonly code = 'LUNATIC_DER';
}

/** Reads values that stand one after the other, each when it is asked for. What it gives are views of the bytes. */
export class DerReader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** The tag of what comes next, or null at the end. */
  get next(): number | null {
    return this.#bytes[this.#at] ?? null;
  }

  /** @throws DerError if there is none of this tag */
  read(tag: number): DerValue {
    const from = this.#at;
    if (this.#byte() !== tag) throw new DerError(`A value of another kind was expected at byte ${from}.`);
    let length = this.#byte();
    if (length >= 0x80) {
      const digits = length - 0x80;
      // The form without a length is not DER; more digits are more than anybody sends.
      if (digits === 0 || digits > 3)
        throw new DerError(`The length of a value is malformed at byte ${from}.`);
      length = 0;
      for (let i = 0; i < digits; i++) length = length * 0x100 + this.#byte();
    }
    const begin = this.#at;
    this.#at += length;
    if (this.#at > this.#bytes.length)
      throw new DerError(`A value is longer than what has it, at byte ${from}.`);
    return {
      tag,
      content: this.#bytes.subarray(begin, this.#at),
      whole: this.#bytes.subarray(from, this.#at),
    };
  }

  /** A reader of what a sequence, or another value that has values, has. */
  inside(tag: number = Tag.Sequence): DerReader {
    return new DerReader(this.read(tag).content);
  }

  /** Takes what comes next if it has this tag. */
  skip(tag: number): void {
    if (this.next === tag) this.read(tag);
  }

  #byte(): number {
    const byte = this.#bytes[this.#at];
    if (byte === undefined) throw new DerError('The bytes end too early.');
    this.#at++;
    return byte;
  }
}
