import { andThen, fail, OK } from '../../hostcall/conventions.ts';
import type { ModuleLoader } from '../../hostcall/function.ts';
import { afterPieces, inPieces, PIECE } from '../../hostcall/pieces.ts';
import type { LoadedModule } from '../../kernel/module.ts';
import type { Scheduler } from '../../kernel/scheduler.ts';
import { KILLED } from '../../kernel/trap.ts';
import { PERMISSIONS } from '../../permissions/permission.ts';
import { process } from './namespace.ts';

/** Functions of `lunatic::process` for modules. */

/** Bytes that compiling takes for each byte of a module, while it lasts. */
const COMPILE_COST = 8;

process.define(
  'compile_module',
  '(module_data_ptr: i32, module_data_len: i32, id_ptr: i32) -> i32',
  { since: '0.9.0', suspends: true, needs: 'compile' },
  'Compiles a module. Returns 0 with a module id, 1 with an error id, -1 without the permission.',
  ({ scheduler, modules }) =>
    (pointer: number, length: number, idPointer: number) => {
      const { current } = scheduler;
      if (!PERMISSIONS.compile.isGrantedBy(current.config)) return -1;
      const { length: size } = current.memory.slice(pointer, length);
      current.memory.check(idPointer, 8);
      const cost = COMPILE_COST * size;
      current.account.charge(cost);
      const finish = (outcome: LoadedModule | Error): number => {
        current.account.release(cost);
        if (outcome instanceof Error) return fail(current, idPointer, outcome.message);
        current.memory.writeId(idPointer, current.modules.add(outcome));
        return OK;
      };
      return afterPieces(copied(scheduler, pointer, size), (bytes) => {
        const outcome = load(modules, bytes);
        return outcome instanceof Promise ? andThen(outcome, finish) : finish(outcome);
      });
    },
);

/** Copies a module out of the memory of the current process, to where another thread sees it as well. */
function copied(scheduler: Scheduler, pointer: number, size: number): Uint8Array | Promise<Uint8Array> {
  const { memory } = scheduler.current;
  const bytes = new Uint8Array(new SharedArrayBuffer(size));
  let at = 0;
  return inPieces(scheduler, () => {
    const length = Math.min(PIECE, size - at);
    bytes.set(memory.slice(pointer + at, length), at);
    at += length;
    return at === size ? bytes : undefined;
  });
}

/** Loads a module, or returns what is wrong with it. */
function load(
  modules: ModuleLoader,
  bytes: Uint8Array,
): LoadedModule | Error | Promise<LoadedModule | Error> {
  try {
    const module = modules.load(bytes);
    return module instanceof Promise ? module.catch(asProblem) : module;
  } catch (error) {
    return asProblem(error);
  }
}

/** @throws what is not the module's fault: the process is killed */
function asProblem(error: unknown): Error {
  if (error === KILLED) throw error;
  return error instanceof Error ? error : new Error(String(error));
}

process.define(
  'drop_module',
  '(module_id: i64)',
  { since: '0.5.0' },
  'Releases a module. Its processes go on.',
  ({ scheduler }) =>
    (id: bigint) => {
      scheduler.current.modules.remove(id);
    },
);
