import type { Environment } from './environment.ts';
import type { ProcessId } from './ids.ts';
import type { Process } from './process.ts';

/** Tells the processes that are linked to others, or monitor them, that these have been lost with all that they were on. */
export function tellOfLost(environment: Environment<Process>, isLost: (id: ProcessId) => boolean): void {
  const { router } = environment;
  for (const process of [...environment.processes()]) {
    for (const peer of [...(process.links?.keys() ?? [])]) {
      const tag = process.deathTag(peer);
      if (isLost(peer)) router.deliver(process.id, { kind: 'link-died', peer, tag, reason: 'failure' });
    }
    for (const peer of [...process.monitored])
      if (isLost(peer)) router.deliver(process.id, { kind: 'process-died', peer });
  }
}
