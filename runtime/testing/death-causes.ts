import type { Environment } from '../kernel/environment.ts';
import { type Exit, isNormal } from '../kernel/exit.ts';
import { processStack } from '../kernel/guest-stack.ts';
import type { ProcessId, SchedulerIndex } from '../kernel/ids.ts';
import type { LoadedModule } from '../kernel/module.ts';
import type { Process } from '../kernel/process.ts';
import type { Stdio } from '../kernel/stdio.ts';
import type { StackFrame } from '../symbols/stack-frame.ts';

/** A stack that is not found in the sources yet. */
export interface UnlocatedStack {
  /** The module that its frames are of; null if it is not known any more. */
  readonly module: LoadedModule | null;
  readonly frames: readonly StackFrame[];
}

/** The failure that ended a process, or, by links, others. */
export interface DeathCause {
  /** The process that failed. */
  readonly id: ProcessId;
  readonly exit: Exit;
  /** What it has printed to; null if nobody knows. */
  readonly stdio: Stdio | null;
  /** The stack on which it failed; null if it had none. */
  stack(): UnlocatedStack | null;
}

/**
 * Finds out which failure a process died of. Links kill without a message: when a whole tree of processes dies, only the
 * first of them can tell why.
 */
export class DeathCauses {
  /** The causes for processes that a link is about to kill. */
  readonly #pending = new Map<ProcessId, DeathCause>();
  readonly #tellElsewhere: (peer: ProcessId, cause: DeathCause) => void;

  /** @param tellElsewhere called with the cause for a process that may be on another scheduler, before the link tells it */
  constructor(tellElsewhere: (peer: ProcessId, cause: DeathCause) => void = () => {}) {
    this.#tellElsewhere = tellElsewhere;
  }

  /** Must be called for the end of every process before its links hear of it. Returns the cause, or null after a normal end. */
  observe(process: Process, exit: Exit): DeathCause | null {
    const inherited = this.#pending.get(process.id);
    this.#pending.delete(process.id);
    if (isNormal(exit)) return null;
    const cause = exit.kind === 'killed' && inherited !== undefined ? inherited : causeIn(process, exit);
    const { environment } = process;
    for (const peer of process.links?.keys() ?? []) {
      if (environment.get(peer) !== undefined) this.inherit(environment.get(peer), cause);
      else if (environment.elsewhere?.mayHave(peer)) this.#tellElsewhere(peer, cause);
    }
    return cause;
  }

  /** A scheduler has gone. Those that are linked to the processes that it had are about to hear of it. */
  lose(environment: Environment<Process>, index: SchedulerIndex): void {
    const { elsewhere } = environment;
    if (elsewhere === null) return;
    for (const process of environment.processes())
      for (const peer of process.links?.keys() ?? [])
        if (environment.get(peer) === undefined && elsewhere.place(peer) === index)
          this.inherit(process, lostWith(peer, index));
  }

  /** Takes note of what a process is about to die of, to which the failed one is linked. */
  inherit(process: Process | undefined, cause: DeathCause): void {
    if (process?.dieWhenLinkDies && !process.killed) this.#pending.set(process.id, cause);
  }
}

function causeIn(process: Process, exit: Exit): DeathCause {
  const { id, stdio, module } = process;
  const stack = () => ('error' in exit ? { module, frames: processStack(exit.error, process) } : null);
  return { id, exit, stdio, stack };
}

function lostWith(id: ProcessId, index: SchedulerIndex): DeathCause {
  const message = `scheduler ${index} has ended, on which it ran`;
  return {
    id,
    exit: { kind: 'trapped', message, error: new Error(message) },
    stdio: null,
    stack: () => null,
  };
}
