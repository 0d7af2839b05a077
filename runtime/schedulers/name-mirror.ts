import { ByteReader } from '../kernel/codec/byte-reader.ts';
import type { SchedulerIndex } from '../kernel/ids.ts';
import type { Registry, RegistryEntry } from '../kernel/registry.ts';
import { InspectRequest } from './inspect-wire.ts';
import type { Program } from './programs.ts';
import { bytesOf, numberIn } from './requests.ts';
import type { SchedulerSystem } from './system.ts';

/** Milliseconds after which names are looked at again. */
const INTERVAL = 50;
/** Names that go together. */
const MOST = 10_000;

const DONE = new Uint8Array(0);

/** What another scheduler knows of the names of a program. */
interface Known {
  changes: number;
  readonly entries: Map<string, RegistryEntry>;
}

/**
 * Tells other schedulers the names of programs, which the first one keeps, as long as clients look at processes: by them people know
 * processes. Guests do not see them.
 */
export class NameMirror {
  readonly #system: SchedulerSystem;
  /** By scheduler: what those programs are called there that have been there. */
  readonly #known = new Map<SchedulerIndex, Map<Program, Known>>();
  #timer: NodeJS.Timeout | null = null;

  constructor(system: SchedulerSystem) {
    this.#system = system;
    system.requests.answer(InspectRequest.Opened, (from, body) => {
      const program = system.programs.get(numberIn(body));
      if (program !== undefined) this.#add(from as SchedulerIndex, program);
      return DONE;
    });
  }

  /** The first process of a program has come to another scheduler. */
  #add(index: SchedulerIndex, program: Program): void {
    const programs = this.#known.get(index) ?? new Map<Program, Known>();
    this.#known.set(index, programs);
    const known = { changes: 0, entries: new Map<string, RegistryEntry>() };
    programs.set(program, known);
    if (this.#timer !== null) this.#tell(index, program, known);
  }

  begin(): void {
    if (this.#timer !== null) return;
    this.#timer = setInterval(() => this.tell(), INTERVAL).unref();
    this.tell();
  }

  end(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
    // They would be wrong one day.
    for (const [index, programs] of this.#known) {
      for (const [program, known] of programs) {
        this.#send(index, program, [...known.entries.keys()], []);
        known.entries.clear();
        known.changes = 0;
      }
    }
  }

  lose(index: SchedulerIndex): void {
    this.#known.delete(index);
  }

  /** Tells what has changed since the last time. */
  tell(): void {
    if (this.#timer === null) return;
    for (const [index, programs] of this.#known)
      for (const [program, known] of programs) this.#tell(index, program, known);
  }

  #tell(index: SchedulerIndex, program: Program, known: Known): void {
    const { registry } = program;
    if (known.changes === registry.changes) return;
    known.changes = registry.changes;
    const present = new Map(registry.entries());
    const gone = [...known.entries.keys()].filter((name) => !present.has(name));
    const fresh = [...present].filter(([name, entry]) => known.entries.get(name) !== entry);
    for (const name of gone) known.entries.delete(name);
    for (const [name, entry] of fresh) known.entries.set(name, entry);
    this.#send(index, program, gone, fresh);
  }

  #send(
    index: SchedulerIndex,
    { key }: Program,
    gone: readonly string[],
    fresh: readonly (readonly [string, RegistryEntry])[],
  ): void {
    for (let at = 0; at < Math.max(gone.length, fresh.length); at += MOST) {
      const body = bytesOf((writer) => {
        writer.varint(key);
        const less = gone.slice(at, at + MOST);
        const more = fresh.slice(at, at + MOST);
        writer.varint(less.length);
        for (const name of less) writer.text(name);
        writer.varint(more.length);
        for (const [name, { nodeId, processId }] of more) {
          writer.text(name);
          writer.text(`${nodeId} ${processId}`);
        }
      });
      this.#system.requests.request(index, InspectRequest.Names, body).catch(() => {});
    }
  }
}

/** Takes note of names of other schedulers' programs. */
export function readNames(body: Uint8Array, registryOf: (key: number) => Registry | undefined): void {
  const reader = new ByteReader(body, 'names');
  const registry = registryOf(reader.varint());
  for (let left = reader.varint(); left > 0; left--) {
    const name = reader.text();
    registry?.remove(name);
  }
  for (let left = reader.varint(); left > 0; left--) {
    const name = reader.text();
    const [nodeId = '0', processId = '0'] = reader.text().split(' ');
    registry?.put(name, { nodeId: BigInt(nodeId), processId: BigInt(processId) }, null);
  }
}
