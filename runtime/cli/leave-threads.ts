import { existsSync } from 'node:fs';
import { areThreadsBusy } from '../host/sqlite/thread.ts';
import { V8_FLAGS } from '../kernel/jspi.ts';
import { setInputBack } from './standard-input.ts';

const SHELL = '/bin/sh';

/** Whether Node has been asked for something that it may write when it exits, as a profile. */
function isObserved(): boolean {
  const { NODE_OPTIONS = '', NODE_V8_COVERAGE = '' } = process.env;
  return (
    NODE_OPTIONS !== '' ||
    NODE_V8_COVERAGE !== '' ||
    process.execArgv.some((flag) => !V8_FLAGS.includes(flag))
  );
}

/**
 * Must be called right before the command exits: Node would wait for its threads. Those of V8 may take minutes to optimize a function
 * of a guest, and a statement of SQLite in one of ours cannot be stopped. Another program in place of this one ends them all, and
 * has the exit status. That is quicker than to take V8 down, too.
 * @param atOnce whether even what Node would write at its end has to be given up
 */
export function leaveThreads(atOnce = false): void {
  if (!atOnce && !areThreadsBusy() && isObserved()) return;
  if (typeof process.execve !== 'function' || !existsSync(SHELL)) return;
  process.on('exit', (code) => {
    setInputBack();
    try {
      process.execve?.(SHELL, ['sh', '-c', `exit ${code}`], {});
    } catch {
      // This system lets nobody execute the shell. The command ends as Node does.
    }
  });
}
