import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  type Code,
  compileExpression,
  ExpressionError,
  parseExpression,
  valueText,
} from '../../../runtime/expressions/index.ts';
import type { CallContext } from '../../../runtime/inspect/call-context.ts';
import { ManagedCode } from '../../../runtime/inspect/managed-code.ts';
import { ProcessCall } from '../../../runtime/inspect/process-call.ts';

const TYPE_INFO = 16;
const AT = 256;
const EXPRESSIONS = [
  'x',
  'x.a',
  'x.a.b',
  'x.length',
  'len(x)',
  'x[0]',
  'x[1][1]',
  'x["k"]',
  'x == "k"',
  'x.a.b[2].a',
];
const FIELDS = [
  { name: 'a', at: 0, type: 'i32' },
  { name: 'b', at: 4, type: 'i32' },
] as const;
const TYPE = { kind: 'object', typeInfo: 0, classes: [{ id: 3, name: 'Some', fields: FIELDS }] } as const;

function contextOf(memory: DataView): CallContext {
  class Fixed extends ProcessCall {
    override get memory(): DataView {
      return memory;
    }
    override global(): number {
      return TYPE_INFO;
    }
  }
  return new Fixed();
}

/** Whatever stands in the memory of a program, which may be hostile, an expression has a value or fails. */
test('objects that lie about themselves do no harm', () => {
  const words = fc.array(
    fc.oneof(
      fc.constantFrom(0, 1, 2, 3, 4, 16, AT, AT + 64, 0x4000, 0x7fff_fffc, 0xffff_ffff),
      fc.integer({ min: 0, max: 0xffff_ffff }),
    ),
    { minLength: 200, maxLength: 200 },
  );
  let found = 0;
  fc.assert(
    fc.property(words, fc.integer({ min: 1, max: 5 }), fc.constantFrom(0, 2, 3, 4), (content, flags, id) => {
      const memory = new DataView(new ArrayBuffer(1024));
      for (const [i, word] of content.entries()) memory.setUint32(4 * i, word, true);
      memory.setUint32(TYPE_INFO, 5, true);
      memory.setUint32(TYPE_INFO + 4 + 4 * id, (1 << flags) | (1 << 8) | (1 << 14) | (1 << 17), true);
      memory.setUint32(AT - 20, 64, true);
      memory.setUint32(AT - 8, id, true);
      memory.setUint32(AT - 4, 48, true);
      const context = contextOf(memory);
      for (const text of EXPRESSIONS) {
        try {
          const object: Code<CallContext> | null = new ManagedCode(context, TYPE).object(AT);
          if (object === null) continue;
          const code = compileExpression(parseExpression(text), { find: () => object });
          valueText(code, context);
          found++;
        } catch (error) {
          expect(error).toBeInstanceOf(ExpressionError);
        }
      }
    }),
    { numRuns: 2000 },
  );
  expect(found).toBeGreaterThan(1000);
});

test('keys of maps that are not there take all the entries together that may be looked at for an evaluation', () => {
  const entries = 2 ** 16;
  const memory = new DataView(new ArrayBuffer(2 ** 20));
  const id = 4;
  // A map from i32 to i32, whose entries take twelve bytes.
  memory.setUint32(TYPE_INFO, 5, true);
  memory.setUint32(TYPE_INFO + 4 + 4 * id, (1 << 4) | (1 << 8) | (1 << 11) | (1 << 17) | (1 << 20), true);
  memory.setUint32(AT - 20, 64, true);
  memory.setUint32(AT - 8, id, true);
  memory.setUint32(AT - 4, 24, true);
  memory.setUint32(AT + 8, 1024, true);
  memory.setUint32(AT + 16, entries, true);
  memory.setUint32(AT + 20, entries, true);
  const context = contextOf(memory);
  const look = () => {
    const object = new ManagedCode(context, TYPE).object(AT);
    if (object === null) throw new Error('there is no object');
    compileExpression(parseExpression('x[7]'), { find: () => object });
  };
  expect(look).toThrow('there is no 7 in it');
  expect(look).toThrow(`there is no 7 among the ${100_000 - entries} entries that were looked at`);
  expect(look).toThrow('there is no 7 among the 0 entries that were looked at');
});
