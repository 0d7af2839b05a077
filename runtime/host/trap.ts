import { Namespace } from '../hostcall/function.ts';
import { hostTrap, KILLED, trapCause } from '../kernel/trap.ts';

/** `lunatic::trap` (abi 12): calls a function that may trap. */
export const trap = new Namespace('lunatic::trap');

/** How deep catches may be nested in a process. Each takes a stack of its own. */
const MAX_DEPTH = 256;

/** The export through which the guest's function is called. */
const TRAMPOLINE = '_lunatic_catch_trap';

trap.define(
  'catch',
  '(function: i32, pointer: i32) -> i32',
  { since: '0.13', blocking: true },
  'Calls the export `_lunatic_catch_trap` with both values and returns its result, or 0 if it trapped.',
  ({ scheduler }) =>
    (fn: number, pointer: number) => {
      const process = scheduler.current;
      const { module, instance } = process;
      const type = module.exportedFunction(TRAMPOLINE);
      if (type === undefined || instance === null) {
        throw hostTrap(`the module exports no function "${TRAMPOLINE}", which lunatic::trap::catch calls`);
      }
      const [result] = type.results;
      if (type.params.join() !== 'i32,i32' || type.results.length !== 1) return 0;
      if (result !== 'i32') throw hostTrap(`"${TRAMPOLINE}" must return an i32`);
      if (process.catchDepth >= MAX_DEPTH)
        throw hostTrap(`lunatic::trap::catch is nested ${MAX_DEPTH} times`);
      const refusal = scheduler.capacity.admit(0);
      if (refusal !== null) throw hostTrap(refusal);
      scheduler.capacity.beginStack();
      process.catchDepth++;

      const call = WebAssembly.promising(instance.exports[TRAMPOLINE] as (f: number, p: number) => number);
      // Called from the bottom of the JavaScript stack: if it were nested, a guest could exhaust the stack within the kernel.
      return Promise.resolve()
        .then(() => call(fn, pointer))
        .catch((error: unknown) => {
          // A kill cannot be caught. Anything else can.
          if (trapCause(error)?.kind === 'kill') throw KILLED;
          return 0;
        })
        .finally(() => {
          process.catchDepth--;
          scheduler.capacity.releaseStack(true);
        });
    },
);
