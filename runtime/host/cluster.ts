import type { Cluster } from '../hostcall/cluster.ts';
import { andThen, fail, OK } from '../hostcall/conventions.ts';
import { type HostContext, Namespace } from '../hostcall/function.ts';
import { indexFromGuest, processIdFromGuest } from '../kernel/ids.ts';
import type { Process } from '../kernel/process.ts';
import { hostTrap } from '../kernel/trap.ts';

const NO_CLUSTER = 'this runtime is no node of a cluster (lunatic node)';

/**
 * `lunatic::cluster`: processes of other nodes as if they were of this one. Upstream has no such functions: a guest that imports them runs
 * only here.
 */
export const cluster = new Namespace('lunatic::cluster');

cluster.define(
  'refer',
  '(node_id: i64, process_id: i64) -> i64',
  { since: 'not in upstream' },
  'Returns an id that stands here for a process of another node: messages, links, monitors and kills for it go there. Of this node, it is that of the process itself.',
  (context) => (nodeId: bigint, id: bigint) => {
    const { current } = context.scheduler;
    const node = indexFromGuest(nodeId);
    if (context.cluster === null) {
      if (node === 0) return BigInt(processIdFromGuest(id));
      throw hostTrap(NO_CLUSTER);
    }
    if (!context.cluster.has(node)) throw hostTrap(`the cluster has no node ${nodeId}`);
    const reference = context.cluster.referTo(current.environment.id, node, processIdFromGuest(id));
    if (reference === null) throw hostTrap(`too many processes of node ${node} are known here`);
    return BigInt(reference);
  },
);
cluster.define(
  'node_of',
  '(process_id: i64) -> i64',
  { since: 'not in upstream' },
  'Returns the node of a process, by an id that stands for it here: this node for all that `refer` has not returned.',
  (context) => (id: bigint) => BigInt(placeOf(context, id)?.node ?? context.cluster?.self ?? 0),
);
cluster.define(
  'process_of',
  '(process_id: i64) -> i64',
  { since: 'not in upstream' },
  'Returns the id that a process has on its node, by an id that stands for it here.',
  (context) => (id: bigint) => BigInt(placeOf(context, id)?.process ?? processIdFromGuest(id)),
);

/** What functions for names return besides 0. */
const REFUSED = 1;
const FAILED_WITH_ERROR = 2;

/** Characters of the longest name. */
const LONGEST_NAME = 1024;

cluster.define(
  'register',
  '(name_ptr: i32, name_len: i32, error_ptr: i32) -> i32',
  { since: 'not in upstream', suspends: true },
  'Gives the caller a name that nobody else in the cluster has, as long as it lives. Returns 0, 1 if another process has it, or 2 with an error id.',
  (context) => (pointer: number, length: number, errorPointer: number) =>
    asked(context, pointer, length, errorPointer, ({ names }, process, name) =>
      names.register(process, name),
    ),
);
cluster.define(
  'unregister',
  '(name_ptr: i32, name_len: i32, error_ptr: i32) -> i32',
  { since: 'not in upstream', suspends: true },
  'Gives up such a name. Returns 0, 1 if the caller does not have it, or 2 with an error id.',
  (context) => (pointer: number, length: number, errorPointer: number) =>
    asked(context, pointer, length, errorPointer, ({ names }, process, name) =>
      names.unregister(process, name),
    ),
);
cluster.define(
  'lookup',
  '(name_ptr: i32, name_len: i32, node_id_ptr: i32, process_id_ptr: i32, error_ptr: i32) -> i32',
  { since: 'not in upstream', suspends: true },
  'Writes the node and the id of the process that has a name in the cluster. Returns 0, 1 if nobody has it, or 2 with an error id.',
  (context) =>
    (pointer: number, length: number, nodePointer: number, processPointer: number, errorPointer: number) =>
      asked(context, pointer, length, errorPointer, async ({ names }, process, name) => {
        const { memory, environment } = process;
        memory.check(nodePointer, 8);
        memory.check(processPointer, 8);
        const owner = await names.lookUp(environment.id, name);
        if (owner === null) return false;
        memory.writeId(nodePointer, owner.node);
        memory.writeId(processPointer, owner.process);
        return true;
      }),
);

/** Asks the cluster for something about a name, while the caller waits. */
function asked(
  { cluster, scheduler }: HostContext,
  pointer: number,
  length: number,
  errorPointer: number,
  ask: (cluster: Cluster, process: Process, name: string) => Promise<boolean>,
): Promise<number> {
  const { current } = scheduler;
  if (cluster === null) throw hostTrap(NO_CLUSTER);
  const name = current.memory.string(pointer, length);
  if (name.length > LONGEST_NAME)
    throw hostTrap(`a name of ${name.length} characters, and ${LONGEST_NAME} are the most`);
  current.memory.check(errorPointer, 8);
  const answer = ask(cluster, current, name).then(
    (done) => (done ? OK : REFUSED),
    (error: unknown) => (error instanceof Error ? error : new Error(String(error))),
  );
  return andThen(scheduler.waitForAnswer(current, answer), (code) => {
    if (typeof code === 'number') return code;
    fail(current, errorPointer, code.message);
    return FAILED_WITH_ERROR;
  });
}

function placeOf({ cluster, scheduler }: HostContext, id: bigint) {
  return cluster?.placeOf(scheduler.current.environment.id, processIdFromGuest(id)) ?? null;
}
