import { BreakpointEvent, OutputEvent } from '@vscode/debugadapter';
import type { DebugProtocol } from '@vscode/debugprotocol';
import type { EventBreakpoint } from '../runtime/inspect/protocol.ts';
import { type Inspected, InspectRequestError } from '../runtime/internal.ts';
import { AdapterError, ErrorId } from './errors.ts';
import { readCondition, readEvents, type WantedEvent } from './event-conditions.ts';
import { ACTORS, type EventInfo, type HeldEvents, PLAIN_FILTERS, type Wanted } from './event-kinds.ts';

/** A filter that a client has switched on, with the text of its condition. */
export interface AskedFilter {
  readonly filter: string;
  readonly condition: string;
}

/** A filter as it is about to be set. */
interface Setting {
  readonly wanted: readonly WantedEvent[];
  /** Those of them that are no flags. */
  readonly events: readonly EventBreakpoint[];
  /** Why it stops nothing; null if it does. */
  problem: string | null;
}

/** What a client wants to stop processes at besides places in their code. */
export class EventFilters {
  readonly #client: Inspected;
  readonly #takeId: () => number;
  readonly #send: (event: DebugProtocol.Event) => void;
  readonly #holdAt: (events: HeldEvents) => Promise<void>;
  readonly #areOff: boolean;
  /** Numbers of events by what they are, so that one that stays keeps its own. */
  #ids = new Map<string, number>();
  /** What the number of an event stands for, and that of its filter: clients know that one alone. */
  #byId = new Map<number, { readonly info: EventInfo; readonly filter: number }>();
  #hasEvents = false;

  /**
   * @param takeId gives a breakpoint its number
   * @param holdAt has the runtime hold processes at what it has flags for
   * @param areOff whether processes stop for nothing
   */
  constructor(
    client: Inspected,
    takeId: () => number,
    send: (event: DebugProtocol.Event) => void,
    holdAt: (events: HeldEvents) => Promise<void>,
    areOff: boolean,
  ) {
    this.#areOff = areOff;
    this.#client = client;
    this.#takeId = takeId;
    this.#send = send;
    this.#holdAt = holdAt;
  }

  /** Sets filters in place of those that there were. One of which something is wrong stops nothing. */
  async set(asked: readonly AskedFilter[]): Promise<DebugProtocol.Breakpoint[]> {
    const ids = new Map<string, number>();
    const settings = asked.map((filter) => this.#read(filter, ids));
    this.#ids = ids;
    const usable = () => settings.filter(({ problem }) => problem === null);
    const placed = usable();
    const problems = await this.#place(placed.flatMap(({ events }) => events));
    for (const setting of placed) {
      const own = problems.splice(0, setting.events.length);
      setting.problem = own.find((problem) => problem !== null) ?? null;
    }
    // The other events of a filter do not count either.
    if (placed.some(({ problem, events }) => problem !== null && events.length > 1))
      await this.#place(usable().flatMap(({ events }) => events));
    await this.#holdAt(flagsOf(usable()));
    return settings.map(({ events, problem }): DebugProtocol.Breakpoint => {
      const [first] = events;
      return {
        ...(first === undefined ? {} : { id: first.id }),
        verified: problem === null,
        ...(problem === null ? {} : { message: problem }),
      };
    });
  }

  #read({ filter, condition }: AskedFilter, ids: Map<string, number>): Setting {
    try {
      const wanted = eventsOf(filter, condition);
      const numbered = wanted.filter((event) => flagOf(event) === undefined);
      const events = numbered.map(({ info, terms }): EventBreakpoint => {
        const key = JSON.stringify([filter, info.on, terms]);
        const id = ids.get(key) ?? this.#ids.get(key) ?? this.#takeId();
        ids.set(key, id);
        return { id, on: info.on, ...terms };
      });
      for (const [i, { id }] of events.entries()) {
        const info = numbered[i]?.info;
        if (info !== undefined) this.#byId.set(id, { info, filter: events[0]?.id ?? id });
      }
      return { wanted, events, problem: null };
    } catch (error) {
      if (!(error instanceof AdapterError)) throw error;
      return { wanted: [], events: [], problem: error.message };
    }
  }

  async #place(breakpoints: readonly EventBreakpoint[]): Promise<(string | null)[]> {
    if (this.#areOff || (breakpoints.length === 0 && !this.#hasEvents)) return [];
    this.#hasEvents = breakpoints.length > 0;
    try {
      return [...(await this.#client.request('events/breakpoints', { breakpoints })).problems];
    } catch (error) {
      // A runtime of before does not know the request.
      if (!(error instanceof InspectRequestError)) throw error;
      return breakpoints.map(() => error.message);
    }
  }

  /** What events of these numbers are called. */
  nameOf(ids: readonly number[]): string | undefined {
    for (const id of ids) {
      const known = this.#byId.get(id);
      if (known !== undefined) return known.info.what;
    }
    return undefined;
  }

  /** The numbers that a client knows for these: those of the filters for those of their events. */
  toClient(ids: readonly number[]): number[] {
    return [...new Set(ids.map((id) => this.#byId.get(id)?.filter ?? id))];
  }

  /** Called when the condition of a filter could not be evaluated; the number may be that of another breakpoint. */
  failed(id: number, problem: string): void {
    const known = this.#byId.get(id);
    if (known === undefined) return;
    this.#send(new OutputEvent(`Processes always stop at '${known.info.what}': ${problem}\n`, 'console'));
    const changed = { id: known.filter, verified: true, message: problem };
    this.#send(new BreakpointEvent('changed', changed as never));
  }
}

/** @throws AdapterError if there is no such filter, or its condition cannot be read */
function eventsOf(filter: string, condition: string): readonly WantedEvent[] {
  if (filter === ACTORS) return readEvents(condition);
  const info = PLAIN_FILTERS.get(filter);
  if (info === undefined) throw new AdapterError(ErrorId.BadArguments, 'There is no such filter');
  return [{ info, terms: readCondition(condition, info) }];
}

/** The flag of the runtime's that is meant, if it is one. */
function flagOf({ info, terms }: WantedEvent): keyof HeldEvents | undefined {
  return terms.condition === undefined ? info.flag : undefined;
}

function flagsOf(settings: readonly Setting[]): HeldEvents {
  const flags = new Map<keyof HeldEvents, Wanted>();
  for (const event of settings.flatMap(({ wanted }) => wanted)) {
    const flag = flagOf(event);
    if (flag === undefined) continue;
    const others = flags.get(flag) ?? [];
    const all = event.terms.only ?? true;
    // A filter may be there several times: what one of them means is meant.
    flags.set(flag, all === true || others === true || [...(others || []), ...all]);
  }
  return {
    traps: flags.get('traps') ?? false,
    failedExits: flags.get('failedExits') ?? false,
    spawns: flags.get('spawns') ?? false,
  };
}
