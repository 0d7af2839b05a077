import type { ProcessEnd, ProcessInfo, ProcessKey, Stack } from '../runtime/inspect/protocol.ts';
import type { ClientCounts } from './breakpoint-info.ts';
import type { Calls } from './calls.ts';
import type { CustomEvents } from './protocol.ts';
import type { SessionLog } from './session-log.ts';

/** Processes that are located at the same time; of more, nothing is told. */
const MAX_PENDING = 20;
/** Calls of a process that are located. */
const MAX_CALLS = 50;

type Trapped = CustomEvents['lunatic/trapped'];

/** Tells the client where processes have trapped, each once: as they are held for that, or else as they end. */
export class Traps {
  readonly #calls: Calls;
  readonly #session: ClientCounts & { readonly log: SessionLog };
  readonly #send: (event: Trapped) => void;
  /** Processes that are held after a trap that was told. */
  readonly #told = new Set<ProcessKey>();
  readonly #pending = new Set<Promise<void>>();

  constructor(
    calls: Calls,
    session: ClientCounts & { readonly log: SessionLog },
    send: (event: Trapped) => void,
  ) {
    this.#calls = calls;
    this.#session = session;
    this.#send = send;
  }

  /** Called when a process is held that will end by a trap. */
  held(process: ProcessInfo, end: ProcessEnd, stack: Promise<Stack>): void {
    this.#told.add(process.key);
    this.#tell(process, end, stack);
  }

  /** Called when a process has ended by a trap. */
  ended(process: ProcessInfo, end: ProcessEnd, stack: Stack): void {
    if (!this.#told.delete(process.key)) this.#tell(process, end, Promise.resolve(stack));
  }

  /** Resolves when all is told that was to be told. */
  async settled(): Promise<void> {
    await Promise.all(this.#pending);
  }

  #tell(process: ProcessInfo, end: ProcessEnd, stack: Promise<Stack>): void {
    if (this.#pending.size === MAX_PENDING) return;
    const telling = this.#locate(stack)
      .then((calls) => this.#send({ process, end, calls }))
      .catch((error: unknown) => this.#session.log.failed('process/trapped', error))
      .finally(() => this.#pending.delete(telling));
    this.#pending.add(telling);
  }

  async #locate(stack: Promise<Stack>): Promise<Trapped['calls']> {
    const calls = await this.#calls.of((await stack).frames.slice(0, MAX_CALLS));
    return await Promise.all(
      calls.slice(0, MAX_CALLS).map(async (call, i) => {
        const { functionName, source, line, column } = await this.#calls.locate(call);
        return {
          functionName,
          ...(source.path === undefined ? {} : { path: source.path }),
          line: this.#session.toClientLine(line),
          column: this.#session.toClientColumn(column),
          isForeign: await this.#calls.isForeign(call, calls[i - 1]),
        };
      }),
    );
  }
}
