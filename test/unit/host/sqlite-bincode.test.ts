import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  BincodeError,
  type BindKey,
  encodeError,
  encodeNames,
  encodeRow,
  encodeValue,
  readBindList,
} from '../../../runtime/host/sqlite/bincode.ts';
import type { Value } from '../../../runtime/host/sqlite/value.ts';
import {
  bindList,
  blob,
  double,
  errorValue,
  int64,
  integer,
  NO_KEY,
  NULL,
  nameKey,
  nameVector,
  numberKey,
  text,
  vector,
} from '../../support/sqlite-guest.ts';

function read(bytes: Uint8Array): [BindKey, Value][] {
  const pairs: [BindKey, Value][] = [];
  // In the midst of other bytes, as in a guest's memory.
  const memory = Buffer.concat([Buffer.alloc(24, 1), bytes, Buffer.alloc(24, 1)]);
  const view = new DataView(memory.buffer, memory.byteOffset, memory.length);
  const binder = { bind: (key: BindKey, value: Value) => pairs.push([key, value]) };
  readBindList({ bytes: memory, view }, 24, bytes.length, binder);
  memory.fill(0);
  return pairs;
}

const value: fc.Arbitrary<Value> = fc.oneof(
  fc.constant(null),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  fc.double(),
  fc.string({ unit: 'binary' }),
  fc.uint8Array(),
);

function wire(value: Value, ofHost: boolean): Buffer {
  if (value === null) return NULL;
  if (typeof value === 'bigint') return ofHost ? integer(value) : int64(value);
  if (typeof value === 'number') return double(value);
  return typeof value === 'string' ? text(value) : blob(value);
}

const key: fc.Arbitrary<BindKey> = fc.oneof(
  fc.constant(null),
  fc.integer({ min: 0, max: 2 ** 32 }),
  fc.string({ unit: 'binary' }),
);
const keyWire = (key: BindKey) =>
  key === null ? NO_KEY : typeof key === 'number' ? numberKey(BigInt(key)) : nameKey(key);

describe('a bind list', () => {
  test('the example of the contract', () => {
    const example = '0100000000000000 01000000 0100000000000000 05000000 0700000000000000';
    expect(read(Buffer.from(example.replaceAll(' ', ''), 'hex'))).toEqual([[1, 7n]]);
  });

  test('is read as it was written', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(key, value)), (pairs) => {
        expect(read(bindList(...pairs.map(([k, v]) => [keyWire(k), wire(v, false)] as const)))).toEqual(
          pairs,
        );
      }),
    );
  });

  test('cut off anywhere, is an error', () => {
    const list = bindList(
      [numberKey(1n), text('text')],
      [nameKey(':a'), blob(Buffer.of(1, 2, 3))],
      [NO_KEY, NULL],
    );
    for (let end = 0; end < list.length; end++)
      expect(() => read(list.subarray(0, end)), `${end}`).toThrow(BincodeError);
  });

  test('of any bytes is read, or an error', () => {
    const list = bindList(
      [numberKey(1n), text('text')],
      [nameKey(':a'), blob(Buffer.of(1, 2, 3))],
      [NO_KEY, double(1)],
    );
    const changed = fc
      .array(fc.tuple(fc.nat(list.length - 1), fc.nat(255)), { minLength: 1, maxLength: 4 })
      .map((changes) => {
        const bytes = Buffer.from(list);
        for (const [at, byte] of changes) bytes[at] = byte;
        return bytes;
      });
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 200 }), changed), (bytes) => {
        try {
          for (const [, bound] of read(bytes)) {
            if (bound instanceof Uint8Array) expect(bound.length).toBeLessThanOrEqual(bytes.length);
          }
        } catch (error) {
          expect(error).toBeInstanceOf(BincodeError);
        }
      }),
      { numRuns: 5000 },
    );
  });
});

describe('what the host writes', () => {
  test('are values and rows', () => {
    fc.assert(
      fc.property(fc.array(value), (row) => {
        expect(encodeRow(row)).toEqual(vector(...row.map((v) => wire(v, true))));
        for (const v of row) expect(encodeValue(v)).toEqual(wire(v, true));
      }),
    );
  });

  test('are names and errors', () => {
    expect(encodeNames(['eins', '', 'ü'])).toEqual(nameVector('eins', '', 'ü'));
    expect(encodeError(19, 'zu spät')).toEqual(errorValue(19, 'zu spät'));
  });
});
