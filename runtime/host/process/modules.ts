import { fail, OK } from '../../hostcall/conventions.ts';
import { process } from './namespace.ts';

/** Functions of `lunatic::process` for modules. */

/** Bytes that compiling takes for each byte of a module, while it lasts. */
const COMPILE_COST = 8;

process.define(
  'compile_module',
  '(module_data_ptr: i32, module_data_len: i32, id_ptr: i32) -> i32',
  { since: '0.9.0' },
  'Compiles a module. Returns 0 with a module id, 1 with an error id, -1 without the permission.',
  ({ scheduler, modules }) =>
    (pointer: number, length: number, idPointer: number) => {
      const { current } = scheduler;
      if (!current.config.canCompileModules) return -1;
      const given = current.memory.slice(pointer, length);
      current.memory.check(idPointer, 8);
      const cost = COMPILE_COST * given.length;
      current.account.charge(cost);
      try {
        const bytes = given.slice();
        current.memory.writeId(idPointer, current.modules.add(modules.load(bytes)));
        return OK;
      } catch (error) {
        return fail(current, idPointer, error instanceof Error ? error.message : String(error));
      } finally {
        current.account.release(cost);
      }
    },
);

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
