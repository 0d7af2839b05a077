import { type HostContext, Namespace } from '../hostcall/function.ts';
import { indexFromGuest, processIdFromGuest } from '../kernel/ids.ts';
import { hostTrap } from '../kernel/trap.ts';

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
      throw hostTrap('this runtime is no node of a cluster (lunatic node)');
    }
    if (!context.cluster.has(node)) throw hostTrap(`the cluster has no node ${nodeId}`);
    return BigInt(context.cluster.referTo(current.environment.id, node, processIdFromGuest(id)));
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

function placeOf({ cluster, scheduler }: HostContext, id: bigint) {
  return cluster?.placeOf(scheduler.current.environment.id, processIdFromGuest(id)) ?? null;
}
