import type { Arguments } from '../arguments.ts';

/** Requests that change nothing, so that it does not matter whether one that nobody waits for any more is done. */
const READING: ReadonlySet<string> = new Set([
  'breakpointLocations',
  'completions',
  'dataBreakpointInfo',
  'disassemble',
  'exceptionInfo',
  'loadedSources',
  'modules',
  'readMemory',
  'scopes',
  'source',
  'stackTrace',
  'stepInTargets',
  'threads',
  'variables',
  'lunatic/config',
  'lunatic/mailbox',
  'lunatic/memory',
  'lunatic/module',
  'lunatic/peers',
  'lunatic/process',
  'lunatic/processes',
  'lunatic/source',
  'lunatic/stack',
  'lunatic/thread',
]);

/** Those that make a program that of the session: what they have begun is ended. */
const STARTING: ReadonlySet<string> = new Set(['launch', 'attach', 'restart']);

/**
 * What becomes of a request that is cancelled while it is being answered: it is answered at once, or what it starts is given
 * up, or it is done all the same. Only then does the client know what has happened.
 */
export type Cancelling = 'answered' | 'given up' | 'done';

export function cancelling(command: string, args: Arguments): Cancelling {
  if (STARTING.has(command)) return 'given up';
  if (READING.has(command)) return 'answered';
  // Expressions change nothing; commands of the console may.
  const { context } = args.all;
  return command === 'evaluate' && context !== undefined && context !== 'repl' ? 'answered' : 'done';
}
