import type { ProcessKey } from '../../runtime/inspect/protocol.ts';
import { AdapterError, ErrorId } from '../errors.ts';
import type { Session } from '../session.ts';

/** @throws AdapterError where the thread is none, or none any more */
export function processOf({ ids }: Session, threadId: number): ProcessKey {
  const process = ids.process(threadId);
  if (process === undefined)
    throw new AdapterError(ErrorId.NoThread, `There is no thread ${threadId} any more`);
  return process;
}
