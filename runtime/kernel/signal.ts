/**
 * Everything that reaches a process is a signal (abi 2.6). Routers bring signals to their processes: on this scheduler as
 * the objects that they are, to others as bytes (`codec/signal-codec.ts`).
 */
import type { ProcessId } from './ids.ts';
import type { Message } from './message.ts';
import type { Tag } from './tag.ts';

/** How a process ended, as far as its links care (abi 2.7). */
export type DeathReason = 'normal' | 'failure' | 'no-process';

export type Signal =
  | { readonly kind: 'message'; readonly message: Message }
  | { readonly kind: 'kill' }
  | { readonly kind: 'die-when-link-dies'; readonly die: boolean }
  | { readonly kind: 'link'; readonly peer: ProcessId; readonly tag: Tag }
  /** Own: of the process that unlinks, to itself. That was charged no more when it did so, and may have linked again since. */
  | { readonly kind: 'unlink'; readonly peer: ProcessId; readonly own: boolean }
  | {
      readonly kind: 'link-died';
      readonly peer: ProcessId;
      readonly tag: Tag;
      readonly reason: DeathReason;
    }
  | { readonly kind: 'monitor'; readonly peer: ProcessId }
  /** Answers `monitor` from another scheduler, where there is no such process. */
  | { readonly kind: 'not-monitored'; readonly peer: ProcessId }
  | { readonly kind: 'stop-monitoring'; readonly peer: ProcessId }
  | { readonly kind: 'process-died'; readonly peer: ProcessId };

export const KILL: Signal = { kind: 'kill' };
