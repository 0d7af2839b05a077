import { DRAFT_AT } from '../wasm/index.ts';
import { clockTime } from './clock.ts';

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
  /** A kill: to end a process takes some tens of microseconds. A turn has room for 32. */
  kill: 2 ** 14,
  /** Those that must not end the turn, whatever they charge. The next host call does. */
  none: 0,
} as const;

/** Units of work in a millisecond: see `TURN_WORK`. */
const WORK_PER_MILLISECOND = 3_000_000;
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
/** What each byte of a text takes: to decode it, and what is made of it. */
const TEXT_BYTE_WORK = 2;

/** Instructions in one unit of `max_fuel` (abi 2.4). */
export const UNIT_OF_FUEL = 100_000;

const WORK = DRAFT_AT.work / 4;

/** What is needed of a process to charge it: see `Process`. */
interface Payer {
  readonly config: { readonly maxFuel: number };
  fuelLeft: number;
  hostFuel: number;
}

/**
 * The work that the process which has the turn may still do in host calls: a turn is so much work, whoever does it. It is a
 * word in the memory of the draft, from which the functions between guests and host take what each call costs
 * (`wasm/host-shims.ts`). If nothing is left they ask for the end of the turn, as loops do by the clock. Code of guests
 * that works without the host counts for itself (`wasm/preempt-pass.ts`).
 *
 * What a call costs by the length of what it is given also takes fuel, if that is limited: a guest could have the host work
 * for it otherwise. What the call itself costs takes none, as in upstream.
 */
export class TurnWork {
  readonly #words: Int32Array;
  readonly #turns: { readonly running: Payer | null };
  /** The time from which on the next call is charged that is charged by time; negative if it is to look at the clock. */
  #since = -1;

  /**
   * @param memory the memory of the draft
   * @param turns tells whose code runs at the moment; null between turns
   */
  constructor(memory: WebAssembly.Memory, turns: { readonly running: Payer | null }) {
    this.#words = new Int32Array(memory.buffer);
    this.#turns = turns;
  }

  /** Begins a turn. */
  renew(): void {
    this.#words[WORK] = TURN_WORK;
    this.#since = -1;
  }

  /** Lets the current process go on after its time: nobody else is ready. */
  prolong(): void {
    this.#words[WORK] = TURN_WORK - 1;
    this.#since = -1;
  }

  /** Ends the turn of the current process at the end of its host call. */
  exhaust(): void {
    this.#take(2 * TURN_WORK);
  }

  /** Whether the turn has gone by so far without a host call, and was not prolonged. */
  get isUntouched(): boolean {
    return this.#words[WORK] === TURN_WORK;
  }

  get isDone(): boolean {
    return (this.#words[WORK] ?? 0) < 0;
  }

  /** Charges the current process, its turn and its fuel. */
  charge(units: number): void {
    this.#take(units);
    const { running } = this.#turns;
    if (running === null || running.config.maxFuel === 0) return;
    running.hostFuel += units;
    if (running.hostFuel < UNIT_OF_FUEL) return;
    const whole = Math.floor(running.hostFuel / UNIT_OF_FUEL);
    running.hostFuel -= whole * UNIT_OF_FUEL;
    running.fuelLeft -= whole;
    // It ends where it next asks whether the turn is over: a host call that traps half-way would leave things undone.
    if (running.fuelLeft < 0) this.#take(2 * TURN_WORK);
  }

  /** Charges the turn alone. */
  #take(units: number): void {
    const left = (this.#words[WORK] ?? 0) - units;
    // More than one turn's work is not owed, and the number must not overflow.
    this.#words[WORK] = left < -TURN_WORK ? -TURN_WORK : left;
  }

  /** Charges for bytes that were copied. */
  chargeBytes(count: number): void {
    this.charge(count >>> 1);
  }

  /** Charges for a text of so many bytes, which is decoded or encoded. */
  chargeText(count: number): void {
    this.charge(TEXT_BYTE_WORK * count);
  }

  /** Charges for so many requests to the operating system. */
  chargeSystem(count: number): void {
    this.charge(HostWork.system * count);
  }

  /**
   * Called before a call that is charged by the time that it takes. Looking at the clock takes a part of what short calls do, so in a
   * turn the next one is charged from where the last one ended: what the guest did in between is little, or it has asked for ticks.
   */
  beginTimed(): void {
    if (this.#since < 0) this.#since = clockTime();
  }

  /** Called after it. It takes no fuel: a program always uses up as much. */
  endTimed(): void {
    const now = clockTime();
    this.#take(Math.floor((now - this.#since) * WORK_PER_MILLISECOND));
    this.#since = now;
  }

  /**
   * Charges for a message that was sent to a process, which has more that wait. The longer its mailbox, the sooner the sender's
   * turn is over: so a receiver that is behind gets more of the time than those who flood it. It takes no fuel.
   */
  chargeSend(waiting: number): void {
    this.#take(Math.min(MOST_SEND_WORK, SEND_WORK + WAITING_WORK * waiting));
  }

  /** Charges for making a process with a memory of so many bytes. It takes no fuel: the process has as much of its own. */
  chargeSpawn(memory: number): void {
    this.#take(SPAWN_WORK + memory / 4);
  }

  /** Charges for making an instance that takes so many nanoseconds. It takes no fuel either. */
  chargeInstance(time: number): void {
    this.#take((time * WORK_PER_MILLISECOND) / 1e6);
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
