import { expect, test } from 'vitest';
import { compileExpression, parseExpression } from '../../../runtime/expressions/index.ts';
import { CallContext } from '../../../runtime/inspect/call-context.ts';
import type { ValueType } from '../../../runtime/inspect/protocol.ts';
import { typedCode } from '../../../runtime/inspect/typed-code.ts';

/** Counts how often the memory is looked at. The list at 0 is its own first element. */
class Counting extends CallContext {
  looks = 0;
  readonly #memory = new DataView(new ArrayBuffer(64));

  constructor() {
    super();
    this.#memory.setUint32(4, 1, true);
  }

  override get memory(): DataView {
    this.looks++;
    return this.#memory;
  }
}

test.each([
  ['lists', { kind: 'list', name: 'Vec', start: 0, count: 4, of: 0, isText: false, bytes: 8 }],
  ['arrays', { kind: 'array', of: 0, count: 1 }],
  ['pointers', { kind: 'pointer', to: 0 }],
] as const)('an element in eight %s takes as many looks at each of them as one', (_, type: ValueType) => {
  const looksFor = (levels: number) => {
    const types: ValueType[] = [type];
    const scope = { find: () => typedCode(types, 0, () => 0) };
    const code = compileExpression<CallContext>(parseExpression(`v${'[0]'.repeat(levels)}`), scope);
    const context = new Counting();
    code.address?.(context);
    return context.looks;
  };
  expect(looksFor(8)).toBeLessThanOrEqual(8 * Math.max(1, looksFor(1)));
});

test.each([
  ['table', { form: 'table', control: 0, mask: 4, stride: 0 }],
  ['b-tree', { form: 'b-tree', root: 0, height: 4, count: 0, edges: 0, keyBytes: 0, valueBytes: 0 }],
  ['tree', { form: 'tree', root: 0, left: 0, right: 0 }],
  ['chain', { form: 'chain', first: 0, next: 0 }],
] as const)('a %s that leads to itself for ever is not followed for ever', (_, form) => {
  const memory = new DataView(new ArrayBuffer(2 ** 16));
  // The map is at 16: its node is there, too, and it has as many entries as can be.
  memory.setUint32(16, 16, true);
  memory.setUint32(20, 0xffff_ffff, true);
  const entries = { ...form, keyAt: 8, valueAt: 8 };
  const types: ValueType[] = [
    { kind: 'map', name: 'Map', length: 4, key: 1, value: 1, entries },
    { kind: 'integer', bytes: 4, isSigned: true },
  ];
  const scope = { find: () => typedCode(types, 0, () => 16) };
  const code = compileExpression<CallContext>(parseExpression('map[7]'), scope);
  class Fixed extends CallContext {
    override get memory(): DataView {
      return memory;
    }
  }
  const start = performance.now();
  expect(() => code.value?.(new Fixed())).toThrow(
    'there is no 7 among the 50000 entries that were looked at',
  );
  expect(performance.now() - start).toBeLessThan(2000);
});
