import type { Facts } from './facts.ts';
import { RecordKind } from './interpreter.ts';
import { NUMBERS } from './trace.ts';

/** By slot, how many events of a process came before. */
type Clock = ReadonlyMap<number, number>;

/** What must have happened before what, by the order in each process, by messages, spawns and deaths. */
export class Clocks {
  readonly #facts: Facts;
  readonly #known = new Map<string, Clock>();

  constructor(facts: Facts) {
    this.#facts = facts;
  }

  /** Whether an event of a process came before one of another. The one behind its last is its death. */
  isBefore(slot: number, at: number, other: number, otherAt: number): boolean {
    return (this.#at(other, otherAt).get(slot) ?? 0) > at;
  }

  #at(slot: number, at: number): Clock {
    const key = `${slot},${at}`;
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    // What a broken runtime tells may go round in circles.
    this.#known.set(key, new Map());
    const clock = new Map(at === 0 ? [] : this.#at(slot, at - 1));
    for (const [from, place] of this.#causes(slot, at)) {
      const events = this.#facts.process(from)?.events.length ?? 0;
      const there =
        place === events ? (events === 0 ? new Map() : this.#at(from, events - 1)) : this.#at(from, place);
      for (const [other, count] of there) clock.set(other, Math.max(count, clock.get(other) ?? 0));
      clock.set(from, Math.max(place + 1, clock.get(from) ?? 0));
    }
    clock.set(slot, at + 1);
    this.#known.set(key, clock);
    return clock;
  }

  /** Events of others without which an event would not be: slot and place. */
  #causes(slot: number, at: number): [number, number][] {
    const facts = this.#facts;
    const event = facts.process(slot)?.events[at];
    if (event?.kind === RecordKind.begin) {
      for (const { slot: parent } of facts.processes) {
        const spawned = facts
          .operations(parent)
          .find(({ operation }) => operation.kind === 'spawn' && operation.to === slot);
        if (spawned !== undefined) return [[parent, spawned.at]];
      }
    }
    const received = facts.received(slot).find((one) => one.at === at);
    if (received === undefined || received.from === slot) return [];
    if (received.kind === 'message') {
      const index = Math.floor(received.number / NUMBERS);
      const sent = facts.operations(received.from).find((operation) => operation.index === index);
      return sent === undefined ? [] : [[received.from, sent.at]];
    }
    if (received.kind !== 'process died') return [];
    return [[received.from, facts.process(received.from)?.events.length ?? 0]];
  }
}
