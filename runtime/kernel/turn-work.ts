import { DRAFT_AT } from '../wasm/index.ts';

/**
 * What host calls may use of one turn, in units of about one instruction of a guest, or a third of a nanosecond. Measured: so much
 * takes 100 to 200 us.
 */
export const TURN_WORK = 2 ** 19;

/** What host calls cost, besides the bytes that they move. */
export const HostWork = {
  /** Most of them: some 50 ns in JavaScript. */
  call: 256,
  /** Those that ask the operating system, which takes microseconds. */
  system: 2 ** 13,
  /** Those that must not end the turn, whatever they charge. The next host call does. */
  none: 0,
} as const;

/** What it takes to deliver a message. */
const SEND_WORK = 512;
/** What one message that waits for the same process adds to that. */
const WAITING_WORK = 8;
/** The most that sending one costs: a whole turn. */
const MOST_SEND_WORK = TURN_WORK;
/** What it takes to make a process, besides its memory. */
const SPAWN_WORK = 2 ** 14;
/** What it takes to read, check and compile a module, and what each of its bytes adds to that. */
const COMPILE_WORK = TURN_WORK / 4;
const COMPILE_BYTE_WORK = 128;
/** What it takes to see that a message in a mailbox is not one that is wanted. */
const LOOK_WORK = 8;

const WORK = DRAFT_AT.work / 4;

/**
 * The work that the process which has the turn may still do in host calls: a turn is so much work, whoever does it. It is a
 * word in the memory of the draft, from which the functions between guests and host take what each call costs
 * (`wasm/host-shims.ts`). If nothing is left they ask for the end of the turn, as loops do by the clock. Code of guests
 * that works without the host counts for itself (`wasm/preempt-pass.ts`).
 */
export class TurnWork {
  readonly #words: Int32Array;

  /** @param memory the memory of the draft */
  constructor(memory: WebAssembly.Memory) {
    this.#words = new Int32Array(memory.buffer);
  }

  /** Begins a turn. */
  renew(): void {
    this.#words[WORK] = TURN_WORK;
  }

  get isDone(): boolean {
    return (this.#words[WORK] ?? 0) < 0;
  }

  /** Charges the current process. */
  charge(units: number): void {
    const left = (this.#words[WORK] ?? 0) - units;
    // More than one turn's work is not owed, and the number must not overflow.
    this.#words[WORK] = left < -TURN_WORK ? -TURN_WORK : left;
  }

  /** Charges for bytes that were copied. */
  chargeBytes(count: number): void {
    this.charge(count >>> 1);
  }

  /**
   * Charges for a message that was sent to a process, which has more that wait. The longer its mailbox, the sooner the sender's
   * turn is over: so a receiver that is behind gets more of the time than those who flood it.
   */
  chargeSend(waiting: number): void {
    this.charge(Math.min(MOST_SEND_WORK, SEND_WORK + WAITING_WORK * waiting));
  }

  /** Charges for making a process with a memory of so many bytes. */
  chargeSpawn(memory: number): void {
    this.charge(SPAWN_WORK + memory / 4);
  }

  /** Charges for loading a module of so many bytes. */
  chargeCompile(bytes: number): void {
    this.charge(COMPILE_WORK + COMPILE_BYTE_WORK * bytes);
  }

  /** Charges for messages that a selective receive has looked at. */
  chargeLooks(count: number): void {
    this.charge(LOOK_WORK * count);
  }
}
