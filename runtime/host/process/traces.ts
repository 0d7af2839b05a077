import { captureCaller, formatStack } from '../../kernel/guest-stack.ts';
import { process } from './namespace.ts';

/** Functions of `lunatic::process` for traces (abi 10.6): stacks as text, in a table of each process. */

const encoder = new TextEncoder();

/** What it takes to make a character of a trace. */
const TRACE_BYTE_WORK = 64;

process.define(
  'trace_get',
  '(ptr: i32)',
  { since: 'PR 161' },
  "Takes a trace of the caller's stack, a line a call with the innermost first, and writes its id.",
  ({ scheduler }) =>
    (pointer: number) => {
      const { current } = scheduler;
      const text = formatStack(captureCaller(), current);
      // Each line has been parsed, and its name looked up.
      scheduler.work.charge(TRACE_BYTE_WORK * text.length);
      const id = current.traces.add(text);
      current.memory.writeId(pointer, id);
    },
);
process.define(
  'trace_get_size',
  '(id: i64) -> i32',
  { since: 'PR 161' },
  'Returns the length of a trace in bytes.',
  ({ scheduler }) =>
    (id: bigint) => {
      const text = scheduler.current.traces.get(id);
      scheduler.work.chargeBytes(text.length);
      return Buffer.byteLength(text);
    },
);
process.define(
  'trace_read',
  '(id: i64, data_ptr: i32, data_len: i32) -> i32',
  { since: 'PR 161' },
  'Copies as much of a trace as there is room for and returns the number of bytes.',
  ({ scheduler }) =>
    (id: bigint, pointer: number, length: number) => {
      const { traces, memory } = scheduler.current;
      const text = encoder.encode(traces.get(id));
      scheduler.work.chargeText(text.length);
      memory.check(pointer, length >>> 0);
      const part = text.subarray(0, length >>> 0);
      memory.write(pointer, part);
      return part.length;
    },
);
process.define(
  'drop_trace',
  '(id: i64)',
  { since: 'PR 161' },
  'Releases a trace.',
  ({ scheduler }) =>
    (id: bigint) => {
      scheduler.current.traces.remove(id);
    },
);
