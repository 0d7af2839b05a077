import { processStack } from '../kernel/guest-stack.ts';
import type { LoadedModule } from '../kernel/module.ts';
import type { Process } from '../kernel/process.ts';
import type { Scheduler } from '../kernel/scheduler.ts';
import { displayName } from '../text/display-name.ts';
import { statusOf } from './process-info.ts';
import { type ProcessSnapshot, plainName, processActivity } from './view/process-text.ts';

/** The most registered names of a process that are displayed. */
const DISPLAYED_NAMES = 3;

/** What a process was doing, with what its stack is found by. */
export interface Snapshot extends ProcessSnapshot {
  readonly module: LoadedModule;
}

/** What processes are doing, at most so many, in their order. Nothing happens to them while their stacks are looked at. */
export function snapshots(
  processes: Iterable<Process>,
  scheduler: Scheduler,
  limit: number,
): Promise<Snapshot[]> {
  const found: Promise<Snapshot>[] = [];
  for (const process of processes) {
    if (found.length === limit) break;
    found.push(snapshot(process, scheduler));
  }
  return Promise.all(found);
}

async function snapshot(process: Process, scheduler: Scheduler): Promise<Snapshot> {
  const { id, mailbox, module } = process;
  const activity = processActivity(statusOf(process));
  const seen = { id, names: displayedNames(process), activity, messages: mailbox.length, module };
  const error = await scheduler.stacks.of(process);
  return { ...seen, stack: error === null ? [] : processStack(error, process) };
}

/** `process 3 (logger, db)` */
export function describeProcess(process: Pick<Process, 'registry' | 'id'>): string {
  return plainName(process.id, displayedNames(process));
}

/** Some of the names under which a process is registered, fit to be displayed. */
export function displayedNames({ registry, id }: Pick<Process, 'registry' | 'id'>): string[] {
  return registry.namesOf(id, DISPLAYED_NAMES).map(displayName);
}
