import { andThen } from '../hostcall/conventions.ts';
import { type HostContext, Namespace } from '../hostcall/function.ts';
import type { Process } from '../kernel/process.ts';
import type { RegistryEntry } from '../kernel/registry.ts';
import { whenReleased } from './process/spawning.ts';

/** `lunatic::registry` (abi 11): names of processes. */
export const registry = new Namespace('lunatic::registry');

/** Runs `action` as soon as no other process is between look-up and insertion of the name. */
function settled<T>(context: HostContext, process: Process, name: string, action: () => T): T | Promise<T> {
  // In a start section, whoever has reserved the name may wait for this very process.
  if (!process.initialized || !process.registry.isReserved(name)) return action();
  return andThen(whenReleased(context, process, name), () => settled(context, process, name, action));
}

registry.define(
  'put',
  '(name_str_ptr: i32, name_str_len: i32, node_id: i64, process_id: i64)',
  { since: '0.9.0', blocking: true },
  'Registers a process under a name, even if another one has it.',
  (context) => (pointer: number, length: number, nodeId: bigint, processId: bigint) => {
    const { current } = context.scheduler;
    const name = current.memory.string(pointer, length);
    return settled(context, current, name, () => {
      const { keeper } = current.registry;
      if (keeper !== null)
        return context.scheduler.waitForAnswer(
          current,
          keeper.put(name, { nodeId, processId }, current.initialized),
        );
      current.registry.put(name, { nodeId, processId }, current.account);
      context.scheduler.watcher?.registered(current, name, processId);
      return undefined;
    });
  },
);

registry.define(
  'get',
  '(name_str_ptr: i32, name_str_len: i32, node_id_ptr: i32, process_id_ptr: i32) -> i32',
  { since: '0.9.0', blocking: true },
  'Looks a name up. Returns 0 with a node and a process id, or 1 for an unknown name.',
  (context) => (pointer: number, length: number, nodePointer: number, processPointer: number) => {
    const { current } = context.scheduler;
    const name = current.memory.string(pointer, length);
    const found = (entry: RegistryEntry | undefined) => {
      if (entry === undefined) return 1;
      current.memory.writeU64(nodePointer, entry.nodeId);
      current.memory.writeU64(processPointer, entry.processId);
      return 0;
    };
    const { keeper } = current.registry;
    if (keeper !== null)
      return andThen(context.scheduler.waitForAnswer(current, keeper.get(name, current.initialized)), found);
    return settled(context, current, name, () => found(current.registry.get(name)));
  },
);

registry.define(
  'remove',
  '(name_str_ptr: i32, name_str_len: i32)',
  { since: '0.9.0', blocking: true },
  'Removes a name, if it exists.',
  (context) => (pointer: number, length: number) => {
    const { current } = context.scheduler;
    const name = current.memory.string(pointer, length);
    const { keeper } = current.registry;
    if (keeper !== null)
      return context.scheduler.waitForAnswer(current, keeper.remove(name, current.initialized));
    return settled(context, current, name, () => current.registry.remove(name));
  },
);
