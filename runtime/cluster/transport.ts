/**
 * What carries bytes between the nodes of a cluster, and keeps what they know in common. There are two of them: NATS, and a hub for
 * those who want nothing installed. All that nodes say to each other is above this, in `Cluster`.
 */

/** The number of a node, from 1. One that comes back has another. */
export type NodeId = number & { readonly brand: 'node' };

/** What all nodes know of each. */
export interface NodeInfo {
  readonly id: NodeId;
  /** A UUID. */
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
}

/** What a transport tells. No method of it is called before `join` has returned the transport, or after `close`. */
export interface TransportListener {
  /**
   * Bytes have come that another node has sent with `send`, in the order in which it sent them. Some may be missing if a connection was
   * lost in between; none comes twice.
   * @param environment the environment in whose name they were sent, which the engine lets the sender use
   * @param bytes may be kept
   */
  received(from: NodeId, environment: number, bytes: Uint8Array): void;

  /** Another node has joined. Bytes of it come after this. */
  joined(node: NodeInfo): void;

  /** A node has left, or the engine has not heard of it for too long. Nothing comes from it any more. */
  left(node: NodeId): void;

  /**
   * The engine has given this node up, or cannot be reached for so long that others may have. Its number is used no more: it has to join
   * anew.
   */
  lost(reason: Error): void;
}

/** A connection of this node to all others. */
export interface Transport {
  readonly self: NodeInfo;

  /** The other nodes that have joined and not left. */
  readonly nodes: ReadonlyMap<NodeId, NodeInfo>;

  /** Sends bytes, at most `LARGEST_FRAME`, or drops them if the node has left. They are copied. @throws ClusterError if they are more */
  send(to: NodeId, environment: number, bytes: Uint8Array): void;

  /** Whether so much waits to be sent that senders are to wait. */
  readonly isFull: boolean;

  /** Calls `ready` once, when it is no longer full, or closed. Returns a function that gives up waiting. */
  whenWritable(ready: () => void): () => void;

  readonly names: NameStore;
  readonly modules: ModuleStore;

  /** Leaves: others hear of it at once. What was sent before is sent. Never rejects. */
  close(): Promise<void>;
}

/** A value of a name, and the state of it: a number that grows with each change. */
export interface NameEntry {
  readonly value: Uint8Array;
  readonly revision: number;
}

/**
 * Names of the cluster, each with one value. Every method rejects with a `ClusterError` if the engine cannot be reached, or has not answered
 * in five seconds; then it is not known whether a change has been made.
 */
export interface NameStore {
  get(environment: number, name: string): Promise<NameEntry | null>;
  /** Gives a name a value if it has none. Returns its revision, or null if it has one. */
  create(environment: number, name: string, value: Uint8Array): Promise<number | null>;
  /** Gives a name another value if it is unchanged. Returns its revision, or null if it has changed. */
  update(environment: number, name: string, value: Uint8Array, revision: number): Promise<number | null>;
  /** Removes a name if it is unchanged. Returns false if it has changed. */
  remove(environment: number, name: string, revision: number): Promise<boolean>;
}

/** Modules that any node can run. The methods reject as those of `NameStore` do. */
export interface ModuleStore {
  /** Keeps a module. The same bytes have the same id. */
  add(bytes: Uint8Array): Promise<bigint>;
  /** The bytes of a module, or null if there is none of that id. */
  get(id: bigint): Promise<Uint8Array | null>;
}

/** The cluster cannot do what it was asked for. */
export class ClusterError extends Error {
  override readonly name = 'ClusterError';
  readonly code = 'LUNATIC_CLUSTER';
}

/** Whether an error is one of the cluster. Each script of the command may have a class of its own for them. */
export function isClusterError(error: unknown): error is ClusterError {
  return error instanceof Error && (error as Partial<ClusterError>).code === 'LUNATIC_CLUSTER';
}

/** Bytes that are sent at once at most. */
export const LARGEST_FRAME = 64 * 2 ** 20;
/** Bytes of the largest message of a process: a frame has some more. */
export const LARGEST_MESSAGE = LARGEST_FRAME - 1024;
/** Bytes of the largest module that is handed on. */
export const LARGEST_MODULE = 50 * 2 ** 20;
/** Milliseconds after which a request to the engine is not waited for. */
export const REQUEST_TIME = 5000;
/** Milliseconds after which a node that has not been heard of has left. */
export const SILENCE = 1500;
