import { DRAFT_AT, DRAFT_CAPACITY, DraftState } from '../wasm/index.ts';
import { processIdFromHalves } from './ids.ts';
import { dataMessage, type Message, MessageKind } from './message.ts';
import type { Process } from './process.ts';
import { highHalf, lowHalf, type Tag, tagFromHalves } from './tag.ts';
import { accepts } from './tag-filter.ts';
import { hostTrap } from './trap.ts';
import type { Turns } from './turns.ts';

const STATE = DRAFT_AT.state / 4;
const LENGTH = DRAFT_AT.length / 4;
const POSITION = DRAFT_AT.position / 4;
const TAG = DRAFT_AT.tag / 4;
const RECEIVER = DRAFT_AT.receiver / 4;
const BYTES = DRAFT_AT.bytes / 4;

/**
 * Owns the message that each process of a scheduler is writing or reading (abi 6.1), and knows where it is. Nobody
 * else touches the draft's memory or the `scratch` of a process.
 *
 * A process that has the turn is lent its scratch area: the message becomes the draft, in a memory that all guests of the
 * scheduler import and no guest sees, where the guest works on it without calling the host (`wasm/draft-functions.ts`).
 * There is one such memory, so the draft is a cache that is written back.
 *
 * | state          | draft's state | `scratch`   | who works on the message                                        |
 * | -------------- | ------------- | ----------- | --------------------------------------------------------------- |
 * | empty          | `Host`        | null        | host functions may put one there                                |
 * | message        | `Host`        | the message | host functions                                                  |
 * | lent, no draft | `Empty`       | null        | the guest may begin a draft                                     |
 * | lent, draft    | `Open`        | null        | the guest                                                       |
 * | sent           | `Sent`        | null        | nobody: it is the guest's no longer, and leaves at `takeBack`   |
 * | reserved       | `Host`        | null        | nobody: it is in the draft's memory and waits for its receiver  |
 *
 * | transition            | when                                              | from           | to                    |
 * | --------------------- | ------------------------------------------------- | -------------- | --------------------- |
 * | `lend`                | a process begins, or goes on after a receive      | empty          | lent, no draft        |
 * |                       |                                                   | reserved       | lent, draft           |
 * |                       | and the message is short and nothing but bytes    | message        | lent, draft           |
 * | by the guest          | `create_data`                                     | lent           | lent, draft           |
 * |                       | `send`                                            | lent, draft    | sent                  |
 * | `takeBack`            | before a host function, a suspension, and the end | lent, no draft | empty                 |
 * |                       |                                                   | lent, draft    | message               |
 * |                       | the receiver gets the message                     | sent           | empty                 |
 * | by another `takeBack` | this process waits for a message like that        | empty, message | reserved              |
 * | by another draft      | the memory is needed before this process's turn   | reserved       | message               |
 * | `handOver`            | as `takeBack`; the receiver has the turn at once  | sent           | the receiver's: lent, |
 * |                       |                                                   |                | draft                 |
 * | `create`              | the host's `create_data`                          | empty, message | lent, draft           |
 * | `put`                 | a process receives a message                      | empty, message | message               |
 * | `take`                | a host function sends the message                 | message        | empty                 |
 * | `clear`, `release`    | the message is given up; its process has ended    | any            | empty                 |
 *
 * Since what a guest has sent leaves at its next host call, suspension or end, nobody notices that it was not at once.
 */
export class ScratchArea {
  /** The draft's memory, to be imported by guests. */
  readonly memory = new WebAssembly.Memory({ initial: 1, maximum: 1 });
  readonly #words = new Int32Array(this.memory.buffer);
  readonly #turns: Turns;
  /** The receiver of the message in the draft, from when that is sent until the receiver has the turn. */
  #reservedFor: Process | null = null;

  constructor(turns: Turns) {
    this.#turns = turns;
  }

  // -- lent to the guest -------------------------------------------------------------------------------

  /** Whether the current process has been lent its scratch area: `takeBack` must be called before anything else is. */
  get isLent(): boolean {
    return this.#words[STATE] !== DraftState.Host;
  }

  /** Whether the current process has sent the draft, which has not left yet. */
  get isSent(): boolean {
    return this.#words[STATE] === DraftState.Sent;
  }

  /** Lets a process, which gets the turn, work without the host, if its message is one that can be a draft. */
  lend(process: Process): void {
    const { scratch } = process;
    // What a guest sends without the host would be seen too late.
    if (this.#turns.watcher !== null) {
      if (this.#reservedFor === process) this.#vacate();
      return;
    }
    if (this.#reservedFor === process) {
      this.#reservedFor = null;
      this.#words[STATE] = DraftState.Open;
    } else if (scratch === null) {
      this.#vacate();
      this.#words[STATE] = DraftState.Empty;
    } else if (this.#load(scratch)) {
      process.scratch = null;
    }
  }

  /** Ends what `lend` began for the current process, and sends the draft if the guest did. */
  takeBack(): void {
    const words = this.#words;
    const state = words[STATE];
    words[STATE] = DraftState.Host;
    const { current } = this.#turns;
    if (state === DraftState.Open) current.scratch = this.#toMessage();
    else if (state === DraftState.Sent) this.#send(current);
  }

  #send({ environment }: Process): void {
    const words = this.#words;
    const target = processIdFromHalves(words[RECEIVER] ?? 0, words[RECEIVER + 1] ?? 0);
    const { router } = environment;
    const receiver = router.waiting(target);
    if (receiver !== null && (receiver.filter === null || accepts(receiver.filter, this.#tag))) {
      this.#reserveFor(receiver);
    } else {
      router.deliverMessage(target, this.#toMessage());
    }
  }

  /** Leaves the draft to a process that waits for a message like this; nearly always that has the next turn. */
  #reserveFor(receiver: Process): void {
    this.#turns.work.chargeSend(0);
    this.clear(receiver);
    this.#reservedFor = receiver;
    this.#turns.makeReady(receiver, MessageKind.Data);
  }

  /**
   * Gives the draft, if the current process has sent it, to a receiver that waits for any message and is lent its scratch area
   * at once. The current process must be about to hand the turn on to that.
   * @returns the receiver; null if there is none, and nothing has been done
   */
  handOver(): Process | null {
    const words = this.#words;
    if (words[STATE] !== DraftState.Sent) return null;
    const target = processIdFromHalves(words[RECEIVER] ?? 0, words[RECEIVER + 1] ?? 0);
    const receiver = this.#turns.current.environment.router.waiting(target);
    if (receiver === null || receiver.filter !== null || receiver.paused) return null;
    this.clear(receiver);
    words[STATE] = DraftState.Open;
    return receiver;
  }

  // -- what host functions do with it ------------------------------------------------------------------

  /** Puts a new, empty data message into the scratch area of the current process. What was there is gone. */
  create(process: Process, tagLow: number, tagHigh: number): void {
    this.clear(process);
    if (this.#turns.watcher !== null) {
      process.scratch = dataMessage(tagFromHalves(tagLow, tagHigh));
      return;
    }
    this.#vacate();
    const words = this.#words;
    words[STATE] = DraftState.Open;
    words[LENGTH] = words[POSITION] = 0;
    words[TAG] = tagLow;
    words[TAG + 1] = tagHigh;
  }

  /** The message in the scratch area of a process. Traps if there is none. */
  message({ scratch }: Process): Message {
    if (scratch === null) throw hostTrap('there is no message in the scratch area');
    return scratch;
  }

  /** The same; traps as well for the death of a link or a process, which carries no data. */
  data(process: Process): Message {
    const message = this.message(process);
    if (message.kind !== MessageKind.Data) throw hostTrap('the message in the scratch area carries no data');
    return message;
  }

  /** Takes the message out of the scratch area, which is empty then. Traps if there is none. */
  take(process: Process): Message {
    const message = this.message(process);
    process.scratch = null;
    return message;
  }

  /** Puts a message into the scratch area of a process that is not lent it. What was there is gone. */
  put(process: Process, message: Message): void {
    process.scratch?.recycle();
    process.scratch = message;
  }

  /** Empties the scratch area of a process that is not lent it, and releases what the message carries. */
  clear(process: Process): void {
    process.scratch?.recycle();
    process.scratch = null;
  }

  /** Gives up all that is kept for a process, which has ended. */
  release(process: Process): void {
    if (this.#reservedFor === process) this.#reservedFor = null;
    this.clear(process);
  }

  // -- the draft ---------------------------------------------------------------------------------------

  /** Another message is to be in the draft: what is reserved becomes a message. */
  #vacate(): void {
    const receiver = this.#reservedFor;
    if (receiver === null) return;
    this.#reservedFor = null;
    receiver.scratch = this.#toMessage();
  }

  /** Makes a message the draft; returns false if it cannot be one. */
  #load(message: Message): boolean {
    if (!message.isPlain || message.length > DRAFT_CAPACITY || message.position > message.length)
      return false;
    if (!message.isShort) return false;
    this.#vacate();
    const words = this.#words;
    message.copyWords(words, BYTES);
    words[STATE] = DraftState.Open;
    words[LENGTH] = message.length;
    words[POSITION] = message.position;
    words[TAG] = lowHalf(message.tag);
    words[TAG + 1] = highHalf(message.tag);
    message.recycle();
    return true;
  }

  get #tag(): Tag {
    const words = this.#words;
    return tagFromHalves(words[TAG] ?? 0, words[TAG + 1] ?? 0);
  }

  #toMessage(): Message {
    const words = this.#words;
    const message = dataMessage(this.#tag);
    message.setWords(words, BYTES, words[LENGTH] ?? 0);
    message.position = words[POSITION] ?? 0;
    return message;
  }
}
