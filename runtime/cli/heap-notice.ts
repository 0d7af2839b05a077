import type { SchedulerObserver } from '../kernel/observers.ts';
import { countOf } from '../text/quantities.ts';
import type { Reports } from './report.ts';

/** Says what leads there before V8 ends the command with a fatal error, when nobody can say anything any more. */
export function heapNotice(reports: Reports): Required<Pick<SchedulerObserver, 'onHeapFilling'>> {
  return {
    onHeapFilling: ({ id, environment }) =>
      reports.print(
        `lunatic: three quarters of V8's heap are in use, with ${countOf(environment.size, 'process')}; process ${id} had the last turn. ` +
          'If it fills up, V8 ends the command with a fatal error. --max-host-memory, --max-mailbox and --max-processes bound what a ' +
          'program has there; what --allow-gc allows has no bound. NODE_OPTIONS=--max-old-space-size=MEBIBYTES makes the heap larger.\n',
      ),
  };
}
