import type { LoadedModule } from '../kernel/module.ts';
import type { Scheduler } from '../kernel/scheduler.ts';
import type { Spawner } from '../kernel/spawn.ts';
import { HostWork } from '../kernel/turn-work.ts';
import type { PermissionName } from '../permissions/permission.ts';
import type { Cluster } from './cluster.ts';
import type { GuestMetrics } from './guest-metrics.ts';
import { parseSignature, type Signature } from './signature.ts';

/** What implementations of host functions work with. `scheduler.current` is the process that calls. */
export interface HostContext {
  readonly scheduler: Scheduler;
  readonly spawner: Spawner;
  /** Compiles and links modules for guests. */
  readonly modules: ModuleLoader;
  /** Null if metrics are not exported. */
  readonly guestMetrics: GuestMetrics | null;
  /** Null as long as the runtime is no node. */
  cluster: Cluster | null;
}

/** Makes modules of binaries. A binary that was loaded before is not compiled again. */
export interface ModuleLoader {
  /**
   * Makes a module for the current process, which waits for a large one while others run.
   * @throws WasmFormatError, ModuleError or LinkError, or the promise rejects with it
   */
  load(bytes: Uint8Array): LoadedModule | Promise<LoadedModule>;
}

/** Parameters arrive as wasm passes them: i32 as a signed number, i64 as a signed bigint or split, see `HostFunction`. */
// biome-ignore lint/suspicious/noExplicitAny: each implementation names its own parameter types
export type HostImplementation = (...args: any[]) => unknown;

/** An older signature of a function, which guests of earlier SDKs import (abi 18). */
export interface OlderSignature extends Pick<Signature, 'params' | 'results'> {
  /** Makes an implementation of the older signature from the current one. */
  adapt(current: HostImplementation): HostImplementation;
}

/** A call without parameters, for those that a function is nearly always called with. Only functions that return an i32 have one. */
export interface UsualCall {
  /** The values of the parameters, null for any. */
  readonly params: readonly (number | null)[];
  /** Its implementation takes the scratch area back itself. */
  bind(context: HostContext): () => unknown;
}

/** A function that guests can import. */
export interface HostFunction extends Signature {
  readonly module: string;
  readonly name: string;
  /** Whether it may suspend the calling process. It returns a promise then. */
  readonly blocking: boolean;
  /** Whether it may suspend the process although upstream's does not. It returns a promise, or its result at once. */
  readonly suspends?: boolean;
  /** Whether its i64 parameters, and those of its older signatures, arrive as two i32 halves each, the low one first. */
  readonly split: boolean;
  /** Whether it may return any i32, even the one that asks to wait again. It never waits for a message. */
  readonly returnsAny?: boolean;
  /** What a call takes from the caller's turn, in units of work, besides what it charges itself. Default: `HostWork.call`. */
  readonly work?: number;
  /** Whether the time that a call takes is taken from the caller's turn as well, since nothing that it is given tells how long that is. */
  readonly timed?: boolean;
  /**
   * What is called in its place if the parameters are the usual ones and the guest has just sent a draft. Metrics do not count its
   * calls.
   */
  readonly usual?: UsualCall | undefined;
  /** The permission without which every call is refused. */
  readonly needs?: PermissionName | undefined;
  /** The first release of upstream that has it. */
  readonly since: string;
  readonly doc: string;
  readonly older: readonly OlderSignature[];
  bind(context: HostContext): HostImplementation;
}

interface Options {
  readonly since: string;
  readonly blocking?: boolean;
  /** For functions that block a thread in upstream, and must not block the only one here. */
  readonly suspends?: boolean;
  /** For functions that are called with every message. */
  readonly split?: boolean;
  /** See `HostFunction.returnsAny`. */
  readonly returnsAny?: boolean;
  /** For functions that take longer than others of their namespace, or shorter. */
  readonly work?: number;
  /** See `HostFunction.timed`. Default: that of the namespace. */
  readonly timed?: boolean;
  readonly older?: readonly OlderSignature[];
  readonly usual?: UsualCall;
  /** See `HostFunction.needs`. The implementation checks it. */
  readonly needs?: PermissionName;
}

/** The functions of one import module. */
export class Namespace {
  readonly module: string;
  readonly functions: HostFunction[] = [];
  readonly #work: number;
  readonly #timed: boolean;

  /**
   * @param work what a call of one takes from the caller's turn
   * @param timed see `HostFunction.timed`
   */
  constructor(module: string, work: number = HostWork.call, timed = false) {
    this.module = module;
    this.#work = work;
    this.#timed = timed;
  }

  /**
   * Declares one function.
   * @param signature as in "(error_id: i64, error_str_ptr: i32) -> i32". Whoever reads a part of it gets a SignatureError if
   *   it is malformed
   */
  define(
    name: string,
    signature: string,
    options: Options,
    doc: string,
    bind: (context: HostContext) => HostImplementation,
  ): void {
    const { since, blocking = false, suspends = false, split = false, older = [] } = options;
    const { work = this.#work, timed = this.#timed, returnsAny = false, usual, needs } = options;
    const { module } = this;
    this.functions.push(
      new Declared(signature, {
        module,
        name,
        blocking,
        suspends,
        split,
        returnsAny,
        work,
        timed,
        usual,
        needs,
        since,
        doc,
        older,
        bind,
      }),
    );
  }
}

/** A signature that is parsed when something of it is read: a program that starts imports a few functions of hundreds. */
class LazySignature implements Signature {
  readonly #text: string;
  #parsed: Signature | null = null;

  constructor(text: string) {
    this.#text = text;
  }

  get params(): Signature['params'] {
    return this.#signature.params;
  }

  get paramNames(): Signature['paramNames'] {
    return this.#signature.paramNames;
  }

  get results(): Signature['results'] {
    return this.#signature.results;
  }

  get #signature(): Signature {
    this.#parsed ??= parseSignature(this.#text);
    return this.#parsed;
  }
}

class Declared extends LazySignature implements HostFunction {
  readonly module: string;
  readonly name: string;
  readonly blocking: boolean;
  readonly suspends: boolean;
  readonly split: boolean;
  readonly returnsAny: boolean;
  readonly work: number;
  readonly timed: boolean;
  readonly usual: UsualCall | undefined;
  readonly needs: PermissionName | undefined;
  readonly since: string;
  readonly doc: string;
  readonly older: readonly OlderSignature[];
  readonly bind: HostFunction['bind'];

  constructor(signature: string, fn: Required<Omit<HostFunction, keyof Signature>>) {
    super(signature);
    this.module = fn.module;
    this.name = fn.name;
    this.blocking = fn.blocking;
    this.suspends = fn.suspends;
    this.split = fn.split;
    this.returnsAny = fn.returnsAny;
    this.work = fn.work;
    this.timed = fn.timed;
    this.usual = fn.usual;
    this.needs = fn.needs;
    this.since = fn.since;
    this.doc = fn.doc;
    this.older = fn.older;
    this.bind = fn.bind;
  }
}

class LazyOlder extends LazySignature implements OlderSignature {
  readonly adapt: OlderSignature['adapt'];

  constructor(signature: string, adapt: OlderSignature['adapt']) {
    super(signature);
    this.adapt = adapt;
  }
}

/** Declares an older signature. */
export function older(
  signature: string,
  adapt: (current: HostImplementation) => HostImplementation = (current) => current,
): OlderSignature {
  return new LazyOlder(signature, adapt);
}
