import type { Inspector } from '../inspect/inspector.ts';
import { MOST_SCHEDULERS } from '../kernel/ids.ts';
import { LazyPlacement } from '../kernel/lazy-placement.ts';
import { Where } from '../kernel/where.ts';
import type { Metrics } from '../metrics/metrics.ts';
import { sharedDatabases } from '../permissions/shared-databases.ts';
import type { Runtime } from '../runtime.ts';
import type { Log } from './log.ts';
import type { PLACES } from './options.ts';
import type { Reports } from './report.ts';
import type { OpenedSchedulers } from './schedulers.ts';

/** What a command line says about schedulers. */
export interface SchedulerFlags {
  /** How many there may be. Default: what `LUNATIC_SCHEDULERS` says, or else one for each core. */
  readonly schedulers?: number;
  /** Where processes begin, as an option tells. Default: `usual`. */
  readonly placeChildren?: (typeof PLACES)[number];
}

/** What the first scheduler does for all, once there are others. */
export interface SeveralSchedulers {
  readonly log: Log;
  readonly reports: Reports;
  /** Lets clients look at processes, if they can by then. */
  readonly inspector: () => Inspector | null;
  readonly metrics?: Metrics | undefined;
  /** Milliseconds for which processes compute before others are started. Default: see `LazyPlacement`. */
  readonly patience?: number;
  /** Called when others are about to be started. */
  readonly opened: (others: OpenedSchedulers) => void;
}

/** Lets the programs of a runtime have several schedulers. The code for them is loaded when processes keep each other waiting. */
export function allowSchedulers(
  runtime: Runtime,
  { schedulers }: SchedulerFlags,
  { log, reports, inspector, metrics, patience, opened }: SeveralSchedulers,
): void {
  const { scheduler } = runtime;
  const most = schedulers ?? schedulersByDefault();
  if (most === 1) return;
  sharedDatabases.share();
  const open = async () => {
    await loadInTurns();
    const { openSchedulers } = await import('./schedulers.ts');
    await nextTurn();
    try {
      const others = await openSchedulers(runtime, { most, log, reports, inspector: inspector(), metrics });
      opened(others);
      return others.placement;
    } catch (error) {
      // The program runs on this one.
      const why = error instanceof Error ? error.message : String(error);
      log.write('warn', 'lunatic::schedulers', () => `No other scheduler can be started: ${why}`);
      throw error;
    }
  };
  scheduler.placement = new LazyPlacement(scheduler, open, patience);
}

/** Milliseconds in which processes that wait for their turn have it. */
const TURN = 2;
/** What several schedulers take of Node. */
const PARTS = ['node:os', 'node:net', 'node:child_process', 'node:cluster', 'node:dgram'];

/** Loads all that, and lets processes have turns in between: together it would hold them up for some milliseconds. */
async function loadInTurns(): Promise<void> {
  for (const part of PARTS) {
    process.getBuiltinModule(part);
    await nextTurn();
  }
}

function nextTurn(): Promise<void> {
  return new Promise((next) => setTimeout(next, TURN));
}

/** What `LUNATIC_SCHEDULERS` says; 0 for as many as there are cores. */
function schedulersByDefault(): number {
  const number = Number(process.env['LUNATIC_SCHEDULERS'] ?? '');
  return Number.isInteger(number) && number > 0 ? Math.min(number, MOST_SCHEDULERS) : 0;
}

/** Whether somebody has asked for several, or for one. */
export function tellsSchedulers({ schedulers }: SchedulerFlags): boolean {
  return schedulers !== undefined || schedulersByDefault() !== 0;
}

export function whereOf({ placeChildren }: SchedulerFlags): Where {
  return placeChildren === 'apart' ? Where.Apart : placeChildren === 'beside' ? Where.Beside : Where.Usual;
}
