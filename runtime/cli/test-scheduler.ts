import type { Debugging } from '../kernel/debugging.ts';
import { sharedDatabases } from '../permissions/shared-databases.ts';
import { Runtime } from '../runtime.ts';
import { FarTests } from '../schedulers/far-tests.ts';
import { heapNotice } from './heap-notice.ts';
import { openLog } from './log.ts';
import { moduleCache } from './module-cache.ts';
import { moduleLimits } from './module-limits.ts';
import { logExit } from './process-log.ts';
import { Reports, reportProcesses } from './report.ts';
import { FarOutlet, runAsScheduler, SentReports } from './schedulers.ts';
import { Sources } from './sources.ts';
import { stackStyle } from './stack-style.ts';
import type { StandardOutput } from './standard-output.ts';
import type { TestCommand } from './test-settings.ts';

const STDERR = 2;

/** Runs this OS process as one of several schedulers of tests. */
export async function runTestScheduler(
  files: readonly string[],
  command: TestCommand,
  streams: StandardOutput,
): Promise<never> {
  const { inspect, inspectWait, permissions, timeout } = command;
  const outlet = new FarOutlet();
  const log = openLog(new SentReports(outlet), 'error', command);
  let isLoading = false;
  // Of several files nobody says which one it is.
  const path = files.length === 1 ? (files[0] ?? null) : null;
  const debugging = inspect?.debug ? await openDebugging(() => (isLoading ? path : null)) : undefined;
  const isInspected = inspect !== undefined || inspectWait;
  const sources = new Sources(() => stackStyle(STDERR, command.color));
  sharedDatabases.share();
  return await runAsScheduler(
    (index) => {
      const runtime = new Runtime({
        index,
        ...moduleLimits(permissions),
        store: moduleCache(process.env, log),
        ...(debugging === undefined ? {} : { debugging }),
        compilesAhead: true,
        observer: {
          onExit: (ended, exit) => logExit(log, ended, exit),
          // V8 may end this scheduler before another one can print it.
          ...heapNotice(new Reports(streams.error)),
        },
      });
      // Stacks of processes that wait for messages are looked at when the time is up.
      if (timeout !== undefined) runtime.scheduler.stacks.keepRare();
      return runtime;
    },
    {
      log,
      outlet,
      describe: (environment, scheduler) => reportProcesses(environment, scheduler, sources),
      onConnect: (system, { scheduler }) => void new FarTests(system, scheduler, isInspected),
      loadsProgram: (begins) => {
        isLoading = begins;
      },
      isInspected,
    },
  );
}

/** The code is loaded only if it is needed. */
async function openDebugging(pathOf: () => string | null): Promise<Debugging> {
  const { debugging } = await import('./debugging.ts');
  return debugging(pathOf);
}
