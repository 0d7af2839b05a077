/** Another scheduler of the tests' runtime, in an OS process of its own: see `several-schedulers.ts`. */

import { Runtime } from '../../../runtime/internal.ts';
import { sharedDatabases } from '../../../runtime/permissions/shared-databases.ts';
import { runMember, takeMembership } from '../../../runtime/schedulers/member.ts';
import type { SchedulerSystem } from '../../../runtime/schedulers/system.ts';
import { ENDED, type EndedProcess, encodeEnd } from './ended-process.ts';

const membership = takeMembership();
if (membership === null) throw new Error('the tests have not started this');
sharedDatabases.share();
let system: SchedulerSystem | null = null;
const tell = (ended: EndedProcess): void => {
  // The first scheduler may have ended.
  void system?.requests.request(0, ENDED, encodeEnd(ended)).catch(() => {});
};
const say = (text: string): void => {
  process.stderr.write(`scheduler ${membership.index}: ${text}\n`);
};
system = await runMember(
  membership,
  (index) =>
    new Runtime({
      index,
      observer: { onExit: ({ id, entry, config }, exit) => tell({ id, entry: entry.name, config, exit }) },
    }),
  { report: say, note: () => {} },
);
