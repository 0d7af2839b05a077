import { createHash } from 'node:crypto';
import type { ObjectStore, Objm } from '@nats-io/obj';
import { ClusterError, LARGEST_MODULE, type ModuleStore } from '../transport.ts';
import { answered } from './answers.ts';
import type { Subjects } from './subjects.ts';

/** Modules in an object store of JetStream. The id of one is the beginning of its hash. */
export class NatsModules implements ModuleStore {
  readonly #objm: Objm;
  readonly #subjects: Subjects;
  readonly #replicas: number;
  #store: Promise<ObjectStore> | null = null;

  constructor(objm: Objm, subjects: Subjects, replicas: number) {
    this.#objm = objm;
    this.#subjects = subjects;
    this.#replicas = replicas;
  }

  async add(bytes: Uint8Array): Promise<bigint> {
    if (bytes.length > LARGEST_MODULE)
      throw new ClusterError(`a module of ${bytes.length} bytes, and ${LARGEST_MODULE} are the most`);
    const id = idOf(bytes);
    const store = await this.#opened();
    const known = await answered(store.info(nameOf(id)), 'look-up of a module');
    if (known === null) await answered(store.putBlob({ name: nameOf(id) }, bytes), 'upload of a module');
    return id;
  }

  async get(id: bigint): Promise<Uint8Array | null> {
    const store = await this.#opened();
    const info = await answered(store.info(nameOf(id)), 'look-up of a module');
    if (info === null || info.size > LARGEST_MODULE) return null;
    const bytes = await answered(store.getBlob(nameOf(id)), 'download of a module');
    if (bytes !== null && idOf(bytes) !== id) throw new ClusterError(`module ${id} is not what it was`);
    return bytes;
  }

  #opened(): Promise<ObjectStore> {
    this.#store ??= answered(
      this.#objm.create(this.#subjects.modules, { replicas: this.#replicas }),
      'store of modules',
    );
    this.#store.catch(() => {
      this.#store = null;
    });
    return this.#store;
  }
}

function idOf(bytes: Uint8Array): bigint {
  return createHash('sha256').update(bytes).digest().readBigUInt64LE() || 1n;
}

function nameOf(id: bigint): string {
  return id.toString(16).padStart(16, '0');
}
