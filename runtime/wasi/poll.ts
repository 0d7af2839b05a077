import { andThen } from '../hostcall/conventions.ts';
import { afterPieces, inPieces } from '../hostcall/pieces.ts';
import type { Process } from '../kernel/process.ts';
import type { Scheduler } from '../kernel/scheduler.ts';
import { Timer } from '../kernel/timer.ts';
import { readClock } from './clock.ts';
import { descriptorsOf } from './descriptor-table.ts';
import { Errno } from './errno.ts';
import { FileDescriptor } from './file.ts';
import { preview1, SINCE } from './preview1.ts';
import { Right } from './rights.ts';
import { InputDescriptor, OutputDescriptor } from './stream-descriptor.ts';

/**
 * `poll_oneoff`: waiting for clocks and streams; files are always ready. Layouts are those of WASI preview 1:
 *
 *     subscription (48 bytes)                 event (32 bytes)
 *       0  userdata u64                         0  userdata u64
 *       8  tag u8: 0 clock, 1 read, 2 write     8  error u16
 *      16  clock id u32    | fd u32            10  type u8
 *      24  timeout u64                         16  bytes u64
 *      32  precision u64                       24  flags u16
 *      40  flags u16: 1 absolute
 */
const SUBSCRIPTION_SIZE = 48;
const EVENT_SIZE = 32;
/** Subscriptions that one call may have. */
const MAX_SUBSCRIPTIONS = 4096;
/** Subscriptions that are looked at before giving way, each of which may ask the operating system. */
const PIECE = 64;
/** What a subscription takes while the call waits. */
const SUBSCRIPTION_COST = 192;
const EventType = { Clock: 0, Read: 1, Write: 2 } as const;
const CLOCK_ABSOLUTE = 1;
const NANOSECONDS_PER_MILLISECOND = 1e6;
/** Milliseconds by which a timer may be early. */
const CLOCK_TOLERANCE = 0.1;

interface Subscription {
  readonly userdata: bigint;
  readonly type: number;
  readonly fd: number;
  /** When a clock subscription is due, in milliseconds of the performance clock. */
  readonly due: number;
  readonly error: Errno;
  /** Whether it is ready already. */
  readonly ready: boolean;
  /** The number of bytes that the event tells. */
  readonly bytes: number;
}

/** Reads a subscription to a descriptor. Only standard input can make it wait. */
function readDescriptor(process: Process, userdata: bigint, type: number, fd: number): Subscription {
  const due = Number.POSITIVE_INFINITY;
  const found = (error: Errno, ready: boolean, bytes: number) => ({
    ...{ userdata, type, fd, due, error, ready, bytes },
  });
  const descriptor = descriptorsOf(process).get(fd);
  const isFile = descriptor instanceof FileDescriptor;
  const reads = type === EventType.Read;
  if (!isFile && !(descriptor instanceof (reads ? InputDescriptor : OutputDescriptor))) {
    return found(Errno.Badf, true, 1);
  }
  if (!descriptor.has(Right.PollFdReadwrite)) return found(Errno.Notcapable, true, 0);
  if (!isFile) return found(Errno.Success, !reads, 1);
  return found(Errno.Success, true, reads ? Math.max(0, descriptor.size - descriptor.position) : 1);
}

function readSubscription(process: Process, at: number): Subscription {
  const { memory } = process;
  const userdata = memory.readU64(at);
  const type = memory.readU8(at + 8);
  if (type !== EventType.Clock) {
    return readDescriptor(process, userdata, type, memory.readU32(at + 16));
  }
  const now = readClock(memory.readU32(at + 16));
  const timeout = memory.readU64(at + 24);
  const absolute = (memory.readU16(at + 40) & CLOCK_ABSOLUTE) !== 0;
  const error = now === undefined ? Errno.Inval : Errno.Success;
  const delay = Number(absolute ? timeout - (now ?? 0n) : timeout) / NANOSECONDS_PER_MILLISECOND;
  const due = performance.now() + Math.max(0, delay);
  return { userdata, type, fd: -1, due, error, ready: error !== Errno.Success, bytes: 0 };
}

function writeEvent(process: Process, at: number, subscription: Subscription): void {
  const { memory } = process;
  memory.slice(at, EVENT_SIZE).fill(0);
  memory.writeU64(at, subscription.userdata);
  memory.writeU16(at + 8, subscription.error);
  memory.writeU8(at + 10, subscription.type);
  if (subscription.type !== EventType.Clock) memory.writeId(at + 16, subscription.bytes);
}

/** Reads the subscriptions of a call, and gives way in between if there are many. */
function readSubscriptions(
  scheduler: Scheduler,
  process: Process,
  start: number,
  count: number,
): Subscription[] | Promise<Subscription[]> {
  const subscriptions: Subscription[] = [];
  return inPieces(scheduler, () => {
    const end = Math.min(count, subscriptions.length + PIECE);
    // The first one is what every call costs.
    scheduler.work.chargeSystem(end - Math.max(1, subscriptions.length));
    while (subscriptions.length < end) {
      subscriptions.push(readSubscription(process, start + subscriptions.length * SUBSCRIPTION_SIZE));
    }
    return end === count ? subscriptions : undefined;
  });
}

/** Waits until a subscription is ready, and writes the events. */
function awaitReady(
  scheduler: Scheduler,
  process: Process,
  subscriptions: readonly Subscription[],
  events: number,
  occurredPointer: number,
): Errno | Promise<Errno> {
  if (subscriptions.some(({ type }) => type > EventType.Write)) return Errno.Inval;
  const { input } = process.stdio;
  const readsInput = subscriptions.some((s) => s.type === EventType.Read && !s.ready);
  const due = Math.min(...subscriptions.map((s) => s.due));
  let inputReady = false;

  const report = (): Errno => {
    const now = performance.now() + CLOCK_TOLERANCE;
    const occurred = subscriptions.filter(
      (s) =>
        s.ready || (s.type === EventType.Clock && s.due <= now) || (s.type === EventType.Read && inputReady),
    );
    occurred.forEach((s, i) => {
      writeEvent(process, events + i * EVENT_SIZE, s);
    });
    process.memory.writeU32(occurredPointer, occurred.length);
    return Errno.Success;
  };

  if (subscriptions.some(({ ready }) => ready)) return report();
  const delay = due - performance.now();
  if (!readsInput) return andThen(scheduler.sleep(process, delay), report);
  return scheduler
    .waitForEvent(process, (wake) => {
      // Whichever comes first cancels the other.
      const cancelInput = input.whenReadable(() => {
        inputReady = true;
        timer?.cancel();
        wake(0);
      });
      const expire = () => {
        cancelInput();
        wake(0);
      };
      const timer = due === Number.POSITIVE_INFINITY ? undefined : new Timer(Math.max(0, delay), expire);
      return () => {
        cancelInput();
        timer?.cancel();
      };
    })
    .then(report);
}

preview1.define(
  'poll_oneoff',
  '(subscriptions: i32, events: i32, count: i32, occurred: i32) -> i32',
  { since: SINCE, blocking: true },
  'Waits until at least one of several clocks or streams is ready. Only the calling process waits.',
  ({ scheduler }) =>
    (subscriptionsPointer: number, eventsPointer: number, countValue: number, occurredPointer: number) => {
      const process = scheduler.current;
      const count = countValue >>> 0;
      if (count === 0) return Errno.Inval;
      const start = process.memory.check(subscriptionsPointer, count * SUBSCRIPTION_SIZE);
      const events = process.memory.check(eventsPointer, count * EVENT_SIZE);
      process.memory.check(occurredPointer, 4);
      if (count > MAX_SUBSCRIPTIONS) return Errno.Inval;
      if (count > PIECE) process.chargeForWait(count * SUBSCRIPTION_COST);
      return afterPieces(readSubscriptions(scheduler, process, start, count), (subscriptions) =>
        awaitReady(scheduler, process, subscriptions, events, occurredPointer),
      );
    },
);
