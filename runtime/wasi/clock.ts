import { Errno } from './errno.ts';
import { preview1, SINCE } from './preview1.ts';

/** Clocks, in nanoseconds. */

const NANOSECONDS_PER_MILLISECOND = 1_000_000n;

const ClockId = { Realtime: 0, Monotonic: 1, ProcessCpuTime: 2, ThreadCpuTime: 3 } as const;

/** Returns nanoseconds. @param usage microseconds */
function cpuTime({ user, system }: NodeJS.CpuUsage): bigint {
  return BigInt(user + system) * 1000n;
}

/** Returns the time of a clock in nanoseconds; undefined for an unknown clock. */
export function readClock(id: number): bigint | undefined {
  switch (id) {
    case ClockId.Realtime: {
      // Milliseconds with a fraction, multiplied in two steps, since a double is not exact for nanoseconds.
      const now = performance.timeOrigin + performance.now();
      const whole = Math.floor(now);
      return BigInt(whole) * NANOSECONDS_PER_MILLISECOND + BigInt(Math.floor((now - whole) * 1e6));
    }
    case ClockId.Monotonic:
      return process.hrtime.bigint();
    case ClockId.ProcessCpuTime:
      return cpuTime(process.cpuUsage());
    case ClockId.ThreadCpuTime:
      return cpuTime(process.threadCpuUsage());
    default:
      return undefined;
  }
}

preview1.define(
  'clock_res_get',
  '(id: i32, resolution: i32) -> i32',
  { since: SINCE },
  'Writes the resolution of a clock in nanoseconds.',
  ({ scheduler }) =>
    (id: number, pointer: number) => {
      if (readClock(id) === undefined) return Errno.Inval;
      scheduler.current.memory.writeU64(pointer, id === ClockId.Monotonic ? 1n : 1000n);
      return Errno.Success;
    },
);

preview1.define(
  'clock_time_get',
  '(id: i32, precision: i64, time: i32) -> i32',
  { since: SINCE },
  'Writes the time of a clock in nanoseconds.',
  ({ scheduler }) =>
    (id: number, _precision: bigint, pointer: number) => {
      const time = readClock(id);
      if (time === undefined) return Errno.Inval;
      scheduler.current.memory.writeU64(pointer, time);
      return Errno.Success;
    },
);
