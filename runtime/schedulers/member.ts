import { rmSync } from 'node:fs';
import { FIRST_SCHEDULER, type SchedulerIndex } from '../kernel/ids.ts';
import { SCHEDULER_VARIABLE } from '../kernel/lazy-placement.ts';
import type { Runtime } from '../runtime.ts';
import { knock, openDoor } from './door.ts';
import type { Membership, SupervisorOptions } from './supervisor.ts';
import { SchedulerSystem } from './system.ts';

/** What this OS process is told if it was started as a scheduler, once; null if it was not. */
export function takeMembership(): Membership | null {
  const text = process.env[SCHEDULER_VARIABLE];
  if (text === undefined) return null;
  delete process.env[SCHEDULER_VARIABLE];
  return JSON.parse(text) as Membership;
}

/**
 * Makes this OS process one of the schedulers of a program. It ends when the first one has gone.
 * @param makeRuntime makes a runtime of that index
 * @param prepare called before there is a link to another scheduler
 */
export async function runMember(
  membership: Membership,
  makeRuntime: (index: SchedulerIndex) => Runtime,
  { report, note }: Pick<SupervisorOptions, 'report' | 'note'>,
  prepare: (system: SchedulerSystem, runtime: Runtime) => void = () => {},
): Promise<SchedulerSystem> {
  // The first one gets what is meant for the program. It ends the others.
  // At SIGUSR1, Node would open a port for its own debugger.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGUSR1'] as const) process.on(signal, () => {});
  const leave = (): never => {
    // The first one may have been killed.
    if (process.platform !== 'win32') rmSync(membership.folder, { recursive: true, force: true });
    process.exit(0);
  };
  process.on('disconnect', leave);
  const index = membership.index as SchedulerIndex;
  const runtime = makeRuntime(index);
  const awaited = new Set<number>(membership.peers);
  const { promise, resolve } = Promise.withResolvers<void>();
  const heard = (peer: number) => {
    awaited.delete(peer);
    if (awaited.size === 0) resolve();
  };
  const system = new SchedulerSystem(runtime, null, {
    lost: (peer) => {
      if (peer === FIRST_SCHEDULER) leave();
      heard(peer);
    },
    ready: heard,
    failed: report,
    note,
  });
  system.handles.connect(FIRST_SCHEDULER, process);
  runtime.scheduler.placement = system.placing;
  prepare(system, runtime);
  await openDoor(membership, index, (peer, link) => system.join(peer, link, true));
  for (const peer of membership.peers as SchedulerIndex[]) {
    knock(membership, index, peer).then(
      (link) => system.join(peer, link, false),
      () => heard(peer),
    );
  }
  await promise;
  system.begin();
  return system;
}
