import { isStackOverflow, trapCause } from './trap.ts';

/** How a process ended. */
export type Exit =
  /** The entry function returned. */
  | { readonly kind: 'returned' }
  /** `proc_exit(code)`. */
  | { readonly kind: 'exited'; readonly code: number }
  /** A kill signal, or a link that died. */
  | { readonly kind: 'killed' }
  /** The process could not be started: its entry function is missing or has the wrong type. */
  | { readonly kind: 'no-entry'; readonly message: string }
  /** A trap of the engine or of a host function. `error` carries the stack. */
  | { readonly kind: 'trapped'; readonly message: string; readonly error: Error }
  /** A host function failed in a way that it should not. */
  | { readonly kind: 'bug'; readonly message: string; readonly error: Error };

export const RETURNED: Exit = { kind: 'returned' };
export const KILLED_EXIT: Exit = { kind: 'killed' };

/** Whether links and monitors see a normal end (abi 2.7). */
export function isNormal(exit: Exit): boolean {
  return exit.kind === 'returned' || (exit.kind === 'exited' && exit.code === 0);
}

/** Tells how a process ended from the error that unwound its stack. */
export function exitFromError(error: unknown): Exit {
  const cause = trapCause(error);
  switch (cause?.kind) {
    case 'kill':
      return KILLED_EXIT;
    case 'exit':
      return { kind: 'exited', code: cause.code };
    case 'no-entry':
      return { kind: 'no-entry', message: cause.message };
    case 'bug':
      return bug(cause.error);
    case 'host':
    case 'fuel':
    case undefined:
      break;
  }
  if (error instanceof WebAssembly.RuntimeError) return { kind: 'trapped', message: error.message, error };
  if (isStackOverflow(error)) return { kind: 'trapped', message: 'call stack exhausted', error };
  if (error instanceof WebAssembly.Exception) {
    return { kind: 'trapped', message: 'uncaught wasm exception', error };
  }
  return bug(error);
}

function bug(error: unknown): Exit {
  const proper = error instanceof Error ? error : new Error(String(error));
  return { kind: 'bug', message: proper.message, error: proper };
}
