import { ByteReader } from '../kernel/codec/byte-reader.ts';
import { ByteWriter } from '../kernel/codec/byte-writer.ts';
import { FormatError } from '../kernel/codec/format-error.ts';
import type { ProcessId } from '../kernel/ids.ts';
import type { Process } from '../kernel/process.ts';
import type { Scheduler } from '../kernel/scheduler.ts';
import { ClusterError, type NameEntry, type NodeId, type Transport } from './transport.ts';

/** How often a change is tried anew when somebody else was faster. */
const MOST_TRIES = 8;
/** Milliseconds before it is tried again to free a name. */
const PAUSE = 1000;

/** Whom a name belongs to. */
export interface NameOwner {
  readonly node: NodeId;
  readonly process: ProcessId;
}

/** A name that a process of this node has. */
interface Own {
  readonly environment: number;
  readonly name: string;
  readonly revision: number;
}

/**
 * Names that processes have in the whole cluster, one environment apart from the other. A name has one owner: whoever has made the engine
 * write it down. It is free again when that process has ended, or its node has left.
 */
export class ClusterNames {
  readonly #transport: Transport;
  readonly #scheduler: Scheduler;
  /** The names of processes of this node, by process. */
  readonly #own = new Map<Process, Own[]>();
  /** Changes of names that are under way. */
  readonly #changing = new Map<string, Promise<boolean>>();
  readonly #observer = { onExit: (process: Process) => this.#ended(process) };

  constructor(transport: Transport, scheduler: Scheduler) {
    this.#transport = transport;
    this.#scheduler = scheduler;
  }

  /**
   * Gives a process of this node a name.
   * @returns false if another one has it
   * @throws ClusterError
   */
  register(process: Process, name: string): Promise<boolean> {
    return this.#inTurn(process, name, () => this.#register(process, name));
  }

  async #register(process: Process, name: string): Promise<boolean> {
    const environment = process.environment.id;
    const owner = { node: this.#transport.self.id, process: process.id };
    const { names } = this.#transport;
    const value = bytesOf(owner);
    for (let tries = 0; tries < MOST_TRIES; tries++) {
      const known = await names.get(environment, name);
      const before = known === null ? null : ownerOf(known);
      if (before !== null && this.#lives(environment, name, before))
        return before.node === owner.node && before.process === owner.process;
      const revision =
        known === null
          ? await names.create(environment, name, value)
          : await names.update(environment, name, value, known.revision);
      if (revision === null) continue;
      this.#keep(process, { environment, name, revision });
      return true;
    }
    throw new ClusterError(`the name '${name}' changes all the time`);
  }

  /**
   * Whom a name belongs to; null if it is free.
   * @throws ClusterError
   */
  async lookUp(environment: number, name: string): Promise<NameOwner | null> {
    const known = await this.#transport.names.get(environment, name);
    if (known === null) return null;
    const owner = ownerOf(known);
    return this.#lives(environment, name, owner) ? owner : null;
  }

  /**
   * Takes a name from a process of this node.
   * @returns false if it does not have it
   * @throws ClusterError; it still has it then
   */
  unregister(process: Process, name: string): Promise<boolean> {
    return this.#inTurn(process, name, async () => {
      const own = this.#own.get(process)?.find((each) => each.name === name);
      if (own === undefined) return false;
      const isRemoved = await this.#transport.names.remove(own.environment, name, own.revision);
      const names = this.#own.get(process);
      names?.splice(names.indexOf(own), 1);
      return isRemoved;
    });
  }

  /** Lets processes of this node change a name one after the other: none of them has it before its change is done. */
  async #inTurn(process: Process, name: string, change: () => Promise<boolean>): Promise<boolean> {
    const key = `${process.environment.id} ${name}`;
    const before = this.#changing.get(key);
    const changed = (async () => {
      await before?.catch(() => {});
      return await change();
    })();
    this.#changing.set(key, changed);
    try {
      return await changed;
    } finally {
      if (this.#changing.get(key) === changed) this.#changing.delete(key);
    }
  }

  #keep(process: Process, own: Own): void {
    if (process.exit !== null) {
      this.#free(own);
      return;
    }
    if (this.#own.size === 0) this.#scheduler.observers.add(this.#observer);
    const names = this.#own.get(process);
    if (names === undefined) this.#own.set(process, [own]);
    else names.push(own);
  }

  #ended(process: Process): void {
    const names = this.#own.get(process);
    if (names === undefined) return;
    this.#own.delete(process);
    if (this.#own.size === 0) this.#scheduler.observers.remove(this.#observer);
    for (const own of names) this.#free(own);
  }

  /** Others take it for the name of a process of this node as long as this fails. */
  #free(own: Own, tries = 1): void {
    const { environment, name, revision } = own;
    this.#transport.names.remove(environment, name, revision).catch(() => {
      if (tries < MOST_TRIES) setTimeout(() => this.#free(own, tries + 1), PAUSE).unref();
    });
  }

  /** Whether an owner may still live. One of this node is known to. */
  #lives(environment: number, name: string, { node, process }: NameOwner): boolean {
    if (node !== this.#transport.self.id) return this.#transport.nodes.has(node);
    for (const [owner, names] of this.#own)
      if (owner.id === process && names.some((own) => own.name === name && own.environment === environment))
        return true;
    return false;
  }
}

function bytesOf({ node, process }: NameOwner): Uint8Array {
  const writer = new ByteWriter(16);
  writer.varint(node);
  writer.varint(process);
  return writer.finish();
}

/** @throws ClusterError for what no node has written */
function ownerOf({ value }: NameEntry): NameOwner {
  try {
    const reader = new ByteReader(value, 'the owner of a name');
    const owner = { node: reader.varint() as NodeId, process: reader.varint() as ProcessId };
    reader.end();
    return owner;
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    throw new ClusterError(error.message, { cause: error });
  }
}
