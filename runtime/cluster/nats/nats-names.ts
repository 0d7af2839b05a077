import type { KV, Kvm } from '@nats-io/kv';
import type { NameEntry, NameStore } from '../transport.ts';
import { answered, changed } from './answers.ts';
import { nameKey, type Subjects } from './subjects.ts';

/** Names in buckets of JetStream, one for each environment: a server's permissions can keep environments apart. */
export class NatsNames implements NameStore {
  readonly #kvm: Kvm;
  readonly #subjects: Subjects;
  readonly #replicas: number;
  readonly #buckets = new Map<number, Promise<KV>>();

  constructor(kvm: Kvm, subjects: Subjects, replicas: number) {
    this.#kvm = kvm;
    this.#subjects = subjects;
    this.#replicas = replicas;
  }

  async get(environment: number, name: string): Promise<NameEntry | null> {
    const bucket = await this.#bucket(environment);
    const entry = await answered(bucket.get(nameKey(name)), 'look-up of a name');
    if (entry === null || entry.operation !== 'PUT') return null;
    return { value: new Uint8Array(entry.value), revision: entry.revision };
  }

  async create(environment: number, name: string, value: Uint8Array): Promise<number | null> {
    const bucket = await this.#bucket(environment);
    return await changed(bucket.create(nameKey(name), value.slice()), 'creation of a name');
  }

  async update(
    environment: number,
    name: string,
    value: Uint8Array,
    revision: number,
  ): Promise<number | null> {
    const bucket = await this.#bucket(environment);
    return await changed(bucket.update(nameKey(name), value.slice(), revision), 'change of a name');
  }

  async remove(environment: number, name: string, revision: number): Promise<boolean> {
    const bucket = await this.#bucket(environment);
    const removed = bucket.delete(nameKey(name), { previousSeq: revision }).then(() => true);
    return (await changed(removed, 'removal of a name')) ?? false;
  }

  #bucket(environment: number): Promise<KV> {
    let bucket = this.#buckets.get(environment);
    if (bucket === undefined) {
      bucket = this.#open(environment);
      this.#buckets.set(environment, bucket);
      bucket.catch(() => this.#buckets.delete(environment));
    }
    return bucket;
  }

  #open(environment: number): Promise<KV> {
    const bucket = this.#subjects.names(environment);
    return answered(this.#kvm.create(bucket, { history: 1, replicas: this.#replicas }), 'bucket of names');
  }
}
