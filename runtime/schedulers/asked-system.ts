import type { Inspector } from '../inspect/inspector.ts';
import type { ProcessKey } from '../inspect/protocol.ts';
import type { SchedulerIndex } from '../kernel/ids.ts';

/** All schedulers, as the sessions of clients ask them. */
export interface AskedSystem {
  /** That of this scheduler. */
  readonly inspector: Inspector;
  /** The others, in the order of their indexes. */
  readonly peers: readonly SchedulerIndex[];
  /** Processes of other schedulers, when all were paused last. */
  pausedElsewhere: number;

  /**
   * Asks another scheduler for a client.
   * @param session number of the client's session
   * @throws InspectionError, ResponseError as there; RequestError if it has gone
   */
  ask(index: SchedulerIndex, session: number, name: string, values: unknown): Promise<unknown>;

  /** Sends a request of which nobody needs the answer. */
  send(index: SchedulerIndex, kind: string, body: Uint8Array): void;

  /** Which of some processes another scheduler does not have; all, if it has gone. */
  missing(index: SchedulerIndex, keys: readonly ProcessKey[]): Promise<readonly ProcessKey[]>;

  /** Tells names at once that have changed, since they are needed. */
  tellNames(): void;

  /**
   * Sees to it that nothing goes on which is on its way from one scheduler to another while all are paused.
   * @param pause pauses the processes of every scheduler
   */
  whileClosed(pause: () => Promise<unknown>): Promise<unknown>;
}
