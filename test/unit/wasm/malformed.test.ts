import { describe, expect, it } from 'vitest';
import { readModule, WasmFormatError } from '../../../runtime/wasm/index.ts';
import { binary, leb, oneFunction } from './support.ts';

const functionType = [1, 1, 0x60, 0, 0];
const header = [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00];
const raw = (...bytes: number[]): Uint8Array => new Uint8Array([...header, ...bytes]);

/** Where the code of `oneFunction` begins. */
const codeOffset = 0x1e;

const cases: [what: string, bytes: Uint8Array, offset: number, message: RegExp][] = [
  ['nothing', new Uint8Array(), 0, /expected the magic bytes.*found the end \(module header\)/],
  ['text', new TextEncoder().encode('(module)'), 0, /expected the magic bytes.*found 0x28/],
  ['a component', new Uint8Array([0, 0x61, 0x73, 0x6d, 0x0d, 0, 1, 0]), 4, /expected version 1, found 0x0d/],
  ['half a header', new Uint8Array([0, 0x61, 0x73, 0x6d, 1, 0]), 6, /expected version 1, found the end/],
  ['an unknown section', raw(14, 0), 8, /expected a section id below 14, found 0x0e/],
  [
    'a section longer than the module',
    raw(1, 5, 0),
    9,
    /bytes of the section that fits the 1 bytes left, found 5/,
  ],
  ['a section without size', raw(1), 9, /expected the number of bytes of the section, found the end/],
  ['a size of six bytes', raw(1, 0x80, 0x80, 0x80, 0x80, 0x80, 0), 9, /more than 32 bits/],
  ['a size with stray bits', raw(1, 0x81, 0x80, 0x80, 0x80, 0x10), 9, /more than 32 bits/],
  [
    'sections out of order',
    binary([3, 0], functionType),
    0x0b,
    /follow the function section, found a type section/,
  ],
  ['a section twice', binary([1, 0], [1, 0]), 0x0b, /expected a section that may follow the type section/],
  [
    'a section with bytes left',
    binary([1, 0, 0]),
    0x0b,
    /expected the end of the section at offset 0xc, found 0x00/,
  ],
  [
    'an unknown value type',
    binary([1, 1, 0x60, 1, 0x99, 0]),
    0x0d,
    /expected a value type, found 0x99 \(type section\)/,
  ],
  ['an unknown composite type', binary([1, 1, 0x61]), 0x0b, /expected a type, found 0x61/],
  ['an unknown heap type', binary([1, 1, 0x60, 1, 0x64, 0x40, 0]), 0x0e, /expected a heap type, found 0x40/],
  ['more types than bytes', binary([1, ...leb(0xffffffff)]), 0x0a, /at most 1000000 types, found 4294967295/],
  [
    'more types than fit',
    binary([1, ...leb(60_000), 0x60]),
    0x0a,
    /a number of types that fits the 1 bytes left/,
  ],
  ['a name that is no UTF-8', binary([2, 1, 1, 0xff, 0, 2, 0, 0]), 0x0c, /expected a module name in UTF-8/],
  [
    'an unknown import kind',
    binary([2, 1, 1, 0x61, 1, 0x62, 9, 0]),
    0x0f,
    /expected an import kind, found 0x09/,
  ],
  ['an import of no type', binary([2, 1, 1, 0x61, 1, 0x62, 0, 3]), 0x10, /index of a function type, found 3/],
  [
    'unknown limits',
    binary([5, 1, 8, 0]),
    0x0b,
    /expected limits flags below 8, found 0x08 \(memory section\)/,
  ],
  [
    'a strange mutability',
    binary([6, 1, 0x7f, 2, 0x41, 0, 0x0b]),
    0x0c,
    /expected a mutability flag, found 0x02/,
  ],
  ['a branch in a constant', binary([6, 1, 0x7f, 0, 0x0c, 0, 0x0b]), 0x0d, /expected a constant instruction/],
  [
    'a constant without end',
    binary([6, 1, 0x7f, 0, 0x41, 0]),
    0x0f,
    /expected an instruction, found the end/,
  ],
  [
    'an export of no function',
    binary([7, 1, 1, 0x61, 0, 0]),
    0x0e,
    /expected a function index below 0, found 0/,
  ],
  ['an export of no memory', binary([7, 1, 1, 0x61, 2, 1]), 0x0e, /expected a memory index below 0, found 1/],
  ['an unknown export kind', binary([7, 1, 1, 0x61, 7, 0]), 0x0d, /expected an export kind, found 0x07/],
  ['a start function that is not there', binary([8, 4]), 0x0a, /expected a function index below 0, found 4/],
  ['unknown segment flags', binary([9, 1, 8, 0]), 0x0b, /expected segment flags below 8/],
  ['a tag attribute', binary(functionType, [13, 1, 1, 0]), 0x11, /expected a tag attribute, found 0x01/],
  [
    'functions without code',
    binary(functionType, [3, 1, 0]),
    0x12,
    /expected a code section with 1 functions/,
  ],
  [
    'code without functions',
    binary(functionType, [10, 1, 2, 0, 0x0b]),
    0x10,
    /expected 0 function bodies, found 1/,
  ],
  ['too few data segments', binary([12, 1]), 0x0b, /expected a data section with 1 segments, found the end/],
  ['data longer than its section', binary([11, 1, 1, 9, 0]), 0x0c, /a number of bytes of data that fits/],
  [
    'an unknown instruction',
    oneFunction(0xff),
    codeOffset,
    /expected an instruction, found 0xff \(code section, function 0\)/,
  ],
  ['an unknown vector instruction', oneFunction(0xfd, 0x94, 2), codeOffset, /an instruction, found 0xfd 276/],
  ['a block without end', oneFunction(0x02, 0x40), codeOffset + 3, /expected an instruction, found the end/],
  [
    'code after the end',
    oneFunction(0x0b, 0x01),
    codeOffset + 1,
    /the end of the function's body at offset 0x21, found 0x01/,
  ],
  [
    'a block of an unknown type',
    oneFunction(0x02, 5, 0x0b),
    codeOffset,
    /a block with a function type, found type 5/,
  ],
  ['a label that is not there', oneFunction(0x0c, 1), codeOffset + 1, /expected a label below 1, found 1/],
  [
    'more labels than bytes',
    oneFunction(0x0e, 0xff, 0xff, 0x03),
    codeOffset + 1,
    /number of labels that fits/,
  ],
  [
    'a function that is not there',
    oneFunction(0x10, 1),
    codeOffset + 1,
    /expected a function index below 1, found 1/,
  ],
  ['a delegate of the function', oneFunction(0x18, 0), codeOffset, /expected a block to end here/],
  ['a strange alignment', oneFunction(0x28, 0x80, 1, 0), codeOffset + 1, /expected an alignment below 64/],
  ['an overlong i32', oneFunction(0x41, 0x80, 0x80, 0x80, 0x80, 0x40), codeOffset + 1, /more than 32 bits/],
  [
    'too many locals',
    binary(functionType, [3, 1, 0], [10, 1, 14, 2, ...leb(0xffffffff), 0x7f, ...leb(0xffffffff), 0x7f, 0x0b]),
    0x1d,
    /expected fewer than 2\^32 locals/,
  ],
];

describe('a malformed module', () => {
  it.each(cases)('%s', (_what, bytes, offset, message) => {
    let thrown: unknown;
    try {
      readModule(bytes);
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(WasmFormatError);
    if (!(thrown instanceof WasmFormatError)) return;
    expect(thrown.message).toMatch(message);
    expect(thrown.offset, thrown.message).toBe(offset);
    expect(thrown.code).toBe('LUNATIC_WASM_MALFORMED');
    expect(thrown.message.startsWith(`offset 0x${offset.toString(16)}: expected ${thrown.expected}`)).toBe(
      true,
    );
  });

  it('nests deeper than any stack', () => {
    const depth = 300_000;
    const code = new Array<number>(depth * 2).fill(0x40);
    for (let i = 0; i < depth; i++) code[i * 2] = i % 3 === 0 ? 0x03 : 0x02;
    expect(() => readModule(oneFunctionOf(code))).toThrow(WasmFormatError);
    const closed = code.concat(new Array<number>(depth).fill(0x0b));
    expect(readModule(oneFunctionOf(closed)).code.functionCount).toBe(1);
  });

  it('is never read beyond a cut', () => {
    const whole = oneFunction(0x03, 0x40, 0x0c, 0, 0x0b);
    for (let length = 0; length < whole.length; length++) {
      const cut = whole.subarray(0, length);
      if (WebAssembly.validate(new Uint8Array(cut))) continue;
      expect(() => readModule(cut), `${length} bytes`).toThrow(WasmFormatError);
    }
  });
});

function oneFunctionOf(code: number[]): Uint8Array {
  const size = leb(code.length + 2);
  const contents = code.length + 3 + size.length;
  const bytes = [...header, 1, 4, 1, 0x60, 0, 0, 3, 2, 1, 0, 10, ...leb(contents), 1, ...size, 0];
  const result = new Uint8Array(bytes.length + code.length + 1);
  result.set(bytes);
  result.set(code, bytes.length);
  result[result.length - 1] = 0x0b;
  return result;
}
