import type { SchedulerIndex } from '../kernel/ids.ts';
import type { LoadedModule } from '../kernel/module.ts';
import { Frame } from './frame.ts';
import type { Mesh } from './mesh.ts';

/** Loads a module that another scheduler has: as the program's own, or as one that a process has made. */
export type LoadShared = (bytes: Uint8Array, fromProcess: boolean) => LoadedModule;

/** Modules that processes have made, and bytes of these, that one scheduler keeps for another one. */
const MOST_MADE = 64;
const MOST_MADE_BYTES = 2 ** 26;

/** Digits of a key, and those of them that are a number. */
const KEY = 64;
const NUMBER = 12;

/** A module that more than one scheduler has. */
interface Shared {
  readonly bytes: Uint8Array;
  loaded: LoadedModule | null;
}

/** A module of a process that another scheduler keeps. */
interface Sent {
  readonly size: number;
  readonly loaded: WeakRef<LoadedModule> | null;
}

/** What this scheduler and another one have of each other's modules. */
interface Exchange {
  /** Modules of programs that the other one has. */
  readonly known: Set<string>;
  /** Modules of processes that were sent there, and are kept there until they are told to be gone: the least recent first. */
  readonly sent: Map<string, Sent>;
  sentBytes: number;
  /** Those that came from there. */
  readonly received: Map<string, Shared>;
}

/**
 * The modules of processes that go from one scheduler to another. Each goes once, before the first process that needs it. Those of
 * programs stay. Processes make as many modules as they like, so of these only the latest stay, and others go again.
 */
export class SharedModules {
  readonly #mesh: Mesh;
  readonly #load: LoadShared;
  /** Those of programs. */
  readonly #byKey = new Map<string, Shared>();
  readonly #keys = new WeakMap<Uint8Array, string>();
  /** How the keys begin that are given here, as nobody else's do, and how many were given. */
  readonly #prefix = Array.from({ length: KEY - NUMBER }, () =>
    Math.floor(16 * Math.random()).toString(16),
  ).join('');
  #last = 0;
  readonly #exchanges = new Map<SchedulerIndex, Exchange>();

  constructor(mesh: Mesh, load: LoadShared) {
    this.#mesh = mesh;
    this.#load = load;
  }

  /** Sees to it that another scheduler has a module when it gets what is sent there next. */
  send(to: SchedulerIndex, module: LoadedModule): void {
    if (module.isCounted) {
      this.#sendMade(to, module.bytes, new WeakRef(module));
      return;
    }
    this.add(module);
    const { known } = this.#exchange(to);
    const key = this.keyOf(module.bytes);
    if (known.has(key)) return;
    known.add(key);
    this.#sendBytes(to, key, module.bytes, false);
  }

  /** The same for the binary of a module that a process has made. Returns its key. */
  sendMade(to: SchedulerIndex, bytes: Uint8Array): string {
    return this.#sendMade(to, bytes, null);
  }

  #sendMade(to: SchedulerIndex, bytes: Uint8Array, loaded: WeakRef<LoadedModule> | null): string {
    const key = this.keyOf(bytes);
    const exchange = this.#exchange(to);
    const { sent } = exchange;
    const known = sent.get(key);
    if (known === undefined) {
      this.#sendBytes(to, key, bytes, true);
      exchange.sentBytes += bytes.length;
    }
    // Now it is the most recent one.
    sent.delete(key);
    sent.set(key, { size: bytes.length, loaded: loaded ?? known?.loaded ?? null });
    for (const [oldest, { size }] of sent) {
      if (oldest === key) break;
      if (sent.size <= MOST_MADE && exchange.sentBytes <= MOST_MADE_BYTES) break;
      sent.delete(oldest);
      exchange.sentBytes -= size;
      this.#mesh.send(to, Frame.ModuleGone, (writer) => writer.text(oldest));
    }
    return key;
  }

  #sendBytes(to: SchedulerIndex, key: string, bytes: Uint8Array, fromProcess: boolean): void {
    this.#mesh.send(to, Frame.Module, (writer) => {
      writer.text(key);
      writer.u8(fromProcess ? 1 : 0);
      writer.bytes(bytes);
    });
  }

  /** The key by which all schedulers know a binary: hexadecimal digits. The first one that shares it gives it, since a hash takes long. */
  keyOf(bytes: Uint8Array): string {
    const known = this.#keys.get(bytes);
    if (known !== undefined) return known;
    const key = this.#prefix + (++this.#last).toString(16).padStart(NUMBER, '0');
    this.#keys.set(bytes, key);
    return key;
  }

  /** Takes note that the module of a program is here. */
  add(loaded: LoadedModule): void {
    const { bytes } = loaded;
    const key = this.keyOf(bytes);
    if (this.#byKey.get(key)?.loaded == null) this.#byKey.set(key, { bytes, loaded });
  }

  /** Another scheduler sends a module. */
  receive(from: SchedulerIndex, key: string, fromProcess: boolean, bytes: Uint8Array): void {
    const { known, received } = this.#exchange(from);
    const modules = fromProcess ? received : this.#byKey;
    if (!fromProcess) known.add(key);
    if (modules.has(key)) return;
    // Shared, as the threads that make modules want it.
    const own = new Uint8Array(new SharedArrayBuffer(bytes.length));
    own.set(bytes);
    this.#keys.set(own, key);
    modules.set(key, { bytes: own, loaded: null });
  }

  /** Another scheduler will not speak of a module before it sends it again. */
  forget(from: SchedulerIndex, key: string): void {
    this.#exchange(from).received.delete(key);
  }

  /** The binary of a module that a process has made and another scheduler has sent. */
  bytes(from: SchedulerIndex, key: string): Uint8Array {
    return this.#madeBy(from, key).bytes;
  }

  /** The module of a key of which another scheduler speaks. It is loaded when the first process needs it. */
  get(from: SchedulerIndex, key: string): LoadedModule {
    const program = this.#byKey.get(key);
    if (program !== undefined) {
      program.loaded ??= this.#load(program.bytes, false);
      return program.loaded;
    }
    const made = this.#madeBy(from, key);
    // It may have come back.
    made.loaded ??= this.#exchange(from).sent.get(key)?.loaded?.deref() ?? this.#load(made.bytes, true);
    return made.loaded;
  }

  #madeBy(from: SchedulerIndex, key: string): Shared {
    const shared = this.#exchange(from).received.get(key);
    if (shared === undefined) throw new Error(`scheduler ${from} has sent no module ${key}`);
    return shared;
  }

  #exchange(index: SchedulerIndex): Exchange {
    const known = this.#exchanges.get(index);
    if (known !== undefined) return known;
    const made: Exchange = { known: new Set(), sent: new Map(), sentBytes: 0, received: new Map() };
    this.#exchanges.set(index, made);
    return made;
  }

  lose(index: SchedulerIndex): void {
    this.#exchanges.delete(index);
  }
}
