import { type Exit, isNormal } from '../kernel/exit.ts';
import type { ProcessId } from '../kernel/ids.ts';
import type { Process } from '../kernel/process.ts';

/** The process whose failure ended another one, or itself. */
export interface DeathCause {
  readonly process: Process;
  readonly exit: Exit;
}

/**
 * Finds out which failure a process died of. Links kill without a message: when a whole tree of processes dies, only the
 * first of them can tell why.
 */
export class DeathCauses {
  /** The causes for processes that a link is about to kill. */
  readonly #pending = new Map<ProcessId, DeathCause>();

  /** Must be called for the end of every process before its links hear of it. Returns the cause, or null after a normal end. */
  observe(process: Process, exit: Exit): DeathCause | null {
    const inherited = this.#pending.get(process.id);
    this.#pending.delete(process.id);
    if (isNormal(exit)) return null;
    const cause = exit.kind === 'killed' && inherited !== undefined ? inherited : { process, exit };
    for (const peer of process.links?.keys() ?? []) {
      const target = process.environment.get(peer);
      if (target?.dieWhenLinkDies && !target.killed) this.#pending.set(peer, cause);
    }
    return cause;
  }
}
