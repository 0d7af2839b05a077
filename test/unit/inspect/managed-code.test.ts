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
      const context = { memory, global: () => TYPE_INFO } as unknown as CallContext;
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
