import { DraftState, draftAt, draftCapacity } from '../wasm/index.ts';
import { type ProcessId, processIdFromHalves } from './ids.ts';
import { dataMessage, type Message } from './message.ts';
import type { Process } from './process.ts';
import { highHalf, lowHalf, type Tag, tagFromHalves } from './tag.ts';

const STATE = draftAt.state / 4;
const LENGTH = draftAt.length / 4;
const POSITION = draftAt.position / 4;
const TAG = draftAt.tag / 4;
const RECEIVER = draftAt.receiver / 4;
const BYTES = draftAt.bytes / 4;

/**
 * The message in the scratch area, where guests reach it without a call of JavaScript: see `wasm/draft-functions.ts`.
 * It is a cache that is written back, one for all processes of a scheduler:
 *
 * - It belongs to the process that has the turn. Nobody else's code runs until it has been settled.
 * - While it is in use, the `scratch` of that process is null.
 * - JavaScript never works on it: before a host function begins, before a process is suspended and when it has ended,
 *   `Scheduler.settle` brings it back to `scratch`, or sends it where the guest asked for that.
 * - So a message that a guest sends leaves at its next host call, suspension or end: before anybody could notice.
 * - One that a process waits for stays here until that process has the turn, or until the draft is needed for another:
 *   then only it becomes a message. While something is held, the state is `Host`, and the `scratch` of that process null.
 */
export class Draft {
  readonly memory = new WebAssembly.Memory({ initial: 1, maximum: 1 });
  readonly #words = new Int32Array(this.memory.buffer);
  /** Whose scratch area will be what was sent, once it has the turn; the state is `Host` till then. */
  #held: Process | null = null;

  /** Whether there is something to settle. */
  get isUsed(): boolean {
    return this.#words[STATE] !== DraftState.Host;
  }

  /** Whether the guest has sent it. */
  get isSent(): boolean {
    return this.#words[STATE] === DraftState.Sent;
  }

  /** Whom the guest has sent it to. */
  get receiver(): ProcessId {
    const words = this.#words;
    return processIdFromHalves(words[RECEIVER] ?? 0, words[RECEIVER + 1] ?? 0);
  }

  get tag(): Tag {
    const words = this.#words;
    return tagFromHalves(words[TAG] ?? 0, words[TAG + 1] ?? 0);
  }

  /** Keeps what was sent for a process that waited for it. Nearly always that is who has the next turn. */
  holdFor(process: Process): void {
    this.#words[STATE] = DraftState.Host;
    this.#held = process;
  }

  /** Opens what is held for a process; returns false where nothing is. */
  openHeld(process: Process): boolean {
    if (this.#held !== process) return false;
    this.#held = null;
    this.#words[STATE] = DraftState.Open;
    return true;
  }

  /** Something else is to be in the draft: what is held becomes a message. */
  #spill(): void {
    const held = this.#held;
    if (held === null) return;
    this.#held = null;
    if (held.exit === null) held.scratch = this.#toMessage();
  }

  /** Tells the guest that the scratch area is empty. */
  openEmpty(): void {
    this.#spill();
    this.#words[STATE] = DraftState.Empty;
  }

  /** Begins a new message. */
  create(tagLow: number, tagHigh: number): void {
    this.#spill();
    const words = this.#words;
    words[STATE] = DraftState.Open;
    words[LENGTH] = words[POSITION] = 0;
    words[TAG] = tagLow;
    words[TAG + 1] = tagHigh;
  }

  /** Takes over what a message holds, which serves again then; returns false for one that cannot be a draft. */
  load(message: Message): boolean {
    if (!message.isPlain || message.length > draftCapacity || message.position > message.length) return false;
    if (!message.isShort) return false;
    this.#spill();
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

  /** Makes it a message again, and leaves the scratch area to the host; null where there was none. */
  take(): Message | null {
    const words = this.#words;
    const state = words[STATE];
    words[STATE] = DraftState.Host;
    return state === DraftState.Empty || state === DraftState.Host ? null : this.#toMessage();
  }

  #toMessage(): Message {
    const words = this.#words;
    const message = dataMessage(this.tag);
    message.setWords(words, BYTES, words[LENGTH] ?? 0);
    message.position = words[POSITION] ?? 0;
    return message;
  }
}
