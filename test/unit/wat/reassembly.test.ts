import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import wabt from 'wabt';
import { readModule, type WasmModule } from '../../../runtime/wasm/index.ts';
import { PLAIN_SHAPES, prefixedShapes, Shape } from '../../../runtime/wasm/opcodes.ts';
import { functionText } from '../../../runtime/wat/index.ts';
import { mnemonic, naturalAlignment } from '../../../runtime/wat/mnemonics.ts';
import { QuotedIdentifiers } from '../../../runtime/wat/quoted-identifiers.ts';
import { classicModules, modernModules } from '../wasm/constructs.ts';
import { binary, leb, modernWat, oneFunction, type Wasm, wat } from '../wasm/support.ts';
import { moduleText } from './reassembly.ts';

const root = join(import.meta.dirname, '..', '..', '..');
const assembler = await wabt();
const features = {
  exceptions: true,
  mutable_globals: true,
  sat_float_to_int: true,
  sign_extension: true,
  simd: true,
  threads: true,
  function_references: true,
  multi_value: true,
  tail_call: true,
  bulk_memory: true,
  reference_types: true,
  memory64: true,
  multi_memory: true,
  extended_const: true,
  relaxed_simd: true,
};

/** Assembles text without checking that it is well typed. */
function assemble(text: string): WasmModule {
  const module = assembler.parseWat('again.wat', new QuotedIdentifiers(text).text, features);
  try {
    module.resolveNames();
    return readModule(new Uint8Array(module.toBinary({ canonicalize_lebs: true }).buffer));
  } finally {
    module.destroy();
  }
}

/** The same module with every number as short as it can be, as assemblers write them. */
function canonical(bytes: Wasm): WasmModule {
  const module = assembler.readWasm(bytes, features);
  try {
    return readModule(new Uint8Array(module.toBinary({ canonicalize_lebs: true }).buffer));
  } finally {
    module.destroy();
  }
}

/** The type of each function, and the bytes of its locals and instructions. */
function bodies({ bytes, code, functions }: WasmModule): string[] {
  return Array.from(functions, (type, i) => {
    const body = bytes.subarray(code.bodyStart[i], code.bodyEnd[i]);
    return `${type}: ${Buffer.from(body).toString('hex')}`;
  });
}

/** Lines of the only function of a module, without its head and its end. */
function linesOf(bytes: Wasm): string[] {
  return functionText(readModule(bytes), 0).split('\n').slice(1, -1);
}

/** Every opcode that the reader takes. */
function opcodes(): { opcode: number; kind: number; bytes: number[] }[] {
  const found = [];
  for (const [opcode, kind] of PLAIN_SHAPES.entries()) {
    if (kind !== Shape.unknown) found.push({ opcode, kind, bytes: [opcode] });
  }
  for (let prefix = 0xfb; prefix <= 0xfe; prefix++) {
    for (const [number, kind] of (prefixedShapes(prefix) ?? new Uint8Array()).entries()) {
      // After f64x2.neg comes a gap that the reader does not know of.
      if (kind === Shape.unknown) continue;
      found.push({ opcode: (prefix << 12) | number, kind, bytes: [prefix, ...leb(number)] });
    }
  }
  return found;
}

describe('every instruction', () => {
  it('that the reader knows has a name, and no other does', () => {
    const known = opcodes();
    expect(known.filter(({ opcode }) => mnemonic(opcode) === undefined)).toEqual([]);
    const valid = new Set(known.map(({ opcode }) => opcode));
    for (let opcode = 0; opcode < 0x100; opcode++) {
      if (!valid.has(opcode)) expect(mnemonic(opcode), `0x${opcode.toString(16)}`).toBeUndefined();
    }
    for (let opcode = 0xfb000; opcode < 0xff000; opcode++) {
      if (!valid.has(opcode)) expect(mnemonic(opcode), `0x${opcode.toString(16)}`).toBeUndefined();
    }
    const names = known.map(({ opcode }) => mnemonic(opcode));
    const doubled = names.filter((name, i) => names.indexOf(name) !== i);
    expect(doubled).toEqual(['select', 'ref.test', 'ref.cast']);
    for (const { opcode, kind } of known) {
      const accesses = kind === Shape.memory || kind === Shape.memoryLane;
      expect(naturalAlignment(opcode) !== undefined, mnemonic(opcode)).toBe(accesses);
    }
  });

  it('assembles to itself', () => {
    const unknownToAssembler =
      /^(ref\.(eq|as_non_null)|br_on_|call_ref|return_call_ref|rethrow|else|catch|end|delegate)/;
    const functions = opcodes().flatMap(({ opcode, kind, bytes }) => {
      if (opcode >> 12 === 0xfb || unknownToAssembler.test(mnemonic(opcode) ?? '')) return [];
      return immediatesOf(opcode, kind).map((immediates) => {
        const closes = kind === Shape.blockType || kind === Shape.tryTable;
        return [0, ...bytes, ...immediates, ...(closes ? [0x0b] : []), 0x0b];
      });
    });
    expect(functions.length).toBeGreaterThan(600);
    const three = (...entry: number[]): number[] => [3, ...entry, ...entry, ...entry];
    const bytes = binary(
      [1, 3, 0x60, 0, 0, 0x60, 1, 0x7f, 2, 0x7e, 0x7d, 0x60, 0, 0],
      [3, ...leb(functions.length), ...functions.map(() => 1)],
      [4, ...three(0x70, 0, 1)],
      [5, ...three(0, 1)],
      [13, ...three(0, 0)],
      [6, ...three(0x7f, 1, 0x41, 0, 0x0b)],
      [9, ...three(1, 0, 0)],
      [12, 3],
      [10, ...leb(functions.length), ...functions.flatMap((body) => [...leb(body.length), ...body])],
      [11, ...three(1, 0)],
    );
    const module = readModule(bytes);
    expect(bodies(assemble(moduleText(module)))).toEqual(bodies(module));
  });

  /** Possible immediates. If there are two indices, they differ from each other. */
  function immediatesOf(opcode: number, kind: number): number[][] {
    const alignment = naturalAlignment(opcode) ?? 0;
    const accesses = [
      [alignment, 0],
      [alignment, 0xff, 0xff, 0x03],
      [alignment | 0x40, 2, 1],
      [0, 8],
    ];
    switch (kind) {
      case Shape.index:
      case Shape.function:
        return [[0], [2]];
      case Shape.twoIndices:
        return [
          [0, 0],
          [1, 2],
          [2, 0],
          [0, 1],
        ];
      case Shape.label:
        return [[0]];
      case Shape.blockType:
        return [[0x40], [0x7f], [1]];
      case Shape.labelTable:
        return [
          [0, 0],
          [3, 0, 0, 0, 0],
        ];
      case Shape.tryTable:
        return [
          [0x40, 0],
          [0x7f, 1, 2, 0],
          [1, 4, 0, 1, 0, 1, 2, 0, 2, 0, 3, 0],
        ];
      case Shape.valueTypes:
        return [
          [1, 0x7f],
          [1, 0x70],
        ];
      case Shape.memory:
        return accesses;
      case Shape.memoryLane:
        return accesses.map((access) => [...access, 1]);
      case Shape.byte:
        return [[opcode === 0xfe003 ? 0 : 1]];
      case Shape.i32:
        return [[0x7f], [0x80, 0x80, 0x80, 0x80, 0x78], [0xff, 0xff, 0xff, 0xff, 0x07]];
      case Shape.i64:
        return [[0x7f], [...Array.from({ length: 9 }, () => 0x80), 0x7f], [0x80, 0x80, 0x80, 0x80, 0x08]];
      case Shape.bytes4:
        return [[0, 0, 0xc0, 0x7f]];
      case Shape.bytes8:
        return [[1, 0, 0, 0, 0, 0, 0xf0, 0xff]];
      case Shape.bytes16:
        return [Array.from({ length: 16 }, (_, i) => (i * 7) & 31)];
      case Shape.heapType:
        return [[0x70], [0x6f], [0x69]];
      default:
        return [[]];
    }
  }

  it('of garbage collection and typed references is as the specification writes it', () => {
    const cases: [code: number[], text: string][] = [
      [[0x14, 3], 'call_ref 3'],
      [[0x15, 3], 'return_call_ref 3'],
      [[0xd0, 0x6e], 'ref.null any'],
      [[0xd0, 3], 'ref.null 3'],
      [[0xd3], 'ref.eq'],
      [[0xd4], 'ref.as_non_null'],
      [[0xd5, 0], 'br_on_null 0 (;@0;)'],
      [[0xd6, 0], 'br_on_non_null 0 (;@0;)'],
      [[0xfb, 0, 1], 'struct.new 1'],
      [[0xfb, 1, 1], 'struct.new_default 1'],
      [[0xfb, 2, 1, 2], 'struct.get 1 2'],
      [[0xfb, 3, 1, 2], 'struct.get_s 1 2'],
      [[0xfb, 4, 1, 2], 'struct.get_u 1 2'],
      [[0xfb, 5, 1, 2], 'struct.set 1 2'],
      [[0xfb, 6, 1], 'array.new 1'],
      [[0xfb, 7, 1], 'array.new_default 1'],
      [[0xfb, 8, 1, 2], 'array.new_fixed 1 2'],
      [[0xfb, 9, 1, 2], 'array.new_data 1 2'],
      [[0xfb, 10, 1, 2], 'array.new_elem 1 2'],
      [[0xfb, 11, 1], 'array.get 1'],
      [[0xfb, 12, 1], 'array.get_s 1'],
      [[0xfb, 13, 1], 'array.get_u 1'],
      [[0xfb, 14, 1], 'array.set 1'],
      [[0xfb, 15], 'array.len'],
      [[0xfb, 16, 1], 'array.fill 1'],
      [[0xfb, 17, 1, 2], 'array.copy 1 2'],
      [[0xfb, 18, 1, 2], 'array.init_data 1 2'],
      [[0xfb, 19, 1, 2], 'array.init_elem 1 2'],
      [[0xfb, 20, 0x6c], 'ref.test (ref i31)'],
      [[0xfb, 21, 0x6b], 'ref.test (ref null struct)'],
      [[0xfb, 22, 3], 'ref.cast (ref 3)'],
      [[0xfb, 23, 0x6a], 'ref.cast (ref null array)'],
      [[0xfb, 24, 1, 0, 0x6e, 3], 'br_on_cast 0 (;@0;) (ref null any) (ref 3)'],
      [[0xfb, 25, 2, 0, 0x6d, 0x71], 'br_on_cast_fail 0 (;@0;) (ref eq) (ref null none)'],
      [[0xfb, 26], 'any.convert_extern'],
      [[0xfb, 27], 'extern.convert_any'],
      [[0xfb, 28], 'ref.i31'],
      [[0xfb, 29], 'i31.get_s'],
      [[0xfb, 30], 'i31.get_u'],
      [[0x1c, 2, 0x7f, 0x63, 3], 'select (result i32 (ref null 3))'],
      [
        [0x29, 0x3f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1],
        'i64.load offset=18446744073709551615 align=9223372036854775808',
      ],
    ];
    const types = [4, 0x60, 0, 0, 0x5f, 3, 0x7f, 1, 0x78, 0, 0x77, 1, 0x5e, 0x7f, 1, 0x60, 0, 0];
    for (const [code, text] of cases) {
      const bytes = binary([1, ...types], [3, 1, 0], [10, 1, code.length + 2, 0, ...code, 0x0b]);
      expect(linesOf(bytes)).toEqual([`  ${text}`]);
    }
  });
});

describe('numbers', () => {
  const singles = [
    0, 1, 0x80000000, 0x3dcccccd, 0x7f7fffff, 0x7f800000, 0xff800000, 0x7fc00000, 0xffc00001, 0x7f800001,
  ];
  const doubles = [
    0n,
    1n,
    1n << 63n,
    0x7fefffffffffffffn,
    0x7ff0000000000000n,
    0x7ff0000000000001n,
    0xfff8000000000000n,
  ];

  function roundTrip(lines: [opcode: number, bits: Uint8Array][]): void {
    const code = lines.flatMap(([opcode, bits]) => [opcode, ...bits, 0x1a]);
    const module = readModule(oneFunction(...code));
    expect(bodies(assemble(moduleText(module)))).toEqual(bodies(module));
  }

  it('read back as the same bits', () => {
    roundTrip(singles.map((bits) => [0x43, new Uint8Array(new Uint32Array([bits]).buffer)]));
    roundTrip(doubles.map((bits) => [0x44, new Uint8Array(new BigUint64Array([bits]).buffer)]));
    const batch = fc.array(fc.uint8Array({ minLength: 8, maxLength: 8 }), { minLength: 200, maxLength: 400 });
    fc.assert(
      fc.property(batch, (numbers) => {
        roundTrip(
          numbers.flatMap((bits) => [
            [0x43, bits.slice(4)],
            [0x44, bits],
          ]),
        );
      }),
      { numRuns: 20 },
    );
    // Small whole numbers and fractions, as people write them.
    const small = fc.array(
      fc.tuple(fc.integer({ min: -1000, max: 1000 }), fc.constantFrom(1, 10, 1000, 1e9, 1e-9)),
    );
    fc.assert(
      fc.property(small, (pairs) => {
        roundTrip(pairs.map(([n, d]) => [0x43, new Uint8Array(new Float32Array([n / d]).buffer)]));
      }),
      { numRuns: 20 },
    );
  });

  it('are as short as they can be', () => {
    const text = (value: number): string | undefined =>
      linesOf(oneFunction(0x43, ...new Uint8Array(new Float32Array([value]).buffer)))[0];
    const cases: [number, string][] = [
      [0.1, '0.1'],
      [-0, '-0'],
      [1, '1'],
      [16_777_216, '16777216'],
      [3.4028234663852886e38, '3.4028235e+38'],
      [1.401298464324817e-45, '1e-45'],
      [Number.NEGATIVE_INFINITY, '-inf'],
      [Number.NaN, 'nan'],
      [1 / 3, '0.33333334'],
    ];
    for (const [value, expected] of cases) expect(text(value)).toBe(`  f32.const ${expected}`);
  });
});

describe('real programs', () => {
  const guests = globSync('test/guests/built/**/*.wasm', { cwd: root }).sort();

  it.each(guests)('%s assembles to the same instructions', (guest) => {
    const bytes = new Uint8Array(readFileSync(join(root, guest)));
    const text = moduleText(readModule(bytes));
    expect(bodies(assemble(text))).toEqual(bodies(canonical(bytes)));
  });

  it.each(Object.keys(classicModules))(
    'the construct "%s" assembles to the same instructions',
    async (name) => {
      const bytes = await wat(`(module ${classicModules[name] ?? ''})`);
      expect(bodies(assemble(moduleText(readModule(bytes))))).toEqual(bodies(canonical(bytes)));
    },
  );

  it.each(Object.keys(modernModules))(
    'the modern construct "%s" assembles to the same instructions',
    (name) => {
      const module = readModule(modernWat(`(module ${modernModules[name] ?? ''})`));
      expect(bodies(readModule(modernWat(moduleText(module))))).toEqual(bodies(module));
    },
  );
});
