import type { KeyedCertificate } from '../certificates/authority.ts';
import { nodeCertificate, serverCertificate, testRoot } from '../certificates/control-certificates.ts';
import type { Cluster } from '../hostcall/cluster.ts';
import { andThen, fail, OK, timeoutFromGuest } from '../hostcall/conventions.ts';
import { type HostContext, Namespace, older } from '../hostcall/function.ts';
import { giveToGuest } from '../hostcall/guest-allocator.ts';
import type { GuestMemory } from '../kernel/guest-memory.ts';
import { indexFromGuest, processIdFromGuest } from '../kernel/ids.ts';
import type { Process } from '../kernel/process.ts';
import type { Scheduler } from '../kernel/scheduler.ts';
import { NO_TAG, tagFromGuest } from '../kernel/tag.ts';
import { hostTrap } from '../kernel/trap.ts';
import { childConfig } from '../permissions/child-config.ts';
import { PERMISSIONS } from '../permissions/permission.ts';
import { linkTo, readParameters } from './process.ts';

/**
 * `lunatic::distributed` (abi 16): other nodes. Programs that stay local import many of these functions too, so all of
 * them can be linked and answer as on a runtime without a cluster.
 */
export const distributed = new Namespace('lunatic::distributed');

/** Bytes of the id of a node. */
const ID_SIZE = 8;
/** What a look-up keeps until its results are fetched, and each of its nodes. */
const QUERY_COST = 256;
const FOUND_COST = 16;
/** Characters of the longest query. */
const LONGEST_QUERY = 65_536;

/** What `spawn` returns for a node that there is not, and for a module that the cluster does not know (abi 16). */
const NO_NODE = 1;
const NO_MODULE = 2;

/** Nodes that were found, by query, until their finder fetches them. */
interface Queries {
  last: number;
  readonly found: Map<number, readonly number[]>;
}

const queriesOf = new WeakMap<Process, Queries>();

/** The cluster of the caller's node. @throws a trap if it has none */
function clusterOf({ cluster }: HostContext): Cluster {
  if (cluster === null) throw hostTrap('this runtime is no node of a cluster (lunatic node)');
  return cluster;
}

distributed.define(
  'nodes_count',
  '() -> i32',
  { since: '0.10.0' },
  'Returns the number of nodes in the cluster, 0 without one.',
  (context) => () => context.cluster?.nodes.length ?? 0,
);
distributed.define(
  'get_nodes',
  '(nodes_ptr: i32, nodes_len: i32) -> i32',
  { since: '0.10.0' },
  'Writes the ids of the nodes and returns their number.',
  (context) => (pointer: number, length: number) =>
    writeNodes(context.scheduler.current, context.cluster?.nodes ?? [], pointer, length),
);
distributed.define(
  'node_id',
  '() -> i64',
  { since: '0.10.0' },
  'Returns the id of this node, 0 without a cluster.',
  (context) => () => BigInt(context.cluster?.self ?? 0),
);
distributed.define(
  'module_id',
  '() -> i64',
  { since: '0.10.0' },
  "Returns the cluster's id of the caller's module, 0 if it has none.",
  (context) => () => context.cluster?.idOf(context.scheduler.current.module) ?? 0n,
);
distributed.define(
  'spawn',
  '(node_id: i64, config_id: i64, module_id: i64, func_str_ptr: i32, func_str_len: i32, params_ptr: i32, params_len: i32, id_ptr: i32) -> i32',
  {
    since: '0.10.0',
    blocking: true,
    needs: 'spawn',
    // as-lunatic passes a link first.
    older: [
      older(
        '(i64, i64, i64, i64, i32, i32, i32, i32, i32) -> i32',
        (current) =>
          (link: bigint, ...rest: unknown[]) =>
            current(...rest, link),
      ),
    ],
  },
  'Spawns a process on a node. Returns 0 with its id, 1 with an error id for an unknown node, or 2 for an unknown module.',
  (context) =>
    (
      nodeId: bigint,
      configId: bigint,
      moduleId: bigint,
      namePointer: number,
      nameLength: number,
      paramsPointer: number,
      paramsLength: number,
      idPointer: number,
      link = 0n,
    ) => {
      const { scheduler } = context;
      const { current } = scheduler;
      const { what, option, isGrantedBy } = PERMISSIONS.spawn;
      if (!isGrantedBy(current.config))
        throw hostTrap(
          `this process has no permission to ${what} (config: can_spawn_processes, or ${option})`,
        );
      const cluster = clusterOf(context);
      const { environment, memory } = current;
      memory.check(idPointer, ID_SIZE);
      const wanted =
        configId === -1n ? current.config : childConfig(current.configs.get(configId), current.config);
      if (typeof wanted === 'string') throw hostTrap(wanted);
      const request = {
        environment: environment.id,
        config: wanted,
        module: BigInt.asUintN(64, moduleId),
        entry: {
          name: memory.string(namePointer, nameLength),
          params: readParameters(current, paramsPointer, paramsLength),
        },
      };
      const node = indexFromGuest(nodeId);
      if (!cluster.has(node)) {
        fail(current, idPointer, `the cluster has no node ${nodeId}`);
        return NO_NODE;
      }
      return andThen(scheduler.waitForAnswer(current, cluster.spawn(node, request)), (result) => {
        if ('failure' in result) {
          if (!result.isUnknownModule) throw hostTrap(result.failure);
          fail(current, idPointer, result.failure);
          return NO_MODULE;
        }
        memory.writeId(idPointer, result.process);
        if (link !== 0n) {
          const child = cluster.referTo(environment.id, node, result.process);
          if (child === null) throw hostTrap(`too many processes of node ${node} are known here`);
          linkTo(current, child, tagFromGuest(link));
        }
        return OK;
      });
    },
);
distributed.define(
  'send',
  '(node_id: i64, process_id: i64) -> i32',
  {
    since: '0.10.0',
    blocking: true,
    older: [
      older('(i64, i64)', (current) => (node: bigint, id: bigint) => {
        current(node, id);
      }),
    ],
  },
  'Sends the message to a process of a node. Returns 0.',
  (context) => (nodeId: bigint, id: bigint) => {
    send(context, nodeId, id);
    return OK;
  },
);
distributed.define(
  'send_receive_skip_search',
  '(node_id: i64, process_id: i64, wait_on_tag: i64, timeout_duration: i64) -> i32',
  {
    since: '0.10.0',
    blocking: true,
    // It waited for the tag of the message that it sent, and for any message if that had none.
    older: [
      older(
        '(i64, i64, i64) -> i32',
        (current) => (node: bigint, id: bigint, timeout: bigint) => current(node, id, null, timeout),
      ),
    ],
  },
  'Sends the message to a process of a node and waits for one of the given tag that arrives from now on. Returns 0 or 9027 (timed out).',
  (context) => (nodeId: bigint, id: bigint, waitOn: bigint | null, timeout: bigint) => {
    const { scheduler } = context;
    const { current } = scheduler;
    const tag = waitOn === null ? scheduler.scratch.message(current).tag : tagFromGuest(waitOn);
    send(context, nodeId, id);
    const filter = waitOn === null && tag === NO_TAG ? null : [tag];
    return scheduler.receive(current, filter, timeoutFromGuest(timeout), false);
  },
);
distributed.define(
  'exec_lookup_nodes',
  '(query_ptr: i32, query_len: i32, query_id_ptr: i32, nodes_len_ptr: i32, error_ptr: i32) -> i32',
  { since: '0.12.0', blocking: true },
  'Looks for nodes with certain attributes, as in `zone=a&disk=ssd`. Returns 0 with a query id and a number of nodes, or 1 with an error id.',
  (context) =>
    (pointer: number, length: number, queryPointer: number, countPointer: number, errorPointer: number) => {
      const { current } = context.scheduler;
      const cluster = clusterOf(context);
      const text = current.memory.string(pointer, length);
      if (text.length > LONGEST_QUERY)
        return fail(
          current,
          errorPointer,
          `a query of ${text.length} characters, and ${LONGEST_QUERY} are the most`,
        );
      const found = cluster.find(new URLSearchParams(text));
      current.memory.check(queryPointer, ID_SIZE);
      current.account.charge(QUERY_COST + FOUND_COST * found.length);
      const queries = queriesOf.get(current) ?? { last: 0, found: new Map() };
      queriesOf.set(current, queries);
      queries.found.set(++queries.last, found);
      current.memory.writeId(queryPointer, queries.last);
      // Guests of the SDK have four bytes for it.
      current.memory.writeU32(countPointer, found.length);
      return OK;
    },
);
distributed.define(
  'copy_lookup_nodes_results',
  '(query_id: i64, nodes_ptr: i32, nodes_len: i32, error_ptr: i32) -> i32',
  { since: '0.12.0' },
  'Writes the ids of the nodes that a look-up found, and forgets it. Returns their number, or -1 with an error id.',
  (context) => (queryId: bigint, pointer: number, length: number, errorPointer: number) => {
    const { current } = context.scheduler;
    clusterOf(context);
    const queries = queriesOf.get(current);
    const query = indexFromGuest(queryId);
    const found = queries?.found.get(query);
    if (found === undefined) {
      fail(current, errorPointer, `there is no query ${queryId}, or its results were fetched before`);
      return -1;
    }
    const count = writeNodes(current, found, pointer, length);
    queries?.found.delete(query);
    current.account.release(QUERY_COST + FOUND_COST * found.length);
    return count;
  },
);

/** Writes as many ids as there is room for, and returns their number. */
function writeNodes({ memory }: Process, nodes: readonly number[], pointer: number, length: number): number {
  const count = Math.min(nodes.length, length >>> 0);
  memory.check(pointer, count * ID_SIZE);
  for (const [i, node] of nodes.slice(0, count).entries())
    memory.writeId((pointer >>> 0) + i * ID_SIZE, node);
  return count;
}

/**
 * Sends what the scratch area holds to a process of a node.
 * @throws a trap if it carries more than bytes, or there is no such node; the message is lost then
 */
function send(context: HostContext, nodeId: bigint, id: bigint): void {
  const { current, scratch } = context.scheduler;
  scratch.data(current);
  const message = scratch.take(current);
  try {
    if (message.resources !== null) throw hostTrap('a message to another node carries bytes alone');
    const cluster = clusterOf(context);
    const node = indexFromGuest(nodeId);
    if (!cluster.has(node)) throw hostTrap(`the cluster has no node ${nodeId}`);
    if (message.length > cluster.largestMessage)
      throw hostTrap(
        `a message of ${message.length} bytes, and ${cluster.largestMessage} are the most to another node`,
      );
    message.position = 0;
    cluster.send(current, node, processIdFromGuest(id), message);
  } catch (error) {
    message.recycle();
    throw error;
  }
}

distributed.define(
  'test_root_cert',
  '(len_ptr: i32) -> i32',
  { since: '0.13', blocking: true },
  'Gives the certificate and key of the test authority.',
  ({ scheduler }) =>
    (lengthPointer: number) => {
      const { certificate, key } = testRoot();
      return giveTexts(scheduler, [certificate, key], lengthPointer);
    },
);
distributed.define(
  'default_server_certificates',
  '(cert_pem_ptr: i32, cert_pem_len: i32, pk_pem_ptr: i32, pk_pem_len: i32, len_ptr: i32) -> i32',
  { since: '0.13', blocking: true },
  'Makes a certificate and key for a control server.',
  ({ scheduler }) =>
    (
      certificate: number,
      certificateLength: number,
      key: number,
      keyLength: number,
      lengthPointer: number,
    ) => {
      const { memory } = scheduler.current;
      const root = keyedAt(memory, certificate, certificateLength, key, keyLength);
      const made = orTrap('the server certificate cannot be made', () => serverCertificate(root));
      return giveTexts(scheduler, [made.certificate, made.key], lengthPointer);
    },
);
distributed.define(
  'sign_node',
  '(cert_pem_ptr: i32, cert_pem_len: i32, pk_pem_ptr: i32, pk_pem_len: i32, csr_pem_ptr: i32, csr_pem_len: i32, len_ptr: i32) -> i32',
  { since: '0.13', blocking: true },
  "Signs a node's certificate request.",
  ({ scheduler }) =>
    (
      certificate: number,
      certificateLength: number,
      key: number,
      keyLength: number,
      request: number,
      requestLength: number,
      lengthPointer: number,
    ) => {
      const { memory } = scheduler.current;
      const root = keyedAt(memory, certificate, certificateLength, key, keyLength);
      const text = memory.string(request, requestLength);
      const made = orTrap("the node's certificate cannot be signed", () => nodeCertificate(root, text));
      return giveTexts(scheduler, [made], lengthPointer);
    },
);

/** A certificate and its key that a guest has passed. */
function keyedAt(
  memory: GuestMemory,
  certificate: number,
  certificateLength: number,
  key: number,
  keyLength: number,
): KeyedCertificate {
  return {
    certificate: memory.string(certificate, certificateLength),
    key: memory.string(key, keyLength),
  };
}

/** Traps if what a guest has passed cannot be used. */
function orTrap<T>(what: string, make: () => T): T {
  try {
    return make();
  } catch (error) {
    throw hostTrap(`${what}: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** Gives a guest texts in bincode (abi 3.9), one after the other. */
function giveTexts(scheduler: Scheduler, texts: readonly string[], lengthPointer: number): Promise<number> {
  const pieces = texts.flatMap((text) => {
    const bytes = Buffer.from(text);
    const length = Buffer.alloc(8);
    length.writeUInt32LE(bytes.length);
    return [length, bytes];
  });
  return giveToGuest(scheduler, scheduler.current, Buffer.concat(pieces), lengthPointer);
}
