import type { Entry } from '../kernel/entry.ts';
import type { EnvironmentId, ProcessId } from '../kernel/ids.ts';
import type { Message } from '../kernel/message.ts';
import type { LoadedModule } from '../kernel/module.ts';
import type { Process } from '../kernel/process.ts';
import type { ProcessConfig } from '../permissions/config.ts';

/** What is to be spawned on a node. */
export interface RemoteSpawn {
  readonly environment: EnvironmentId;
  readonly config: ProcessConfig;
  /** The cluster's id of a module. */
  readonly module: bigint;
  readonly entry: Entry;
}

/** What has become of it: a process of that node, or why there is none. */
export type RemoteSpawnResult =
  | { readonly process: ProcessId }
  | { readonly failure: string; readonly isUnknownModule: boolean };

/** Names that processes have in the whole cluster. The promises reject where the engine of the cluster cannot be asked. */
export interface ClusterNames {
  /** Gives a process of this node a name. Returns false if another one has it. */
  register(process: Process, name: string): Promise<boolean>;
  /** Takes a name from a process of this node. Returns false if it does not have it. */
  unregister(process: Process, name: string): Promise<boolean>;
  /** Whom a name belongs to; null if it is free. */
  lookUp(
    environment: number,
    name: string,
  ): Promise<{ readonly node: number; readonly process: ProcessId } | null>;
}

/** The cluster that a runtime is a node of, as host functions see it. */
export interface Cluster {
  /** The number of this node. */
  readonly self: number;
  readonly names: ClusterNames;
  /** Bytes that a message to another node may have. */
  readonly largestMessage: number;
  /** The numbers of all nodes, with this one, in ascending order. */
  readonly nodes: readonly number[];
  has(node: number): boolean;
  /** The numbers of the nodes that have all of these attributes. */
  find(attributes: Iterable<readonly [string, string]>): readonly number[];
  /** The id under which nodes find a module; 0 if it has none. */
  idOf(module: LoadedModule): bigint;
  /** Never rejects. It takes at most ten seconds. */
  spawn(node: number, wanted: RemoteSpawn): Promise<RemoteSpawnResult>;
  /** Sends a message to a process of a node that there is. Only its tag and its bytes travel. */
  send(sender: Process, node: number, target: ProcessId, message: Message): void;
  /**
   * An id that stands for a process of another node among those of an environment: what is sent to it goes there, and links and monitors
   * work. For a process of this node, that is its own. Null if too many of that node are known already.
   */
  referTo(environment: EnvironmentId, node: number, target: ProcessId): ProcessId | null;
  /** What such an id stands for; null for others. */
  placeOf(
    environment: EnvironmentId,
    id: ProcessId,
  ): { readonly node: number; readonly process: ProcessId } | null;
}
