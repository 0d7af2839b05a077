import { type Exit, isNormal } from '../kernel/exit.ts';
import type { ProcessId } from '../kernel/ids.ts';
import type { Process } from '../kernel/process.ts';

/** The process whose failure ended another one, or itself. */
export interface DeathCause {
  readonly process: Process;
  readonly exit: Exit;
}

/**
 * Finds out which failure a process died of: links kill without a word, so where a whole tree went down only the
 * first of its processes can tell why.
 */
export class DeathCauses {
  /** Of processes that a link is about to kill. */
  readonly #pending = new Map<ProcessId, DeathCause>();

  /** To be told of every end, before links are. Returns what the process died of; null after a normal end. */
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
