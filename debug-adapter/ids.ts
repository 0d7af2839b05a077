import type { ModuleKey, ProcessKey } from '../runtime/inspect/protocol.ts';
import type { Value } from './values/value.ts';

/** A frame of a process; depth 0 is the innermost call. */
export interface FrameRef {
  readonly process: ProcessKey;
  readonly depth: number;
  /** How many calls that were inlined into the function are inside of this one. */
  readonly inlined: number;
}

/** Something that has variables: a scope of a process, or a variable in it. */
export type Container =
  | {
      readonly kind: 'mailbox' | 'peers' | 'links' | 'monitors' | 'config' | 'memory';
      readonly process: ProcessKey;
    }
  /** Those of a function, in a call by its place in the stack. */
  | { readonly kind: 'locals'; readonly process: ProcessKey; readonly depth: number }
  | { readonly kind: 'globals'; readonly process: ProcessKey }
  /** The variables of a frame, and the statics of its source, as debug information describes them. */
  | ({ readonly kind: 'variables' | 'statics' } & FrameRef)
  /** The locals of a call in AssemblyScript, and an object there. */
  | {
      readonly kind: 'managed locals' | 'managed statics';
      readonly process: ProcessKey;
      readonly depth: number;
    }
  | {
      readonly kind: 'managed object';
      readonly process: ProcessKey;
      readonly depth: number;
      readonly address: number;
    }
  /** A part of them, and the expression that means it. */
  | ({ readonly kind: 'value'; readonly value: Value; readonly path: string | null } & FrameRef)
  | { readonly kind: 'message'; readonly process: ProcessKey; readonly index: number }
  /** A list in the config: arguments, directories. */
  | { readonly kind: 'config-list'; readonly process: ProcessKey; readonly name: string };

/** A text that the adapter has: that of a function, or a source file that the module brings along. */
export type SourceRef =
  | { readonly module: ModuleKey; readonly functionIndex: number }
  | { readonly module: ModuleKey; readonly file: string };

/**
 * Every id that the client gets. A thing has the same id as long as it exists, so that repeated requests use no new ids.
 * The id of a thing that is gone is not used again.
 */
export class Ids {
  readonly #threads = new IdTable<ProcessKey>();
  readonly #frames = new IdTable<FrameRef>();
  readonly #containers = new IdTable<Container>();
  readonly #sources = new IdTable<SourceRef>();
  /** Processes of which values have been opened. */
  readonly #opened = new Set<ProcessKey>();

  thread(process: ProcessKey): number {
    return this.#threads.idOf(process, process, process);
  }

  /** The id of a process, if it has one. */
  knownThread(process: ProcessKey): number | undefined {
    return this.#threads.knownId(process);
  }

  process(threadId: number): ProcessKey | undefined {
    return this.#threads.valueOf(threadId);
  }

  frame(process: ProcessKey, depth: number, inlined = 0): number {
    return this.#frames.idOf(`${process} ${depth} ${inlined}`, { process, depth, inlined }, process);
  }

  frameOf(id: number): FrameRef | undefined {
    return this.#frames.valueOf(id);
  }

  container(container: Container): number {
    const { kind, process } = container;
    const isValue = kind === 'value' || kind === 'managed object';
    if (isValue) this.#opened.add(process);
    return this.#containers.idOf(JSON.stringify(container), container, isValue ? valuesOf(process) : process);
  }

  containerOf(variablesReference: number): Container | undefined {
    return this.#containers.valueOf(variablesReference);
  }

  source(module: ModuleKey, functionIndex: number): number {
    return this.#sources.idOf(`${module} #${functionIndex}`, { module, functionIndex }, module);
  }

  file(module: ModuleKey, file: string): number {
    return this.#sources.idOf(`${module} file ${file}`, { module, file }, module);
  }

  sourceOf(sourceReference: number): SourceRef | undefined {
    return this.#sources.valueOf(sourceReference);
  }

  /** Removes the ids of the values that were opened: a process that goes on may have others. */
  forgetValues(process: ProcessKey): void {
    this.#containers.forget(valuesOf(process));
    this.#opened.delete(process);
  }

  /** Removes those of all processes. */
  forgetAllValues(): void {
    for (const process of this.#opened) this.forgetValues(process);
  }

  /** Removes those of all sources: modules of another run may have the same keys. */
  forgetSources(): void {
    this.#sources.clear();
  }

  /** Removes all ids of a process. */
  forget(process: ProcessKey): void {
    this.#threads.forget(process);
    this.#frames.forget(process);
    this.#containers.forget(process);
    this.forgetValues(process);
  }
}

const valuesOf = (process: ProcessKey) => `values of ${process}`;

/** Ids from 1 for values that have a key and an owner. */
class IdTable<Value> {
  readonly #ids = new Map<string, number>();
  readonly #values = new Map<number, Value>();
  readonly #keysOf = new Map<string, string[]>();
  #last = 0;

  idOf(key: string, value: Value, owner: string): number {
    const known = this.#ids.get(key);
    if (known !== undefined) return known;
    const id = ++this.#last;
    this.#ids.set(key, id);
    this.#values.set(id, value);
    const keys = this.#keysOf.get(owner);
    if (keys === undefined) this.#keysOf.set(owner, [key]);
    else keys.push(key);
    return id;
  }

  knownId(key: string): number | undefined {
    return this.#ids.get(key);
  }

  valueOf(id: number): Value | undefined {
    return this.#values.get(id);
  }

  clear(): void {
    this.#ids.clear();
    this.#values.clear();
    this.#keysOf.clear();
  }

  forget(owner: string): void {
    for (const key of this.#keysOf.get(owner) ?? []) {
      const id = this.#ids.get(key);
      this.#ids.delete(key);
      if (id !== undefined) this.#values.delete(id);
    }
    this.#keysOf.delete(owner);
  }
}
