import { availableParallelism } from 'node:os';
import type { Inspector } from '../inspect/inspector.ts';
import type { SchedulerIndex } from '../kernel/ids.ts';
import type { Placement } from '../kernel/placement.ts';
import type { Metrics } from '../metrics/metrics.ts';
import type { Runtime } from '../runtime.ts';
import { runMember, takeMembership } from '../schedulers/member.ts';
import { Supervisor, type SupervisorOptions } from '../schedulers/supervisor.ts';
import type { SchedulerSystem } from '../schedulers/system.ts';
import { answerReports, type DescribeProcesses, type FarOutlet, FarReports } from './far-reports.ts';
import type { Log } from './log.ts';
import type { Reports } from './report.ts';

export { FarOutlet, SentReports } from './far-reports.ts';

/** How many schedulers there may be for processes that wait, unless somebody says how many there are to be. */
const MOST_FOR_ROOM = 64;

/** The log target of what schedulers do. */
const TARGET = 'lunatic::schedulers';

/** What the first scheduler does for all. */
export interface FirstScheduler {
  /** How many there may be; 0 for as many as there are cores. */
  readonly most: number;
  readonly log: Log;
  readonly reports: Reports;
  /** Lets clients look at the processes of this one. */
  readonly inspector: Inspector | null;
  /** Those of this one, which are served. */
  readonly metrics: Metrics | undefined;
}

/** What there is besides the first scheduler. */
export interface OpenedSchedulers {
  readonly placement: Placement;
  readonly far: FarReports;
  readonly system: SchedulerSystem;
  /** Ends all others, at once. */
  close(): void;
}

/** Makes the runtime of this command the first scheduler of several. */
export async function openSchedulers(
  runtime: Runtime,
  { most, log, reports, inspector, metrics }: FirstScheduler,
): Promise<OpenedSchedulers> {
  const inspected = inspector === null ? null : await import('../schedulers/inspected-system.ts');
  const [, file = '', ...args] = process.argv;
  const { execArgv } = process;
  const supervisor = new Supervisor(runtime, {
    most: most === 0 ? availableParallelism() : most,
    mostForRoom: most === 0 ? MOST_FOR_ROOM : most,
    // The same command line: the others read the same options.
    command: { file, args, execArgv },
    ...notesIn(log),
  });
  const { system } = supervisor;
  if (inspected !== null && inspector !== null) new inspected.InspectedSystem(system, inspector);
  if (metrics !== undefined) {
    const { collectMetrics } = await import('../schedulers/far-metrics.ts');
    collectMetrics(system, metrics);
  }
  const far = new FarReports(system, reports);
  return { placement: system.placing, far, system, close: () => supervisor.close() };
}

/** What another scheduler does for the first one. */
export interface OtherScheduler {
  readonly log: Log;
  /** Where its reports go. */
  readonly outlet: FarOutlet;
  /** Tells what processes are doing. */
  readonly describe: DescribeProcesses;
  /** Called before there is a link to another scheduler. */
  readonly onConnect: ((system: SchedulerSystem, runtime: Runtime) => void) | null;
  /** See `SchedulerSystem`. */
  readonly loadsProgram: (isLoading: boolean) => void;
  /** Whether clients of the first one may look at its processes. */
  readonly isInspected: boolean;
}

/**
 * Makes this OS process another scheduler of a program, if it was started as one.
 * @param makeRuntime makes its runtime
 * @returns a promise that never resolves, since others end this OS process
 */
export async function runAsScheduler(
  makeRuntime: (index: SchedulerIndex) => Runtime,
  { log, outlet, describe, onConnect, loadsProgram, isInspected }: OtherScheduler,
): Promise<never> {
  const membership = takeMembership();
  if (membership === null) throw new Error('this OS process was not started as a scheduler');
  const inspected = isInspected ? await import('../schedulers/inspected-member.ts') : null;
  await runMember(membership, makeRuntime, notesIn(log), (system, runtime) => {
    outlet.connect(system);
    onConnect?.(system, runtime);
    system.loadsProgram = loadsProgram;
    answerReports(system, runtime.scheduler, describe);
    if (inspected !== null) new inspected.InspectedMember(system, runtime.scheduler);
  });
  return await new Promise<never>(() => {});
}

function notesIn(log: Log): Pick<SupervisorOptions, 'report' | 'note'> {
  return {
    report: (text) => log.write('error', TARGET, () => text),
    note: (text) => log.write('debug', TARGET, text),
  };
}
