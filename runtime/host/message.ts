import { timeoutFromHalves } from '../hostcall/conventions.ts';
import { type HostContext, Namespace, older } from '../hostcall/function.ts';
import { inPieces, PIECE } from '../hostcall/pieces.ts';
import type { GuestMemory } from '../kernel/guest-memory.ts';
import { type ProcessId, processIdFromHalves } from '../kernel/ids.ts';
import { LongWrite } from '../kernel/long-write.ts';
import type { Message } from '../kernel/message.ts';
import type { MessageResource } from '../kernel/message-resources.ts';
import type { LoadedModule } from '../kernel/module.ts';
import { ModuleError } from '../kernel/module-error.ts';
import type { Process } from '../kernel/process.ts';
import type { Scheduler } from '../kernel/scheduler.ts';
import { NO_TAG, type Tag, tagFromHalves, tagToGuest } from '../kernel/tag.ts';
import { MANY_TAGS, type TagFilter, tagFilter } from '../kernel/tag-filter.ts';
import { hostTrap } from '../kernel/trap.ts';

/** `lunatic::message` (abi 6): the scratch area, sending and receiving. */
export const message = new Namespace('lunatic::message');

/** Bytes of a tag in a filter array, and tags that one may have. */
const TAG_SIZE = 8;
const MAX_TAGS = 65_536;
/** What a tag takes in a set. */
const KEPT_TAG_COST = 96;

/** Resources that a message may carry: they are released at once where it is lost. */
const MAX_RESOURCES = 65_536;

/** Bytes of a message that may be in the scratch area without being charged. */
const SMALL_MESSAGE = 2 ** 16;

/** Bytes to write at once from which on the machine is asked whether it has them. */
const LARGE_WRITE = 2 ** 20;

/** The caller's memory, which must have this range. A trap loses the message, for guests that catch it. */
function memoryFor({ current, scratch }: Scheduler, pointer: number, size: number): GuestMemory {
  const { memory } = current;
  if (!memory.has(pointer, size)) {
    scratch.clear(current);
    memory.check(pointer, size);
  }
  return memory;
}

/** Charges the caller for the message that it writes. If that is too much, the message is lost, and a trap says so. */
function chargeFor({ current, scratch }: Scheduler, target: Message, cost: number): void {
  const refusal = target.payBy(current.account, cost);
  if (refusal === null) return;
  scratch.clear(current);
  throw hostTrap(refusal);
}

/**
 * Adds a resource to the message that the caller writes, and returns its index there.
 * @throws a trap if the host would keep too much
 */
export function carry(scheduler: Scheduler, carrier: Message, resource: MessageResource): bigint {
  if ((carrier.resources?.length ?? 0) >= MAX_RESOURCES)
    throw hostTrap(`a message can carry ${MAX_RESOURCES} resources at most`);
  chargeFor(scheduler, carrier, carrier.costWith(resource));
  return BigInt(carrier.addResource(resource));
}

/** The resource at an index of a message, which must be there. */
export function resourceAt(carrier: Message, index: bigint): { at: number; resource: MessageResource } {
  const at = Number(BigInt.asUintN(64, index));
  const resource = carrier.resources?.[at];
  if (resource === undefined) throw hostTrap(`the message has no resource of index ${at}`);
  if (resource === null) throw hostTrap(`the resource of index ${at} was taken from the message before`);
  return { at, resource };
}

function readFilter({ work }: Scheduler, process: Process, pointer: number, count: number): TagFilter {
  const length = count >>> 0;
  if (length === 0) return null;
  const { memory } = process;
  const start = memory.check(pointer, length * TAG_SIZE);
  if (length > MAX_TAGS) throw hostTrap(`a receive takes at most ${MAX_TAGS} tags, not ${length}`);
  const readTag = (at: number) => tagFromHalves(memory.readI32(at), memory.readI32(at + 4));
  if (length === 1) return [readTag(start)];
  work.chargeLooks(length);
  if (length >= MANY_TAGS) process.chargeForWait(length * KEPT_TAG_COST);
  return tagFilter(Array.from({ length }, (_, i) => readTag(start + i * TAG_SIZE)));
}

/** The high half of a timeout of up to 0.9, which was a `u32`; 0 meant none, as -1 does now. */
function oldHigh(timeout: number): number {
  return timeout === 0 ? -1 : 0;
}

/** The low half of the same. */
function oldLow(timeout: number): number {
  return timeout === 0 ? -1 : timeout;
}

/** Sends what the scratch area holds to a process of the caller's environment; a dead one gets nothing. */
function send({ scheduler }: HostContext, target: ProcessId): void {
  const { current, scratch } = scheduler;
  current.environment.router.deliverMessage(target, scratch.take(current));
}

message.define(
  'create_data',
  '(tag: i64, buffer_capacity: i64)',
  { since: '0.6.0', split: true },
  'Puts a new, empty data message into the scratch area. Tag 0 means none; the capacity is a hint.',
  ({ scheduler }) =>
    (tagLow: number, tagHigh: number) => {
      scheduler.scratch.create(scheduler.current, tagLow, tagHigh);
    },
);

message.define(
  'write_data',
  '(data_ptr: i32, data_len: i32) -> i32',
  { since: '0.6.0', suspends: true, returnsAny: true },
  'Appends bytes to the message and returns their number.',
  ({ scheduler }) =>
    (pointer: number, length: number) => {
      const { current, scratch } = scheduler;
      const target = scratch.data(current);
      const size = length >>> 0;
      const memory = memoryFor(scheduler, pointer, size);
      const end = target.length + size;
      if (size > LARGE_WRITE && !scheduler.capacity.hasMemory(end)) {
        scratch.clear(current);
        throw hostTrap(`no memory for a message of ${end} bytes`);
      }
      if (end > target.buffer.length && end > SMALL_MESSAGE) {
        chargeFor(scheduler, target, target.costOf(end));
      }
      if (target.costOfWrite(size) > PIECE) {
        const write = new LongWrite(target, memory, pointer >>> 0, size);
        return inPieces(scheduler, () => {
          const copied = write.step(PIECE);
          scheduler.work.chargeBytes(copied);
          if (copied > 0) return undefined;
          write.finish();
          return length;
        });
      }
      scheduler.work.chargeBytes(size);
      target.write(memory, pointer >>> 0, size);
      return length;
    },
);

message.define(
  'read_data',
  '(data_ptr: i32, data_len: i32) -> i32',
  { since: '0.6.0', suspends: true, returnsAny: true },
  'Copies bytes from the read position, advances it, and returns their number; 0 at the end.',
  ({ scheduler }) =>
    (pointer: number, length: number) => {
      const { current, scratch } = scheduler;
      const source = scratch.data(current);
      const size = length >>> 0;
      const memory = memoryFor(scheduler, pointer, size);
      const { position, length: end } = source;
      if (position > end) {
        scratch.clear(current);
        throw hostTrap(`the read position ${position} is beyond the message's ${end} bytes`);
      }
      if (size > PIECE) {
        let count = 0;
        return inPieces(scheduler, () => {
          const read = source.read(memory, (pointer >>> 0) + count, Math.min(PIECE, size - count));
          scheduler.work.chargeBytes(read);
          count += read;
          return read === 0 ? count | 0 : undefined;
        });
      }
      const count = source.read(memory, pointer >>> 0, size);
      scheduler.work.chargeBytes(count);
      return count;
    },
);

message.define(
  'seek_data',
  '(index: i64)',
  { since: '0.6.0' },
  'Sets the read position. It is checked when something is read.',
  ({ scheduler }) =>
    (index: bigint) => {
      scheduler.scratch.data(scheduler.current).position = Number(BigInt.asUintN(64, index));
    },
);

message.define(
  'get_tag',
  '() -> i64',
  { since: '0.6.0' },
  'Returns the tag of the message, 0 for none. The tag of a link death is the tag of the link.',
  ({ scheduler }) =>
    () =>
      tagToGuest(scheduler.scratch.message(scheduler.current).tag),
);

message.define(
  'get_process_id',
  '() -> i64',
  { since: '0.13' },
  'Returns the dead process of a process death, 0 for other messages.',
  ({ scheduler }) =>
    () =>
      BigInt(scheduler.scratch.message(scheduler.current).processId),
);

message.define(
  'data_size',
  '() -> i64',
  { since: '0.6.0' },
  'Returns the length of all data of the message in bytes.',
  ({ scheduler }) =>
    () =>
      BigInt(scheduler.scratch.data(scheduler.current).length),
);

message.define(
  'push_module',
  '(module_id: i64) -> i64',
  { since: '0.12.0' },
  'Adds a module to the message and returns its index there. The sender keeps it.',
  ({ scheduler }) =>
    (id: bigint) => {
      const process = scheduler.current;
      const { bytes } = process.modules.get(id);
      const target = scheduler.scratch.data(process);
      return carry(scheduler, target, { kind: 'module', bytes });
    },
);

/** Turns what is wrong with a module that was good when it was sent into a trap. */
function asModuleTrap(error: unknown): unknown {
  return error instanceof ModuleError ? hostTrap(error.message) : error;
}

message.define(
  'take_module',
  '(index: i64) -> i64',
  { since: '0.12.0', suspends: true },
  'Takes a module out of the message and returns its new id. The other indexes stay.',
  ({ scheduler, modules }) =>
    (index: bigint) => {
      const process = scheduler.current;
      const { at, resource } = resourceAt(scheduler.scratch.data(process), index);
      if (resource.kind !== 'module') throw hostTrap(`the resource of index ${at} is not a module`);
      const take = (module: LoadedModule) => {
        const id = process.modules.add(module);
        scheduler.scratch.data(process).takeResource(at);
        return BigInt(id);
      };
      try {
        // It was compiled before. If nobody has it any more, it is compiled again.
        const module = modules.load(resource.bytes);
        if (!(module instanceof Promise)) return take(module);
        return module.then(take, (error: unknown) => {
          throw asModuleTrap(error);
        });
      } catch (error) {
        throw asModuleTrap(error);
      }
    },
);

message.define(
  'send',
  '(process_id: i64) -> i32',
  { since: '0.5.0', split: true, older: [older('(i64)')] },
  'Sends the message. Returns 0, also for a process that does not exist: the message is then dropped.',
  (context) => (idLow: number, idHigh: number) => {
    send(context, processIdFromHalves(idLow, idHigh));
    return 0;
  },
);

message.define(
  'send_receive_skip_search',
  '(process_id: i64, wait_on_tag: i64, timeout_duration: i64) -> i32',
  {
    since: '0.6.0',
    blocking: true,
    split: true,
    // Up to 0.12 it waited for the tag of the message that it sent, and for any message if that had none.
    older: [
      older(
        '(i64, i64) -> i32',
        (current) => (idLow: number, idHigh: number, low: number, high: number) =>
          current(idLow, idHigh, null, null, low, high),
      ),
      older(
        '(i64, i32) -> i32',
        (current) => (idLow: number, idHigh: number, timeout: number) =>
          current(idLow, idHigh, null, null, oldLow(timeout), oldHigh(timeout)),
      ),
    ],
  },
  'Sends the message and waits for one of the given tag that arrives from now on. Returns 0 or 9027 (timed out).',
  (context) => {
    const { scheduler } = context;
    return (
      idLow: number,
      idHigh: number,
      tagLow: number | null,
      tagHigh: number | null,
      timeoutLow: number,
      timeoutHigh: number,
    ) => {
      const process = scheduler.current;
      let filter: TagFilter;
      if (tagLow === null || tagHigh === null) {
        const { tag } = scheduler.scratch.message(process);
        filter = tag === NO_TAG ? null : [tag];
      } else {
        filter = [tagFromHalves(tagLow, tagHigh)];
      }
      send(context, processIdFromHalves(idLow, idHigh));
      const timeout = timeoutFromHalves(timeoutLow, timeoutHigh);
      return scheduler.receive(process, filter, timeout, false);
    };
  },
);

message.define(
  'receive',
  '(tag_ptr: i32, tag_len: i32, timeout_duration: i64) -> i32',
  {
    since: '0.5.0',
    blocking: true,
    split: true,
    usual: { params: [null, 0, -1], bind: ({ scheduler }) => scheduler.receiveAny },
    older: [
      older(
        '(i32, i32, i32) -> i32',
        (current) => (pointer: number, count: number, timeout: number) =>
          current(pointer, count, oldLow(timeout), oldHigh(timeout)),
      ),
      // In 0.6 one tag was passed by value, 0 for any message.
      older(
        '(i64, i32) -> i32',
        (current) => (tagLow: number, tagHigh: number, timeout: number) =>
          current(0, 0, oldLow(timeout), oldHigh(timeout), tagFromHalves(tagLow, tagHigh)),
      ),
    ],
  },
  'Waits for a message, of one of the given tags if there are any. Returns 0 data, 1 link death, 2 process death, 9027 timed out.',
  ({ scheduler }) =>
    (pointer: number, count: number, timeoutLow: number, timeoutHigh: number, tag: Tag = NO_TAG) => {
      const process = scheduler.current;
      const filter = tag === NO_TAG ? readFilter(scheduler, process, pointer, count) : [tag];
      return scheduler.receive(process, filter, timeoutFromHalves(timeoutLow, timeoutHigh), true);
    },
);
