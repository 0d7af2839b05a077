import type { ProcessKey } from '../../runtime/inspect/protocol.ts';
import { AdapterError, ErrorId } from '../errors.ts';
import type { Session } from '../session.ts';

/** Returns the process of a thread. @throws AdapterError if the thread does not exist, or no longer */
export function processOf({ ids }: Session, threadId: number): ProcessKey {
  const process = ids.process(threadId);
  if (process === undefined)
    throw new AdapterError(ErrorId.NoThread, `There is no thread ${threadId} any more`);
  return process;
}
