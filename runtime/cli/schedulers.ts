import { availableParallelism } from 'node:os';
import type { Inspector } from '../inspect/inspector.ts';
import type { SchedulerIndex } from '../kernel/ids.ts';
import type { LoadedModule } from '../kernel/module.ts';
import type { Placement } from '../kernel/placement.ts';
import type { Runtime } from '../runtime.ts';
import { InspectedMember } from '../schedulers/inspected-member.ts';
import { InspectedSystem } from '../schedulers/inspected-system.ts';
import { runMember, takeMembership } from '../schedulers/member.ts';
import { Supervisor, type SupervisorOptions } from '../schedulers/supervisor.ts';
import type { Log } from './log.ts';

/** The log target of what schedulers do. */
const TARGET = 'lunatic::schedulers';

/**
 * Makes the runtime of this command the first scheduler of several.
 * @param most how many there may be; 0 for as many as there are cores
 * @param module that of the program, which the others will need
 * @param inspector lets clients look at the processes of this one
 */
export function openSchedulers(
  runtime: Runtime,
  most: number,
  module: LoadedModule,
  log: Log,
  inspector: Inspector | null,
): Placement {
  const [, file = '', ...args] = process.argv;
  const { execArgv } = process;
  const supervisor = new Supervisor(runtime, {
    most: most === 0 ? availableParallelism() : most,
    // The same command line: the others read the same options.
    command: { file, args, execArgv },
    settings: null,
    ...notesIn(log),
  });
  supervisor.system.addModule(module);
  if (inspector !== null) new InspectedSystem(supervisor.system, inspector);
  return supervisor.system.placement;
}

/**
 * Makes this OS process another scheduler of a program, if it was started as one.
 * @param makeRuntime makes its runtime
 * @param isInspected whether clients of the first one may look at its processes
 * @returns a promise that never resolves, since others end this OS process
 */
export async function runAsScheduler(
  makeRuntime: (index: SchedulerIndex) => Runtime,
  log: Log,
  isInspected: boolean,
): Promise<never> {
  const membership = takeMembership();
  if (membership === null) throw new Error('this OS process was not started as a scheduler');
  await runMember(membership, makeRuntime, notesIn(log), (system, { scheduler }) => {
    if (isInspected) new InspectedMember(system, scheduler);
  });
  return await new Promise<never>(() => {});
}

function notesIn(log: Log): Pick<SupervisorOptions, 'report' | 'note'> {
  return {
    report: (text) => log.write('error', TARGET, () => text),
    note: (text) => log.write('debug', TARGET, text),
  };
}
