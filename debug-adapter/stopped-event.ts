import { Event } from '@vscode/debugadapter';
import type { DebugProtocol } from '@vscode/debugprotocol';
import type { Notifications, StopReason } from '../runtime/inspect/protocol.ts';
import { isFailure, processActivity } from '../runtime/inspect/view/index.ts';

/** How the protocol calls why processes stop, where it has a name of its own. */
const REASONS: Partial<Record<StopReason, string>> = {
  failure: 'exception',
  event: 'exception',
  data: 'data breakpoint',
};

interface Stop {
  readonly threadId: number;
  /** The ids of the breakpoints that it is at. */
  readonly hit: readonly number[];
  /** What there is to say of it. Default: what the event tells. */
  readonly text: string | undefined;
  /** The name of the exception filter that has stopped it, if one has. */
  readonly filter: string | undefined;
}

/** Tells a client that a process has stopped. */
export function processStopped(
  { process, why, event }: Notifications['process/stopped'],
  { threadId, hit, text, filter }: Stop,
): DebugProtocol.StoppedEvent {
  const body: DebugProtocol.StoppedEvent['body'] = {
    reason: REASONS[why] ?? why,
    threadId,
    allThreadsStopped: false,
    ...(hit.length === 0 ? {} : { hitBreakpointIds: [...hit] }),
  };
  if (text !== undefined) body.text = text;
  if (why === 'data') body.description = 'Paused on data breakpoint';
  if (why === 'failure') {
    body.description = process.end?.kind === 'exited' ? 'Paused on failed exit' : 'Paused on trap';
    body.text = processActivity(process);
  }
  if (event !== undefined) {
    body.description = `Paused on ${filter ?? 'event'}`;
    // The message of a panic says more.
    if (why !== 'failure' || process.end === undefined || !isFailure(process.end)) body.text = event;
  }
  return stoppedEvent(body);
}

export function stoppedEvent(body: DebugProtocol.StoppedEvent['body']): DebugProtocol.StoppedEvent {
  return Object.assign(new Event('stopped'), { event: 'stopped' as const, type: 'event' as const, body });
}
