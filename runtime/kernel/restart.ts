import type { Delivery } from './delivery.ts';
import type { Holding } from './holding.ts';
import { copyOf, type Message } from './message.ts';
import type { Process } from './process.ts';

/** Makes a process that can take the place of another one. */
export interface Respawner {
  /** Makes a process with the id, config, module and entry of another one, which has not begun. Returns it, or why it cannot be. */
  respawn(old: Process): Process | string;
}

/** The part of a scheduler that a restart uses. */
export interface Restarting {
  readonly respawner: Respawner | null;
  readonly holding: Holding;
  readonly delivery: Delivery;
  makeReady(process: Process, value: number): void;
}

/**
 * Begins a process anew that stands still: another one of the same id takes its place, with its messages, links, monitors and names, and is
 * paused before its first instruction. All else that it had is released as at its end, but nobody hears of one. What its SDK has
 * passed to it in its first message waits for it again. Must be called between turns.
 * @returns the other one, or why it cannot be made
 */
export function restart(scheduler: Restarting, old: Process): Process | string {
  const fresh = scheduler.respawner?.respawn(old) ?? 'nobody makes processes here';
  if (typeof fresh === 'string') return fresh;
  const { argument, signals, environment } = old;
  if (argument !== null && !isSame(argument, old.mailbox.slice(0, 1)[0]))
    fresh.mailbox.push(copyOf(argument));
  fresh.succeed(old);
  environment.replace(fresh);
  old.signals = null;
  for (const signal of signals ?? []) if (signal.kind !== 'kill') scheduler.delivery.apply(fresh, signal);
  if (!fresh.initialized)
    fresh.onInitialized = (failure) => {
      if (failure === null) scheduler.makeReady(fresh, 0);
    };
  fresh.paused = fresh.parked = true;
  scheduler.holding.abandon(old);
  return fresh;
}

function isSame(message: Message, other: Message | undefined): boolean {
  if (other === undefined || other.tag !== message.tag || other.length !== message.length) return false;
  return Buffer.from(message.bytes).equals(other.bytes);
}
