import { Namespace } from '../hostcall/function.ts';
import { runningTests } from './running-tests.ts';

/**
 * `lunatic::test`: what a running test says of itself. Upstream has no such functions: a guest that imports them runs only
 * here. They apply to the test that the calling process belongs to, at whatever depth it was spawned. Outside test mode
 * they check their arguments, and do nothing.
 */
export const test = new Namespace('lunatic::test');

/** Stands for a release of upstream. */
const SINCE = 'not in upstream';

test.define(
  'set_name',
  '(name_ptr: i32, name_len: i32)',
  { since: SINCE },
  'Names the running test for people. Filters know it by the name of its export. Length 0 gives that name back.',
  ({ scheduler }) =>
    (pointer: number, length: number) => {
      const { environment, memory } = scheduler.current;
      const name = memory.string(pointer, length);
      runningTests.get(environment)?.setName(name);
    },
);

test.define(
  'should_trap',
  '(message_ptr: i32, message_len: i32)',
  { since: SINCE },
  'From now on the running test passes only if it fails: with a panic or trap whose message contains this, or in any way if the length is 0.',
  ({ scheduler }) =>
    (pointer: number, length: number) => {
      const { environment, memory } = scheduler.current;
      const message = memory.string(pointer, length);
      runningTests.get(environment)?.shouldTrap(message);
    },
);

test.define(
  'fail',
  '(message_ptr: i32, message_len: i32)',
  { since: SINCE },
  'Reports a failure of the running test. It goes on, but has failed however it ends.',
  ({ scheduler }) =>
    (pointer: number, length: number) => {
      const caller = scheduler.current;
      const message = caller.memory.string(pointer, length);
      runningTests.get(caller.environment)?.fail(caller, { message, expected: null, actual: null });
    },
);

test.define(
  'fail_comparison',
  '(message_ptr: i32, message_len: i32, expected_ptr: i32, expected_len: i32, actual_ptr: i32, actual_len: i32)',
  { since: SINCE },
  'Reports a failure like `fail`, with what was expected and what there was instead, which editors show side by side.',
  ({ scheduler }) =>
    (
      messagePointer: number,
      messageLength: number,
      expectedPointer: number,
      expectedLength: number,
      actualPointer: number,
      actualLength: number,
    ) => {
      const caller = scheduler.current;
      const { memory } = caller;
      const message = memory.string(messagePointer, messageLength);
      const expected = memory.string(expectedPointer, expectedLength);
      const actual = memory.string(actualPointer, actualLength);
      runningTests.get(caller.environment)?.fail(caller, { message, expected, actual });
    },
);
