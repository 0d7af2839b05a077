import type { KV } from '@nats-io/kv';
import type { Msg, NatsConnection, Subscription } from '@nats-io/transport-node';
import { Waiters } from '../../kernel/waiters.ts';
import {
  ClusterError,
  LARGEST_FRAME,
  type ModuleStore,
  type NameStore,
  type NodeId,
  type NodeInfo,
  type Transport,
  type TransportListener,
} from '../transport.ts';
import { answered } from './answers.ts';
import { Joiners, OVERHEAD, piecesOf } from './pieces.ts';
import { BEAT, Roster } from './roster.ts';
import { nodeKey, partsOf, type Subjects } from './subjects.ts';

/** Bytes after which the server is asked whether it has all that was sent. */
const CHECKED = 2 ** 18;
/** Bytes that the server has not got, from which on senders are to wait. */
const MUCH = 2 ** 21;
/** Bytes of frames of nodes that are not known yet. */
const MOST_EARLY = 2 ** 24;
/** Bytes of a message besides its payload, at most. */
const MARGIN = 1024;
/** Milliseconds that leaving may take. */
const FAREWELL = 1000;

/** What a node says to the server, and where. */
export interface NatsParts {
  readonly connection: NatsConnection;
  readonly subjects: Subjects;
  /** The list of nodes. */
  readonly bucket: KV;
  readonly names: NameStore;
  readonly modules: ModuleStore;
  /** The environments in which frames are taken; null for all. */
  readonly environments: ReadonlySet<number> | null;
}

interface Early {
  readonly from: NodeId;
  readonly environment: number;
  readonly frame: Uint8Array;
}

/** Carries bytes between nodes over NATS. What is sent is a message of its core, which nobody keeps. */
export class NatsTransport implements Transport {
  readonly self: NodeInfo;
  readonly names: NameStore;
  readonly modules: ModuleStore;
  readonly #parts: NatsParts;
  readonly #listener: TransportListener;
  readonly #roster: Roster;
  readonly #mostOfPiece: number;
  readonly #joiners = new Joiners();
  readonly #subscriptions: Subscription[] = [];
  readonly #waiting = new Waiters();
  #timer: NodeJS.Timeout | undefined;
  /** Bytes since the server was asked, and all that it has not confirmed. */
  #unchecked = 0;
  #unconfirmed = 0;
  /** Frames of nodes that the list has not told of yet. */
  #early: Early[] = [];
  #earlyBytes = 0;
  /** What is to be told once whoever has joined has this transport; null from then on. */
  #held: (() => void)[] | null = [];
  #isStarting = true;
  #isOver = false;
  /** Why it was lost. */
  #reason: Error | null = null;
  /** Rejects when it is lost. */
  readonly #loss: Promise<never>;
  #failed!: (reason: Error) => void;

  constructor(self: NodeInfo, parts: NatsParts, listener: TransportListener) {
    this.#loss = new Promise((_, fail) => {
      this.#failed = fail;
    });
    // Later than at its start, the listener hears of it.
    this.#loss.catch(() => {});
    this.self = self;
    this.names = parts.names;
    this.modules = parts.modules;
    this.#parts = parts;
    this.#listener = listener;
    this.#mostOfPiece = (parts.connection.info?.max_payload ?? 2 ** 20) - MARGIN;
    this.#roster = new Roster(parts.bucket, self, {
      joined: (node) => {
        // Whoever has joined before this node is no news.
        if (!this.#isStarting) this.#tell(() => listener.joined(node));
        this.#takeEarly(node.id);
      },
      left: (node) => {
        this.#joiners.left(node);
        this.#tell(() => listener.left(node));
      },
      lost: (reason) => this.#lose(reason),
    });
  }

  /** Begins to listen. Resolves when all nodes are known that had joined before. */
  async start(): Promise<void> {
    const { connection, subjects, bucket, environments } = this.#parts;
    const { id, name } = this.self;
    const take = (refusal: Error | null, message: Msg) => {
      if (refusal === null) this.#take(message);
      else this.#refused(refusal);
    };
    for (const environment of environments ?? (['*'] as const))
      this.#subscriptions.push(
        connection.subscribe(subjects.frame(environment, id, '*'), { callback: take }),
      );
    this.#subscriptions.push(
      connection.subscribe(subjects.alive('*'), {
        callback: (refusal, { subject }) => {
          if (refusal === null) this.#roster.heard(Number(subject.split('.')[3]) as NodeId);
          else this.#refused(refusal);
        },
      }),
    );
    this.#watchConnection();
    // Others send to it as soon as they know it.
    await this.#unlessLost(connection.flush());
    await this.#unlessLost(this.#roster.enter());
    const beat = () => {
      connection.publish(subjects.alive(id));
      this.#roster.look();
    };
    beat();
    this.#timer = setInterval(beat, BEAT);
    const watch = await this.#unlessLost(bucket.watch({ key: nodeKey('*') }));
    await new Promise<void>((done, fail) => {
      const take = async () => {
        for await (const entry of watch) {
          if (this.#isOver) break;
          this.#roster.changed(entry);
          if (entry.key === nodeKey(name)) done();
        }
        fail(this.#reason ?? new ClusterError('NATS tells of no nodes any more'));
      };
      take().catch((error: Error) => this.#lose(error));
    });
    this.#isStarting = false;
    setImmediate(() => {
      const held = this.#held ?? [];
      this.#held = null;
      for (const event of held) event();
    });
  }

  get nodes(): ReadonlyMap<NodeId, NodeInfo> {
    return this.#roster.nodes;
  }

  // -- sending -----------------------------------------------------------------------------------------

  send(to: NodeId, environment: number, bytes: Uint8Array): void {
    if (bytes.length > LARGEST_FRAME)
      throw new ClusterError(`a frame of ${bytes.length} bytes, and 64 MiB are the most`);
    if (this.#isOver || !this.#roster.nodes.has(to)) return;
    const { connection, subjects } = this.#parts;
    const subject = subjects.frame(environment, to, this.self.id);
    for (const piece of piecesOf(bytes, this.#mostOfPiece)) {
      connection.publish(subject, piece);
      this.#unchecked += piece.length;
      this.#unconfirmed += piece.length;
    }
    if (this.#unchecked >= CHECKED) this.#check();
  }

  /** Asks the server whether it has got all that was sent. */
  #check(): void {
    const checked = this.#unchecked;
    this.#unchecked = 0;
    const confirmed = () => {
      this.#unconfirmed -= checked;
      if (!this.isFull) this.#waiting.letGo();
    };
    this.#parts.connection.flush().then(confirmed, confirmed);
  }

  get isFull(): boolean {
    return !this.#isOver && this.#unconfirmed > MUCH;
  }

  whenWritable(ready: () => void): () => void {
    const giveUp = this.#waiting.whenWritable(ready);
    if (!this.isFull) setImmediate(() => this.#waiting.letGo());
    return giveUp;
  }

  // -- listening ---------------------------------------------------------------------------------------

  #take({ subject, data }: Msg): void {
    if (this.#isOver) return;
    const parts = partsOf(subject);
    if (parts === null) return;
    const { environment, from } = parts;
    if (!Number.isSafeInteger(environment) || !Number.isSafeInteger(from)) return;
    // What strangers send is kept for a while, and nothing more.
    if (!this.#roster.nodes.has(from)) {
      this.#keepEarly(from, environment, data);
      return;
    }
    this.#roster.heard(from);
    let frame: Uint8Array | null;
    try {
      frame = this.#joiners.take(from, environment, data);
    } catch (error) {
      if (!(error instanceof ClusterError)) throw error;
      // The next frame shows that one is missing.
      return;
    }
    if (frame !== null) this.#tell(() => this.#listener.received(from, environment, frame));
  }

  #keepEarly(from: NodeId, environment: number, piece: Uint8Array): void {
    const size = piece.length + OVERHEAD;
    if (this.#earlyBytes + size > MOST_EARLY) {
      this.#early = [];
      this.#earlyBytes = 0;
    }
    this.#early.push({ from, environment, frame: piece.slice() });
    this.#earlyBytes += size;
  }

  /** Takes what has come of a node before the list has told of it. */
  #takeEarly(node: NodeId): void {
    const early = this.#early.filter(({ from }) => from === node);
    if (early.length === 0) return;
    this.#early = this.#early.filter(({ from }) => from !== node);
    this.#earlyBytes = this.#early.reduce((sum, { frame }) => sum + frame.length + OVERHEAD, 0);
    const { subjects } = this.#parts;
    for (const { from, environment, frame } of early)
      this.#take({ subject: subjects.frame(environment, this.self.id, from), data: frame } as Msg);
  }

  #tell(event: () => void): void {
    if (this.#isOver) return;
    if (this.#held === null) event();
    else
      this.#held.push(() => {
        if (!this.#isOver) event();
      });
  }

  async #watchConnection(): Promise<void> {
    const { connection } = this.#parts;
    for await (const { type } of connection.status()) {
      if (type === 'disconnect') this.#joiners.forget();
      if (type === 'reconnect') {
        this.#roster.connected();
        void this.#confirm();
      }
    }
    const error = await connection.closed();
    this.#lose(error instanceof Error ? error : new Error('the connection to NATS was closed'));
  }

  /** Sees whether this node is in the list yet: the server may have begun anew, without one. */
  async #confirm(): Promise<void> {
    const { bucket } = this.#parts;
    const { name } = this.self;
    try {
      const entry = await answered(bucket.get(nodeKey(name)), 'list of nodes');
      if (entry?.operation === 'PUT' && entry.revision === this.#roster.revision) return;
      this.#lose(new Error('NATS does not know this node any more'));
    } catch (error) {
      this.#lose(error as Error);
    }
  }

  // -- end ---------------------------------------------------------------------------------------------

  /** The server lets this node not hear what it has to. */
  /** What the server answers, or why it will not: then some answers never come. */
  #unlessLost<T>(answer: Promise<T>): Promise<T> {
    return Promise.race([answer, this.#loss]);
  }

  #refused(cause: Error): void {
    this.#lose(
      new ClusterError(
        `NATS refuses a subscription (${cause.message}): nodes whose user may not have all environments are started with theirs`,
        { cause },
      ),
    );
  }

  #lose(reason: Error): void {
    if (this.#isOver) return;
    this.#reason = reason;
    this.#failed(reason);
    this.#tell(() => this.#listener.lost(reason));
    this.#end();
    void this.#parts.connection.close();
  }

  #end(): void {
    this.#isOver = true;
    clearInterval(this.#timer);
    this.#waiting.letGo();
  }

  async close(): Promise<void> {
    if (this.#isOver) return;
    const { connection } = this.#parts;
    this.#end();
    for (const subscription of this.#subscriptions) subscription.unsubscribe();
    const farewell = connection
      .flush()
      .then(() => this.#roster.leave())
      .catch(() => {});
    let timer: NodeJS.Timeout | undefined;
    await Promise.race([
      farewell,
      new Promise((late) => {
        timer = setTimeout(late, FAREWELL);
      }),
    ]);
    clearTimeout(timer);
    await connection.close().catch(() => {});
  }
}
