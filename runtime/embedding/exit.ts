import { type Exit, isNormal } from '../kernel/exit.ts';
import { processStack } from '../kernel/guest-stack.ts';
import type { Process } from '../kernel/process.ts';
import type { StackFrame } from '../symbols/stack-frame.ts';

/** How a process ended. */
export interface ProcessExit {
  /**
   *  - `returned`: its entry function returned
   *  - `exited`: it called `proc_exit`; `code` tells with which code
   *  - `killed`: by a kill signal, or by the failure of a process that it was linked to
   *  - `trapped`: by a trap of WebAssembly or of a host function
   *  - `no-entry`: the entry function is missing, or takes other parameters
   *  - `bug`: by an error in the runtime
   */
  readonly kind: 'returned' | 'exited' | 'killed' | 'trapped' | 'no-entry' | 'bug';
  /** Whether links and monitors see a normal end: it returned, or exited with code 0. */
  readonly normal: boolean;
  /** The code that it exited with; undefined for every other kind. */
  readonly code: number | undefined;
  /** Why it failed, for people; undefined after a normal end, an exit or a kill. */
  readonly message: string | undefined;
  /**
   * Where it trapped, innermost call first, as many calls as `Error.stackTraceLimit` allows. Empty where that is unknown, and
   * for every other kind.
   */
  readonly stack: readonly StackFrame[];
}

/** What the embedding program learns of the end of a process. */
export function describeExit(process: Process, exit: Exit): ProcessExit {
  return {
    kind: exit.kind,
    normal: isNormal(exit),
    code: 'code' in exit ? exit.code : undefined,
    message: 'message' in exit ? exit.message : undefined,
    stack: 'error' in exit ? processStack(exit.error, process) : [],
  };
}
