import type { Beyond } from '../kernel/elsewhere.ts';
import type { Environment } from '../kernel/environment.ts';
import { type ProcessId, processId, REMOTE } from '../kernel/ids.ts';
import { tellOfLost } from '../kernel/lost-processes.ts';
import type { Message } from '../kernel/message.ts';
import type { Process } from '../kernel/process.ts';
import type { Signal } from '../kernel/signal.ts';
import { LARGEST_MESSAGE, type NodeId } from './transport.ts';

/** Processes of one node that those of an environment know at a time, and bytes that each takes. */
const MOST_IDS = 2 ** 18;
const ID_COST = 256;
/** Milliseconds for which one that has ended keeps its id. */
const REMEMBERED = 10_000;

/** A process of another node. */
export interface RemoteProcess {
  readonly node: NodeId;
  readonly process: ProcessId;
}

/** How signals get to other nodes. */
export interface Reach {
  sendSignal(node: NodeId, target: ProcessId, signal: Signal): void;
  /** The message is used up. */
  sendMessage(node: NodeId, target: ProcessId, message: Message): void;
  asksFor(node: NodeId, target: ProcessId): Promise<boolean>;
}

/**
 * The processes of other nodes that those of one environment know. Each has an id here as if it were on another scheduler, so that
 * signals, links and monitors work as they do between schedulers.
 */
export class RemoteProcesses implements Beyond {
  readonly #environment: Environment<Process>;
  readonly #reach: Reach;
  readonly #places = new Map<ProcessId, RemoteProcess>();
  readonly #ids = new Map<NodeId, Map<ProcessId, ProcessId>>();
  /** Those that have ended, and when that was heard. */
  readonly #ended = new Map<ProcessId, number>();
  readonly #most: number;
  readonly #now: () => number;
  #last = 0;

  /** @param most processes of one node that it knows at a time */
  constructor(
    environment: Environment<Process>,
    reach: Reach,
    most = MOST_IDS,
    now = () => performance.now(),
  ) {
    this.#environment = environment;
    this.#most = most;
    this.#now = now;
    this.#reach = reach;
  }

  /** The id that a process of another node has here; null if that node has too many already. */
  idOf(node: NodeId, process: ProcessId): ProcessId | null {
    let ids = this.#ids.get(node);
    if (ids === undefined) {
      ids = new Map();
      this.#ids.set(node, ids);
    }
    const known = ids.get(process);
    if (known !== undefined) return known;
    this.#forgetEnded();
    if (ids.size >= this.#most || this.#environment.account.add(ID_COST) !== null) return null;
    const id = processId(REMOTE, ++this.#last);
    ids.set(process, id);
    this.#places.set(id, { node, process });
    return id;
  }

  /** What an id stands for; undefined if it is not of another node, or that process has ended. */
  placeOf(id: ProcessId): RemoteProcess | undefined {
    return this.#places.get(id);
  }

  deliver(target: ProcessId, signal: Exclude<Signal, { kind: 'message' }>): boolean {
    const place = this.#places.get(target);
    if (place === undefined) return false;
    this.#reach.sendSignal(place.node, place.process, signal);
    return true;
  }

  deliverMessage(target: ProcessId, message: Message): boolean {
    const place = this.#places.get(target);
    // What a message carries besides bytes belongs to this node.
    if (place === undefined || message.resources !== null || message.length > LARGEST_MESSAGE) return false;
    this.#reach.sendMessage(place.node, place.process, message);
    return true;
  }

  exists(target: ProcessId): boolean | Promise<boolean> {
    const place = this.#places.get(target);
    return place === undefined ? false : this.#reach.asksFor(place.node, place.process);
  }

  /**
   * A signal has come from another node. Whoever it is from gets an id here.
   * @returns false if that node has too many of these
   */
  take(from: NodeId, target: ProcessId, signal: Signal): boolean {
    const { router } = this.#environment;
    switch (signal.kind) {
      case 'message':
        router.deliverMessage(target, signal.message);
        break;
      case 'kill':
        router.deliver(target, signal);
        break;
      case 'die-when-link-dies':
        // Only a process itself decides that.
        break;
      default: {
        const peer = this.idOf(from, signal.peer);
        if (peer === null) return false;
        router.deliver(target, { ...signal, peer });
        // Others that watch it are told next, by the same id.
        if (signal.kind === 'link-died' || signal.kind === 'process-died') this.#ended.set(peer, this.#now());
      }
    }
    return true;
  }

  /** Forgets processes that have ended a while ago: all who watch them have heard of it. */
  #forgetEnded(): void {
    const before = this.#now() - REMEMBERED;
    for (const [id, since] of this.#ended) {
      if (since > before) return;
      this.#ended.delete(id);
      const place = this.#places.get(id);
      if (place === undefined) continue;
      this.#ids.get(place.node)?.delete(place.process);
      this.#places.delete(id);
      this.#environment.account.release(ID_COST);
    }
  }

  /** What was said with a node is broken: those that are linked to its processes, or monitor them, hear of it. */
  lose(node: NodeId): void {
    tellOfLost(this.#environment, (id) => this.#places.get(id)?.node === node);
    const ids = this.#ids.get(node);
    if (ids === undefined) return;
    for (const id of ids.values()) {
      this.#places.delete(id);
      this.#ended.delete(id);
    }
    this.#ids.delete(node);
    this.#environment.account.release(ID_COST * ids.size);
  }
}
