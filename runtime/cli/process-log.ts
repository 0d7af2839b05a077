import { processEnd } from '../inspect/process-end.ts';
import { displayedNames } from '../inspect/snapshot.ts';
import { endText } from '../inspect/view/index.ts';
import { type Exit, isNormal } from '../kernel/exit.ts';
import { formatStack, processStack } from '../kernel/guest-stack.ts';
import type { Process } from '../kernel/process.ts';
import { stackLines } from '../symbols/stack-frame.ts';
import { printableLines } from '../text/printable.ts';
import type { Log } from './log.ts';
import type { Sources } from './sources.ts';

/** The log target for the ends of processes. */
const TARGET = 'lunatic::process';

/** How to see more of a failure. */
const HINT = ' (--log debug shows the stack)';

/** Failures in a second whose calls are located: others may follow each other faster than anybody reads. */
const MAX_LOCATED = 20;
const SECOND = 1000;

/** How many failures of a second were located. */
const located = { second: 0, count: 0 };

/**
 * Logs how a process ended (abi 21.1). Failures are warnings with their reason, except for the exit status of a root process. The stack of a root process is always
 * logged, those of others at level debug. It must be called while the process still has its links.
 * @param sources finds stacks in the sources, if that is wanted
 */
export function logExit(log: Log, process: Process, exit: Exit, sources?: Sources): void {
  if (exit.kind === 'bug') {
    log.write('error', TARGET, () => `${failed(process)}\n${describeBug(exit.error)}`);
  } else if (exit.kind === 'killed') {
    log.write('warn', TARGET, () => {
      const reason =
        process.parent === null ? '\nby a kill signal, or because a process it is linked to died' : '';
      return `Process ${process.id} was killed, ${notifying(process)}${reason}`;
    });
  } else if (exit.kind === 'exited' && process.parent === null && exit.code !== 0) {
    // A root process that means to say a number: whoever started the command gets it as the exit status.
    log.write(
      'info',
      TARGET,
      () =>
        `Process ${nameOrId(process)} ended, ${notifying(process)}\n${describeFailure(process, exit, false)}`,
    );
  } else if (isNormal(exit)) {
    log.write('debug', TARGET, () => `Process ${nameOrId(process)} ended, ${notifying(process)}`);
  } else {
    const detailed = process.parent === null || log.allows('debug', TARGET);
    if (sources !== undefined && logLocated(log, process, exit, sources, detailed)) return;
    log.write('warn', TARGET, () => `${failed(process)}\n${describeFailure(process, exit, detailed)}`);
  }
}

/** Logs a failure with where it happened in the sources. Returns false if nothing is known of these, or nobody reads it. */
function logLocated(log: Log, process: Process, exit: Exit, sources: Sources, detailed: boolean): boolean {
  if (exit.kind !== 'trapped' || log.isFull || !log.allows('warn', TARGET)) return false;
  if (!sources.mayKnow(process.module) || (!detailed && !takeTurn())) return false;
  const stack = processStack(exit.error, process);
  const found = sources.locate(process.module, stack, !detailed);
  if (found === null) return false;
  const head = failed(process);
  const reason = endText(processEnd(exit));
  const short = `${head}\n${reason}${detailed ? '' : HINT}`;
  const text = found.then(({ lines }) => [short, ...lines].join('\n'));
  log.writeLater('warn', TARGET, text, [short, ...(detailed ? stackLines(stack) : [])].join('\n'));
  return true;
}

/** Whether another failure may be located in this second. */
function takeTurn(): boolean {
  const second = Math.floor(performance.now() / SECOND);
  if (located.second !== second) Object.assign(located, { second, count: 0 });
  return ++located.count <= MAX_LOCATED;
}

function failed(process: Process): string {
  return `Process ${nameOrId(process)} failed, ${notifying(process)}`;
}

function notifying(process: Process): string {
  return `notifying: ${process.links?.size ?? 0} links`;
}

/** `3`, or `'logger', 'db'` for a registered process. */
function nameOrId(process: Process): string {
  const names = displayedNames(process);
  return names.length === 0 ? String(process.id) : names.map((name) => `'${name}'`).join(', ');
}

function describeFailure(process: Process, exit: Exit, detailed: boolean): string {
  const reason = endText(processEnd(exit));
  if (exit.kind !== 'trapped') return reason;
  if (!detailed) return `${reason}${HINT}`;
  const stack = formatStack(exit.error, process);
  return stack === '' ? reason : `${reason}\n${stack}`;
}

function describeBug(error: Error): string {
  return `by an error in the runtime, please report it:\n${printableLines(error.stack ?? error.message)}`;
}
