import type { LoadedModule } from '../kernel/module.ts';
import type { Scheduler } from '../kernel/scheduler.ts';
import type { Spawner } from '../kernel/spawn.ts';
import { hostTrap } from '../kernel/trap.ts';
import type { GuestMetrics } from './guest-metrics.ts';
import { parseSignature, type Signature } from './signature.ts';

/** What the implementations of host functions work on. `scheduler.current` is the process that calls. */
export interface HostContext {
  readonly scheduler: Scheduler;
  readonly spawner: Spawner;
  /** Compiles and links a module for a guest; throws with a message for its author. */
  readonly modules: ModuleLoader;
  /** Null where metrics are not exported. */
  readonly guestMetrics: GuestMetrics | null;
}

/** See `LoadedModule`; binaries that were loaded before are not compiled again. */
export interface ModuleLoader {
  load(bytes: Uint8Array): LoadedModule;
}

/** Parameters arrive as wasm passes them: i32 as signed number, i64 as signed bigint or split, see `HostFunction`. */
// biome-ignore lint/suspicious/noExplicitAny: each implementation names its own parameter types
export type HostImplementation = (...args: any[]) => unknown;

/** An older signature of the same function that guests of earlier SDKs import (abi 18). */
export interface OlderSignature extends Pick<Signature, 'params' | 'results'> {
  /** Turns the current implementation into one of the older signature. */
  adapt(current: HostImplementation): HostImplementation;
}

/** One function that guests can import. */
export interface HostFunction extends Signature {
  readonly module: string;
  readonly name: string;
  /** It may suspend the calling process: it then returns a promise. */
  readonly blocking: boolean;
  /** It may suspend the process as well, although upstream's does not: it returns a promise, or its result at once. */
  readonly suspends?: boolean;
  /** Its i64 parameters arrive as two i32 halves each, the low one first; those of older signatures too. */
  readonly split: boolean;
  /** It may return every i32, also the one that asks to wait again. It never waits for a message. */
  readonly returnsAny?: boolean;
  /** The first release of upstream that had it. */
  readonly since: string;
  readonly doc: string;
  readonly older: readonly OlderSignature[];
  /** False where it links but every call of it is refused. */
  readonly works: boolean;
  bind(context: HostContext): HostImplementation;
}

interface Options {
  readonly since: string;
  readonly blocking?: boolean;
  /** For what blocks a thread of upstream's, and must not block the only one here. */
  readonly suspends?: boolean;
  /** For what is called with every message. */
  readonly split?: boolean;
  readonly older?: readonly OlderSignature[];
}

/** Declares the functions of one import module. */
export class Namespace {
  readonly module: string;
  readonly functions: HostFunction[] = [];

  constructor(module: string) {
    this.module = module;
  }

  /**
   * Declares one function.
   * @param signature as in "(error_id: i64, error_str_ptr: i32) -> i32"
   * @throws SignatureError
   */
  define(
    name: string,
    signature: string,
    options: Options,
    doc: string,
    bind: (context: HostContext) => HostImplementation,
  ): void {
    this.functions.push({
      module: this.module,
      name,
      ...parseSignature(signature),
      blocking: options.blocking ?? false,
      suspends: options.suspends ?? false,
      split: options.split ?? false,
      since: options.since,
      doc,
      older: options.older ?? [],
      works: !refusing.has(bind),
      bind,
    });
  }
}

/** Declares an older signature. */
export function older(
  signature: string,
  adapt: (current: HostImplementation) => HostImplementation = (current) => current,
): OlderSignature {
  const { params, results } = parseSignature(signature);
  return { params, results, adapt };
}

/** Implementations that refuse every call. */
const refusing = new WeakSet<HostFunction['bind']>();

/** Marks the implementation of a function that links, but cannot be used in this version. */
export function refusal(bind: HostFunction['bind']): HostFunction['bind'] {
  refusing.add(bind);
  return bind;
}

/** A refusal that traps. */
export function unsupported(name: string): HostFunction['bind'] {
  return refusal(() => () => {
    throw hostTrap(`${name} is not supported yet`);
  });
}
