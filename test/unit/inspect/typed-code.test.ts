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
