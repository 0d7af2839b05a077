import type { KV, KvWatchEntry } from '@nats-io/kv';
import * as v from 'valibot';
import { type NodeId, type NodeInfo, SILENCE } from '../transport.ts';
import { nodeKey } from './subjects.ts';

/** Milliseconds between two signs of life. */
export const BEAT = 250;

/** What is written down of a node. */
const Entry = v.object({
  id: v.pipe(v.number(), v.safeInteger(), v.minValue(1)),
  attributes: v.record(v.string(), v.string()),
});

/** What the roster tells. */
export interface RosterListener {
  joined(node: NodeInfo): void;
  left(node: NodeId): void;
  /** This node is not in the list any more, or does not hear itself. */
  lost(reason: Error): void;
}

interface Member {
  readonly info: NodeInfo;
  /** That of its entry in the list. */
  readonly revision: number;
  /** When it was heard of. */
  heard: number;
}

/**
 * The nodes of a cluster: a list in a bucket, from which whoever leaves takes itself, and signs of life. Whoever does not hear another one
 * any more takes it from the list, so that all agree. The number of a node is the revision of a key that it has written for that: none is
 * used twice.
 */
export class Roster {
  readonly self: NodeInfo;
  readonly nodes = new Map<NodeId, NodeInfo>();
  /** That of the entry of this node; 0 before it has joined. */
  revision = 0;
  readonly #bucket: KV;
  readonly #listener: RosterListener;
  readonly #members = new Map<string, Member>();
  readonly #now: () => number;
  #heardSelf: number;
  #looked: number;

  constructor(bucket: KV, self: NodeInfo, listener: RosterListener, now = () => performance.now()) {
    this.#bucket = bucket;
    this.self = self;
    this.#listener = listener;
    this.#now = now;
    this.#heardSelf = this.#looked = now();
  }

  /** Takes a number for a node, which has not joined yet. */
  static async number(bucket: KV, name: string): Promise<NodeId> {
    const key = `number.${name}`;
    const revision = await bucket.create(key, '');
    bucket.purge(key).catch(() => {});
    return revision as NodeId;
  }

  /** Writes this node down. From now on others know it. */
  async enter(): Promise<void> {
    const { id, name, attributes } = this.self;
    this.revision = await this.#bucket.create(nodeKey(name), JSON.stringify({ id, attributes }));
  }

  /** Takes a change of the list. */
  changed({ key, operation, revision, value }: KvWatchEntry): void {
    const name = key.slice(nodeKey('').length);
    if (name === this.self.name) {
      if (operation !== 'PUT')
        this.#listener.lost(new Error('others have not heard of this node for too long'));
      return;
    }
    const known = this.#members.get(name);
    if (operation === 'PUT') {
      if (known !== undefined) return;
      const info = infoOf(name, value);
      // What nobody but a node writes is left alone.
      if (info === null || this.nodes.has(info.id)) return;
      this.#members.set(name, { info, revision, heard: this.#now() });
      this.nodes.set(info.id, info);
      this.#listener.joined(info);
    } else if (known !== undefined) {
      this.#members.delete(name);
      this.nodes.delete(known.info.id);
      this.#listener.left(known.info.id);
    }
  }

  /** A node has given a sign of life, or sent something. */
  heard(id: NodeId): void {
    if (id === this.self.id) {
      this.#heardSelf = this.#now();
      return;
    }
    const info = this.nodes.get(id);
    const member = info && this.#members.get(info.name);
    if (member !== undefined) member.heard = this.#now();
  }

  /** The connection is there again: what others have said meanwhile was not heard. */
  connected(): void {
    const now = this.#now();
    for (const member of this.#members.values()) member.heard = now;
  }

  /** Looks who has not been heard of. To be called with each beat. */
  look(): void {
    const now = this.#now();
    const isLate = now - this.#looked > 2 * BEAT;
    this.#looked = now;
    // This one was stopped, or had no time: what has come is not read yet.
    if (isLate) return;
    if (now - this.#heardSelf > SILENCE) {
      this.#listener.lost(new Error('the connection to NATS has been lost for too long'));
      return;
    }
    // Whoever does not hear itself cannot judge.
    if (now - this.#heardSelf > 2 * BEAT) return;
    for (const [name, { info, revision, heard }] of this.#members) {
      if (now - heard <= SILENCE) continue;
      this.#members.delete(name);
      this.nodes.delete(info.id);
      this.#listener.left(info.id);
      this.#bucket.delete(nodeKey(name), { previousSeq: revision }).catch(() => {});
    }
  }

  /** Takes this node from the list. */
  async leave(): Promise<void> {
    await this.#bucket.delete(nodeKey(this.self.name), { previousSeq: this.revision });
  }
}

function infoOf(name: string, value: Uint8Array): NodeInfo | null {
  try {
    const { id, attributes } = v.parse(Entry, JSON.parse(Buffer.from(value).toString()));
    return { id: id as NodeId, name, attributes };
  } catch {
    return null;
  }
}
