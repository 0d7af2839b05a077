import { WAIT_AGAIN } from '../wasm/index.ts';
import { type Process, Wait } from './process.ts';

/** Somebody wants to see the stack of a process that waits. */
export interface Look {
  readonly process: Process;
  /** Called once; with null where the stack cannot be seen. */
  readonly seen: (stack: Error | null) => void;
}

/**
 * Takes the next look that can be had from a list, and answers those before it that cannot.
 *
 * Where a host call returns a number, V8 converts what a stack is resumed with on that very stack: code that runs there
 * sees the guest's frames below itself. So a process that waits for a message is resumed with `probe`, which looks, and
 * whose number makes the host call wait again.
 */
export function nextLook(looks: Look[]): { readonly process: Process; readonly probe: number } | null {
  for (let look = looks.shift(); look !== undefined; look = looks.shift()) {
    const { process, seen } = look;
    if (process.exit !== null) {
      seen(null);
    } else if (!isSuspended(process) || process.suspendedIn !== Wait.Receive) {
      seen(process.suspendedAt);
    } else {
      const probe: unknown = {
        valueOf() {
          seen(new Error('suspended'));
          return WAIT_AGAIN;
        },
      };
      return { process, probe: probe as number };
    }
  }
  return null;
}

function isSuspended({ started, queued, killed, heldExit }: Process): boolean {
  return started && !queued && !killed && heldExit === null;
}
