import type { SchedulerIndex } from '../kernel/ids.ts';
import type { LoadedModule } from '../kernel/module.ts';
import { Frame } from './frame.ts';
import type { Mesh } from './mesh.ts';

/** Loads a module that another scheduler has: as the program's own, or as one that a process has made. */
export type LoadShared = (bytes: Uint8Array, fromProcess: boolean) => LoadedModule;

/** A module that more than one scheduler has. */
interface Shared {
  readonly bytes: Uint8Array;
  readonly fromProcess: boolean;
  loaded: LoadedModule | null;
}

/** The modules of processes that go from one scheduler to another. Each goes once, before the first process that needs it. */
export class SharedModules {
  readonly #mesh: Mesh;
  readonly #load: LoadShared;
  readonly #byDigest = new Map<string, Shared>();
  readonly #digests = new WeakMap<Uint8Array, string>();
  /** By scheduler: the modules that it has. */
  readonly #known = new Map<SchedulerIndex, Set<string>>();

  constructor(mesh: Mesh, load: LoadShared) {
    this.#mesh = mesh;
    this.#load = load;
  }

  /** Sees to it that another scheduler has a module. Returns the digest by which that knows it. */
  send(to: SchedulerIndex, module: LoadedModule): string {
    this.add(module);
    return this.sendBytes(to, module.bytes, module.isCounted);
  }

  /**
   * The same for a binary.
   * @param fromProcess whether a process has made a module of it
   */
  sendBytes(to: SchedulerIndex, bytes: Uint8Array, fromProcess: boolean): string {
    const digest = this.digestOf(bytes);
    // It may come back.
    if (!this.#byDigest.has(digest)) this.#byDigest.set(digest, { bytes, fromProcess, loaded: null });
    const known = this.#known.get(to) ?? new Set();
    if (known.has(digest)) return digest;
    this.#known.set(to, known.add(digest));
    this.#mesh.send(to, Frame.Module, (writer) => {
      writer.text(digest);
      writer.u8(fromProcess ? 1 : 0);
      writer.bytes(bytes);
    });
    return digest;
  }

  /** The digest by which all schedulers know a binary. */
  digestOf(bytes: Uint8Array): string {
    const known = this.#digests.get(bytes);
    if (known !== undefined) return known;
    const { hash } = process.getBuiltinModule('node:crypto');
    const digest = hash('sha256', bytes, 'hex');
    this.#digests.set(bytes, digest);
    return digest;
  }

  /** Takes note that a module is here. */
  add(loaded: LoadedModule): void {
    const { bytes, isCounted } = loaded;
    const digest = this.digestOf(bytes);
    if (this.#byDigest.get(digest)?.loaded == null)
      this.#byDigest.set(digest, { bytes, fromProcess: isCounted, loaded });
  }

  /** Another scheduler sends a module. */
  receive(from: SchedulerIndex, digest: string, fromProcess: boolean, bytes: Uint8Array): void {
    this.#known.set(from, (this.#known.get(from) ?? new Set()).add(digest));
    if (this.#byDigest.has(digest)) return;
    // Shared, as the threads that make modules want it.
    const own = new Uint8Array(new SharedArrayBuffer(bytes.length));
    own.set(bytes);
    this.#digests.set(own, digest);
    this.#byDigest.set(digest, { bytes: own, fromProcess, loaded: null });
  }

  /** The binary of a module that has been sent here. */
  bytes(digest: string): Uint8Array {
    return this.#find(digest).bytes;
  }

  /** The module of a digest. It is loaded when the first process needs it. */
  get(digest: string): LoadedModule {
    const shared = this.#find(digest);
    shared.loaded ??= this.#load(shared.bytes, shared.fromProcess);
    return shared.loaded;
  }

  #find(digest: string): Shared {
    const shared = this.#byDigest.get(digest);
    if (shared === undefined) throw new Error(`no module ${digest} has been sent`);
    return shared;
  }

  lose(index: SchedulerIndex): void {
    this.#known.delete(index);
  }
}
