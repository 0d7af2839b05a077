import { expect, test } from 'vitest';
import {
  compileExpression,
  ExpressionError,
  parseExpression,
  valueText,
} from '../../../runtime/expressions/index.ts';
import type { CallContext } from '../../../runtime/inspect/call-context.ts';
import { ProcessCall } from '../../../runtime/inspect/process-call.ts';
import type { ValueType } from '../../../runtime/inspect/protocol.ts';
import { typedCode } from '../../../runtime/inspect/typed-code.ts';

const EMPTY = new DataView(new ArrayBuffer(64));

class EmptyContext extends ProcessCall {
  override get memory(): DataView {
    return EMPTY;
  }
}

const member = (name: string) => ({ name, at: 0, type: 0 });
const SELVES: readonly [string, ValueType][] = [
  ['reference', { kind: 'pointer', to: 0, isReference: true }],
  ['pointer', { kind: 'pointer', to: 0 }],
  [
    'structure',
    { kind: 'record', name: 'S', title: 'S', members: ['x', 'y', 'z'].map(member), inner: member('') },
  ],
  [
    'enum',
    {
      kind: 'enum',
      name: 'E',
      bytes: 1,
      tag: { at: 0, bytes: 1 },
      variants: [member('A'), { ...member('B'), tags: ['1'] }],
    },
  ],
];

test.each(SELVES)('a type that a module calls a part of itself comes to an end: %s', (_, type) => {
  const value = typedCode([type], 0, () => 8);
  for (const text of ['v', 'v.x', 'v.nothing', `v${'.A'.repeat(60)} == A`, 'v == A(A)', 'len(v)', '**v']) {
    const evaluate = () => {
      const code = compileExpression<CallContext>(parseExpression(text), { find: () => value });
      return valueText(code, new EmptyContext());
    };
    try {
      expect(evaluate().length).toBeLessThan(5000);
    } catch (error) {
      expect(error).toBeInstanceOf(ExpressionError);
    }
  }
});
