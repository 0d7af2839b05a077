import { processStack } from '../kernel/guest-stack.ts';
import type { Process } from '../kernel/process.ts';
import type { Modules } from './modules.ts';
import type { ProcessIndex } from './process-index.ts';
import type { Notifications } from './protocol.ts';

/** Processes that are told of in a second: more could trap than anybody looks at. */
const MAX_TOLD = 20;
const SECOND = 1000;
/** Calls of each that are told at most. */
const MAX_CALLS = 50;

/** A client that wants to know of every trap. */
export interface TrapWatcher {
  trapped(event: Notifications['process/trapped']): void;
}

/** Tells clients where processes have trapped, which are gone then. */
export class Traps {
  readonly watchers = new Set<TrapWatcher>();
  readonly #index: ProcessIndex;
  readonly #modules: Modules;
  #second = 0;
  #told = 0;

  constructor(index: ProcessIndex, modules: Modules) {
    this.#index = index;
    this.#modules = modules;
  }

  /** Must be called when a process has ended, before its mailbox and memory are released. */
  exited(process: Process): void {
    const { exit } = process;
    if (this.watchers.size === 0 || exit?.kind !== 'trapped' || !this.#takeTurn()) return;
    const module = this.#modules.keyOf(process.module);
    const calls = processStack(exit.error, process, MAX_CALLS);
    const event = {
      process: this.#index.info(process),
      end: this.#index.ended(process).end,
      stack: { frames: calls.map((call) => ({ ...call, module })) },
    };
    for (const watcher of this.watchers) watcher.trapped(event);
  }

  #takeTurn(): boolean {
    const second = Math.floor(performance.now() / SECOND);
    if (this.#second !== second) {
      this.#second = second;
      this.#told = 0;
    }
    return ++this.#told <= MAX_TOLD;
  }
}
