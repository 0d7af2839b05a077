import type { SchedulerIndex } from './peers.ts';
import { NOTHING, type Questions } from './questions.ts';

/** Something that is on its way to another scheduler. Exactly one of the methods is called, once. */
export interface Departure {
  readonly peer: SchedulerIndex;
  /** It has arrived. */
  arrived(): void;
  /** It cannot be had there: its handle was lost on the way. The peer will ask for what it wants of it. */
  stays(): void;
  /** Nobody wants it: its message was dropped there, or the peer has ended. */
  dropped(): void;
}

/** What is on its way to other schedulers, by ticket. */
export class Departures {
  readonly #departures = new Map<number, Departure>();

  constructor(questions: Questions) {
    for (const end of ['arrived', 'stays', 'dropped'] as const) {
      questions.answer(
        `socket/${end}`,
        (reader) => reader.varint(),
        (peer, ticket) => {
          this.#take(peer, ticket)[end]();
          return NOTHING;
        },
      );
    }
  }

  get size(): number {
    return this.#departures.size;
  }

  add(ticket: number, departure: Departure): void {
    this.#departures.set(ticket, departure);
  }

  /** Does away with all that was on its way to a scheduler that has ended. */
  dropAll(peer: SchedulerIndex): void {
    for (const [ticket, departure] of this.#departures) {
      if (departure.peer !== peer) continue;
      this.#departures.delete(ticket);
      departure.dropped();
    }
  }

  #take(peer: SchedulerIndex, ticket: number): Departure {
    const departure = this.#departures.get(ticket);
    if (departure?.peer !== peer)
      throw new Error(`nothing is on its way to scheduler ${peer} under ${ticket}`);
    this.#departures.delete(ticket);
    return departure;
  }
}
