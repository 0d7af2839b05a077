import type { ProcessInfo } from '../protocol.ts';

export type ViewedState = ProcessInfo['state'] | 'ended';

/**
 * A process as clients display it: as it is, or in the state `ended` as it was at last. Then `since` is the time of its
 * end, and `end` tells how it has ended.
 */
export interface ViewedProcess extends Omit<ProcessInfo, 'state'> {
  readonly state: ViewedState;
}
