import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DwarfError } from '../../../runtime/symbols/dwarf/byte-cursor.ts';
import { At, Tag } from '../../../runtime/symbols/dwarf/constants.ts';
import type { Die } from '../../../runtime/symbols/dwarf/die.ts';
import { type ExpressionContext, evaluate } from '../../../runtime/symbols/dwarf/expression.ts';
import { type FrameValues, type Location, readLocation } from '../../../runtime/symbols/dwarf/location.ts';
import { fixture } from '../../symbols/fixtures.ts';
import { openModule } from '../../symbols/module-symbols.ts';

/** Locals hold 1000, 2000, ... as i32, local 9 is the f64 1.5; the byte at each address is the address. */
const frame: FrameValues = {
  read(store, index) {
    if (index > 9) return null;
    const view = new DataView(new ArrayBuffer(index === 9 ? 8 : 4));
    if (index === 9) view.setFloat64(0, 1.5, true);
    else view.setInt32(0, (store === 'local' ? 1000 : 500) * (index + 1), true);
    return new Uint8Array(view.buffer);
  },
  memory: (address, size) =>
    address + size <= 0x10000 ? Uint8Array.from({ length: size }, (_, i) => address + i) : null,
};

const { symbols } = openModule(fixture('market-debug.wasm'));
const [unit] = symbols.dwarf.file.units;
if (unit === undefined) throw new Error('the fixture has no unit');
const context: ExpressionContext = { unit, frame, frameBase: Uint8Array.of(0xed, 0, 2, 0x9f) };

const run = (...bytes: number[]): Location => evaluate(Uint8Array.from(bytes), context);

/** The value that an expression with `stack_value` behind it has. */
function valueWith(...bytes: number[]): bigint {
  const read = readLocation(run(...bytes, 0x9f), 8, frame) ?? new Uint8Array();
  return new DataView(read.buffer).getBigInt64(0, true);
}

describe('locations', () => {
  test.each<[string, number[], unknown]>([
    ['nothing', [], { kind: 'nowhere' }],
    ['an address', [0x03, 0x10, 0x20, 0, 0], { kind: 'memory', address: 0x2010 }],
    ['what is thread-local', [0x0c, 1, 0, 0, 0, 0xe0], { kind: 'memory', address: 1 }],
    ['from the frame base', [0x91, 12], { kind: 'memory', address: 3012 }],
    ['below the frame base', [0x91, 0x78], { kind: 'memory', address: 2992 }],
    ['a local', [0xed, 0, 1, 0x9f], { kind: 'wasm', store: 'local', index: 1 }],
    ['a global', [0xed, 1, 0, 0x9f], { kind: 'wasm', store: 'global', index: 0 }],
    ['a global by four bytes', [0xed, 3, 4, 0, 0, 0, 0x9f], { kind: 'wasm', store: 'global', index: 4 }],
    ['an operand', [0xed, 2, 0, 0x9f], { kind: 'wasm', store: 'operand', index: 0 }],
    ['what a local points to', [0xed, 0, 3], { kind: 'memory', address: 4000 }],
    ['behind what a local points to', [0xed, 0, 3, 0x23, 8], { kind: 'memory', address: 4008 }],
    ['a value', [0x9e, 3, 7, 8, 9], { kind: 'value', bytes: Uint8Array.of(7, 8, 9) }],
  ])('%s', (_, bytes, expected) => {
    expect(run(...bytes)).toEqual(expected);
  });

  test('pieces of a local, of memory, and one that is nowhere', () => {
    const location = run(0xed, 0, 0, 0x9f, 0x93, 4, 0x03, 0x20, 0, 0, 0, 0x93, 2, 0x93, 2);
    expect(location).toMatchObject({
      kind: 'pieces',
      pieces: [
        { location: { kind: 'wasm', index: 0 }, bits: 32 },
        { location: { kind: 'memory', address: 0x20 }, bits: 16 },
        { location: { kind: 'nowhere' }, bits: 16 },
      ],
    });
    expect(readLocation(location, 6, frame)).toEqual(Uint8Array.of(0xe8, 3, 0, 0, 0x20, 0x21));
    expect(readLocation(location, 8, frame)).toBe(null);
  });

  test('pieces of single bits', () => {
    // Three bits of 0b10110 from the second on, then five of 0b01101.
    const location = run(0x08, 0b10110, 0x9f, 0x9d, 3, 1, 0x08, 0b01101, 0x9f, 0x9d, 5, 0);
    expect(readLocation(location, 1, frame)).toEqual(Uint8Array.of(0b01101_011));
  });

  test('a float in a local keeps its bits', () => {
    const read = readLocation(run(0xed, 0, 9, 0x9f), 8, frame) ?? new Uint8Array(8);
    expect(new DataView(read.buffer).getFloat64(0, true)).toBe(1.5);
  });
});

describe('operations', () => {
  test.each<[string, number[], bigint]>([
    ['lit5 lit3 minus', [0x35, 0x33, 0x1c], 2n],
    ['const1s -6 lit4 div', [0x09, 0xfa, 0x34, 0x1b], -1n],
    ['lit17 lit5 mod', [0x41, 0x35, 0x1d], 2n],
    ['lit1 lit4 shl', [0x31, 0x34, 0x24], 16n],
    ['const1s -16 lit2 shra', [0x09, 0xf0, 0x32, 0x26], -4n],
    ['const1s -1 const1u 28 shr', [0x09, 0xff, 0x08, 28, 0x25], 15n],
    ['lit3 neg abs', [0x33, 0x1f, 0x19], 3n],
    ['lit0 not', [0x30, 0x20], -1n],
    ['const1s -1 lit1 lt', [0x09, 0xff, 0x31, 0x2d], 1n],
    ['lit1 lit2 lit3 rot: top, below', [0x31, 0x32, 0x33, 0x17], 2n],
    ['lit1 lit2 swap', [0x31, 0x32, 0x16], 1n],
    ['lit1 lit2 over', [0x31, 0x32, 0x14], 1n],
    ['lit1 lit2 lit3 pick 2', [0x31, 0x32, 0x33, 0x15, 2], 1n],
    ['lit1 dup plus', [0x31, 0x12, 0x22], 2n],
    ['lit1 lit2 drop', [0x31, 0x32, 0x13], 1n],
    ['const2s -2', [0x0b, 0xfe, 0xff], -2n],
    ['const4u, constu, consts', [0x0c, 1, 0, 0, 0, 0x10, 0x80, 1, 0x22, 0x11, 0x7f, 0x22], 128n],
    ['skip over lit9', [0x31, 0x2f, 1, 0, 0x39], 1n],
    ['lit1 bra over lit9', [0x35, 0x31, 0x28, 1, 0, 0x39], 5n],
    ['lit0 bra goes on', [0x35, 0x30, 0x28, 1, 0, 0x39], 9n],
    ['deref: the bytes at 0x10', [0x08, 0x10, 0x06], 0x13121110n],
    ['deref_size 2', [0x08, 0x10, 0x94, 2], 0x1110n],
    ['32 bits wrap around', [0x0c, 0xff, 0xff, 0xff, 0xff, 0x23, 2], 1n],
  ])('%s', (_, bytes, expected) => {
    expect(valueWith(...bytes)).toBe(expected);
  });

  test('arithmetic is that of 32-bit integers', () => {
    const operators: readonly [number, (a: number, b: number) => number][] = [
      [0x22, (a, b) => (a + b) | 0],
      [0x1c, (a, b) => (a - b) | 0],
      [0x1e, Math.imul],
      [0x1a, (a, b) => a & b],
      [0x21, (a, b) => a | b],
      [0x27, (a, b) => a ^ b],
      [0x2a, (a, b) => Number(a >= b)],
    ];
    const bytes = (value: number) => [0x0d, ...new Uint8Array(Int32Array.of(value).buffer)];
    fc.assert(
      fc.property(fc.integer(), fc.integer(), fc.constantFrom(...operators), (a, b, [op, apply]) => {
        expect(valueWith(...bytes(a), ...bytes(b), op)).toBe(BigInt(apply(a, b)));
      }),
    );
  });
});

describe('what cannot be known is said', () => {
  test.each<[string, number[], string]>([
    [
      'a value at the entry',
      [0xa3, 3, 0xed, 0, 0, 0x9f],
      'only its value at the beginning of the function is known',
    ],
    ['a register', [0x50], 'DW_OP 0x50 means nothing in WebAssembly'],
    ['a local that does not exist', [0xed, 0, 60, 0x9f], 'local 60 cannot be read'],
    ['memory that does not exist', [0x0c, 0, 0, 1, 0, 0x06], 'there is no memory at 0x10000'],
  ])('%s', (_, bytes, why) => {
    expect(run(...bytes)).toEqual({ kind: 'unknown', why });
  });

  test('values at the entry are known where somebody has kept them', () => {
    const location = evaluate(Uint8Array.of(0xa3, 3, 0xed, 0, 4, 0x9f), {
      ...context,
      atEntry: { ...frame, read: () => Uint8Array.of(77, 0, 0, 0) },
    });
    expect(readLocation(location, 4, frame)).toEqual(Uint8Array.of(77, 0, 0, 0));
  });
});

describe('malformed expressions', () => {
  test.each([
    ['no value', [0x22]],
    ['an operand that is cut off', [0x03, 1]],
    ['a loop', [0x2f, 0xfd, 0xff]],
    ['a jump out of it', [0x2f, 0x10, 0]],
    ['a stack without end', [0x31, 0x12, 0x2f, 0xfc, 0xff]],
    ['a division by zero', [0x31, 0x30, 0x1b]],
  ])('%s', (_, bytes) => {
    expect(() => run(...bytes)).toThrow(DwarfError);
  });

  test('others neither throw anything else nor take long', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
        try {
          readLocation(evaluate(bytes, context), 8, frame);
        } catch (error) {
          expect(error).toBeInstanceOf(DwarfError);
        }
      }),
      { numRuns: 5000 },
    );
  });
});

describe('variables of a program', () => {
  /** The entries of parameters and variables of a function, by name. */
  function variablesOf(module: string, functionName: string): Map<string | null, Die> {
    const opened = openModule(fixture(module));
    for (const { root } of opened.symbols.dwarf.file.units) {
      for (const die of root.children()) {
        if (die.tag !== Tag.subprogram || die.name !== functionName) continue;
        const found = new Map<string | null, Die>();
        for (const child of die.children()) found.set(child.name, child);
        return found;
      }
    }
    throw new Error(`there is no function ${functionName}`);
  }

  test('without optimisation, they are in memory', () => {
    const variables = variablesOf('market-debug.wasm', 'divide');
    expect([...variables.keys()]).toEqual(['a', 'b']);
    for (const die of variables.values()) {
      expect(die.type?.name).toBe('int');
      const expression = die.expression(At.location, 0) ?? new Uint8Array();
      expect(evaluate(expression, { ...context, unit: die.unit }).kind).toBe('memory');
    }
  });

  test('with it, they are in locals, and nowhere at some addresses', () => {
    const variables = variablesOf('market-release.wasm', 'total');
    const sum = variables.get('sum');
    const list = sum?.locationList(At.location);
    expect(list).not.toBe(null);
    const { codeStart, codeEnd } = openModule(fixture('market-release.wasm')).parts;
    const kinds = new Set<string>();
    for (let address = 0; address < codeEnd - codeStart; address++) {
      const expression = sum?.expression(At.location, address) ?? null;
      kinds.add(expression === null ? 'none' : evaluate(expression, context).kind);
    }
    expect(kinds).toEqual(new Set(['none', 'wasm']));
  });
});
