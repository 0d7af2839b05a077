import { existsSync } from 'node:fs';
import { areThreadsBusy } from '../host/sqlite/thread.ts';

const SHELL = '/bin/sh';

/**
 * Must be called right before the command exits: Node would wait for the threads, and a statement of SQLite in one of them cannot be
 * stopped. Another program in place of this one ends them all, and has the exit status.
 * @param atOnce whether it must not wait for V8's threads either, which may take minutes to optimize a function of a guest
 */
export function leaveThreads(atOnce = false): void {
  if (!(atOnce || areThreadsBusy()) || typeof process.execve !== 'function' || !existsSync(SHELL)) return;
  process.on('exit', (code) => process.execve?.(SHELL, ['sh', '-c', `exit ${code}`], {}));
}
