import { expect, test } from 'vitest';
import type { Code } from '../../../runtime/expressions/index.ts';
import type { CallContext } from '../../../runtime/inspect/call-context.ts';
import type { Holder } from '../../../runtime/inspect/holding.ts';
import { ProcessCall } from '../../../runtime/inspect/process-call.ts';
import { messageOf, SiteBreakpoint } from '../../../runtime/inspect/site-breakpoint.ts';

const holder: Holder = {
  stopped() {},
  continued() {},
  logged() {},
  breakpointFailed() {},
  allStopped() {},
  allContinued() {},
  moduleAdded() {},
};

const failing: Code<CallContext> = {
  type: { kind: 'integer', isSigned: true },
  value: () => {
    throw new RangeError('out of range');
  },
};
const scope = { find: (name: string) => (name === 'x' ? failing : undefined) };

test('whatever goes wrong in the expressions of a breakpoint is said, and is no failure of the process', () => {
  const logging = new SiteBreakpoint(holder, { log: 'x is {x}' }, scope, { count: 0 });
  expect(logging.line(new ProcessCall())).toBe('x is {it cannot be evaluated: RangeError: out of range}');
  expect(messageOf(new TypeError('no number'))).toBe('it cannot be evaluated: TypeError: no number');
});

test('a log point whose condition cannot be compiled stops, as every breakpoint with such a condition', () => {
  const terms = { log: 'here', condition: 'nobody == 1', hits: '5' };
  const breakpoint = new SiteBreakpoint(holder, terms, scope, { count: 0 });
  expect(breakpoint.problem).toBe('there is no nobody here');
  expect(breakpoint.hit(new ProcessCall())).toBe('stop');
});
