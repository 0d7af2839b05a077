import {
  ClusterError,
  type ModuleStore,
  type NameEntry,
  type NameStore,
  type NodeId,
  type NodeInfo,
  type Transport,
  type TransportListener,
} from '../../../runtime/cluster/transport.ts';

/** A member of `LinkedTransports`. */
class LinkedTransport implements Transport {
  readonly self: NodeInfo;
  readonly nodes = new Map<NodeId, NodeInfo>();
  readonly isFull = false;
  readonly names: NameStore;
  readonly modules: ModuleStore;
  readonly listener: TransportListener;
  readonly #all: LinkedTransports;

  constructor(all: LinkedTransports, self: NodeInfo, listener: TransportListener) {
    this.#all = all;
    this.self = self;
    this.listener = listener;
    this.names = all.names;
    this.modules = all.modules;
  }

  send(to: NodeId, environment: number, bytes: Uint8Array): void {
    this.#all.carry(this.self.id, to, environment, bytes.slice());
  }

  whenWritable(): () => void {
    return () => {};
  }

  async close(): Promise<void> {
    this.#all.leave(this.self.id);
  }
}

/**
 * Connects nodes of one OS process, and loses of what they send what a test wants: links fail in it as they do between machines, but when
 * and how is known.
 */
export class LinkedTransports {
  readonly #members = new Map<NodeId, LinkedTransport>();
  readonly #modules = new Map<bigint, Uint8Array>();
  readonly #names = new Map<string, NameEntry>();
  #lastNode = 0;
  /** Whether what one node sends to another is lost. */
  loses: (from: NodeId, to: NodeId) => boolean = () => false;
  /** How many packets have been sent. */
  sent = 0;

  join(listener: TransportListener, attributes: Record<string, string> = {}): Transport {
    const id = ++this.#lastNode as NodeId;
    const member = new LinkedTransport(this, { id, name: `node-${id}`, attributes }, listener);
    for (const other of this.#members.values()) {
      member.nodes.set(other.self.id, other.self);
      other.nodes.set(id, member.self);
      queueMicrotask(() => other.listener.joined(member.self));
    }
    this.#members.set(id, member);
    return member;
  }

  carry(from: NodeId, to: NodeId, environment: number, bytes: Uint8Array): void {
    this.sent++;
    if (this.loses(from, to)) return;
    setImmediate(() => {
      const member = this.#members.get(to);
      if (this.#members.has(from)) member?.listener.received(from, environment, bytes);
    });
  }

  leave(id: NodeId): void {
    this.#members.delete(id);
    for (const other of this.#members.values()) {
      other.nodes.delete(id);
      setImmediate(() => other.listener.left(id));
    }
  }

  readonly modules: ModuleStore = {
    add: async (bytes) => {
      for (const [id, known] of this.#modules) if (Buffer.compare(known, bytes) === 0) return id;
      const id = BigInt(this.#modules.size + 1);
      this.#modules.set(id, bytes.slice());
      return id;
    },
    get: async (id) => this.#modules.get(id) ?? null,
  };

  readonly names: NameStore = {
    get: async (environment, name) => this.#names.get(`${environment} ${name}`) ?? null,
    create: async (environment, name, value) => this.#set(`${environment} ${name}`, value, 0),
    update: async (environment, name, value, revision) =>
      this.#set(`${environment} ${name}`, value, revision),
    remove: async (environment, name, revision) => {
      const key = `${environment} ${name}`;
      if (this.#names.get(key)?.revision !== revision) return false;
      return this.#names.delete(key);
    },
  };

  #set(key: string, value: Uint8Array, before: number): number | null {
    if (value.length > 2 ** 20) throw new ClusterError('too large');
    if ((this.#names.get(key)?.revision ?? 0) !== before) return null;
    const revision = before + 1;
    this.#names.set(key, { value, revision });
    return revision;
  }
}
