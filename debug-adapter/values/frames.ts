import type { ModuleKey, ProcessKey, Stack } from '../../runtime/inspect/protocol.ts';
import { keyFromText, MAX_MEMORY_READ } from '../../runtime/inspect/protocol.ts';
import { endedName, processName } from '../../runtime/inspect/view/index.ts';
import {
  type FrameVariables,
  type Inspected,
  InspectRequestError,
  type MemoryPart,
  type ModuleSymbols,
  type SourceLanguage,
  type VariableInfo,
} from '../../runtime/internal.ts';
import type { FrameRef } from '../ids.ts';
import type { ModuleSources } from '../module-sources.ts';
import { formatterOf } from './formatters.ts';
import { ProcessMemory } from './process-memory.ts';
import { Shower } from './show-value.ts';
import { Steps } from './steps.ts';
import { TypeTable } from './type-table.ts';
import { ValueReader } from './value-reader.ts';

/** Times that places are looked for anew because they depend on what is in memory. */
const MAX_ROUNDS = 6;

/** A frame whose source is known, at one stop of its process. */
export interface SourceFrame {
  readonly language: SourceLanguage;
  readonly variables: readonly VariableInfo[];
  readonly reader: ValueReader;
  readonly shower: Shower;
  readonly symbols: ModuleSymbols;
  readonly offset: number;
  /** Why there are no values. */
  readonly missing: string | null;
}

/** What one stop of a process has shown so far. */
interface Stop {
  readonly memory: ProcessMemory;
  readonly frames: Map<string, Promise<SourceFrame | null>>;
}

/** A variable; an array whose length the program decides gets the one that it has, which other variables say. */
async function measured(
  reader: ValueReader,
  variable: VariableInfo,
  all: readonly VariableInfo[],
): Promise<VariableInfo> {
  const type = await reader.types.resolve(variable.type);
  if (type?.kind !== 'array' || type.lengths === undefined) return variable;
  const counts = type.lengths.map(async (name, i) => {
    const length = name === null ? undefined : all.find((one) => one.name === name);
    if (length === undefined) return type.counts[i] ?? null;
    return await reader.number({ type: length.type, place: length.place, offset: 0 });
  });
  return { ...variable, type: reader.types.addArray(type, await Promise.all(counts)) };
}

/** Finds the variables of frames. What was found is kept as long as the process stands still. */
export class SourceFrames {
  readonly #client: Inspected;
  readonly #sources: ModuleSources;
  readonly #functionText: (module: ModuleKey, index: number) => Promise<string | null>;
  readonly #functionIndex: (module: ModuleKey, name: string) => Promise<number | null>;
  readonly #stackOf: (process: ProcessKey) => Promise<Stack>;
  readonly #stopOf: (process: ProcessKey) => object | undefined;
  readonly #types = new Map<ModuleKey, TypeTable>();
  readonly #stops = new WeakMap<object, Stop>();

  /**
   * @param functionText tells what the function at an index of a table is called
   * @param functionIndex tells at which index the function of a name is
   * @param stopOf returns an object that is the same as long as a process stands still; undefined if it does not
   */
  constructor(
    client: Inspected,
    sources: ModuleSources,
    functionText: (module: ModuleKey, index: number) => Promise<string | null>,
    functionIndex: (module: ModuleKey, name: string) => Promise<number | null>,
    stackOf: (process: ProcessKey) => Promise<Stack>,
    stopOf: (process: ProcessKey) => object | undefined,
  ) {
    this.#client = client;
    this.#sources = sources;
    this.#functionText = functionText;
    this.#functionIndex = functionIndex;
    this.#stackOf = stackOf;
    this.#stopOf = stopOf;
  }

  /** A frame with all steps to go, for one request. Null if nothing is known of its variables. */
  async of(frame: FrameRef): Promise<SourceFrame | null> {
    const found = await this.#known(frame);
    if (found === null) return null;
    const shower = found.shower.with(new Steps());
    return { ...found, shower, reader: shower.reader };
  }

  #known({ process, depth, inlined }: FrameRef): Promise<SourceFrame | null> {
    const stop = this.#stop(process);
    const key = `${depth} ${inlined}`;
    let frame = stop.frames.get(key);
    if (frame === undefined) {
      frame = this.#read({ process, depth, inlined }, stop.memory);
      frame.catch(() => stop.frames.delete(key));
      stop.frames.set(key, frame);
    }
    return frame;
  }

  /** The memory of a process, as it was read at this stop. */
  memoryOf(process: ProcessKey): ProcessMemory {
    return this.#stop(process).memory;
  }

  /** Reads everything anew, after something was set. */
  forget(process: ProcessKey): void {
    const held = this.#stopOf(process);
    if (held !== undefined) this.#stops.delete(held);
  }

  #stop(process: ProcessKey): Stop {
    const held = this.#stopOf(process);
    const known = held === undefined ? undefined : this.#stops.get(held);
    if (known !== undefined) return known;
    const stop = {
      memory: new ProcessMemory((at, count) => this.#memory(process, at, count)),
      frames: new Map(),
    };
    if (held !== undefined) this.#stops.set(held, stop);
    return stop;
  }

  async #memory(process: ProcessKey, offset: number, count: number): Promise<Uint8Array> {
    const size = Math.min(count, MAX_MEMORY_READ);
    const { data } = await this.#client.request('process/memory', { process, offset, count: size });
    return Buffer.from(data, 'base64');
  }

  async #read({ process, depth, inlined }: FrameRef, memory: ProcessMemory): Promise<SourceFrame | null> {
    const { frames } = await this.#stackOf(process);
    const frame = frames[depth];
    if (frame === undefined) return null;
    const symbols = this.#sources.of(frame.module);
    if ((await symbols.source()) !== 'dwarf') return null;
    const [{ locals, missing = null }, { globals }] = await Promise.all([
      this.#client.request('process/locals', { process, frame: depth }),
      this.#client.request('process/globals', { process }),
    ]);
    const state = {
      offset: frame.offset,
      inlined,
      locals: new Map(locals.map(({ index, data }) => [index, new Uint8Array(Buffer.from(data, 'base64'))])),
      globals: new Map(
        globals.map(({ index, data }) => [index, new Uint8Array(Buffer.from(data, 'base64'))]),
      ),
    };
    const found = await this.#variables(symbols, state, memory);
    if (found === null || (found.variables.length === 0 && found.producer === '')) return null;
    const types = this.#typesOf(frame.module);
    types.add(found.types);
    const { language } = found;
    const reader = new ValueReader({
      ...{ types, memory, language, ...state },
      processText: (id) => this.#processText(process, id),
      functionText: (index) => this.#functionText(frame.module, index),
      functionIndex: (name) => this.#functionIndex(frame.module, name),
    });
    const shower = new Shower(reader, formatterOf(language));
    const variables = await Promise.all(found.variables.map((one) => measured(reader, one, found.variables)));
    return { language, variables, reader, shower, symbols, offset: frame.offset, missing };
  }

  /** What a process is called that one of the same environment knows. */
  async #processText(from: ProcessKey, id: number): Promise<string> {
    const key = keyFromText(`${/^.*:/.exec(from)?.[0] ?? ''}${id}`);
    try {
      return processName(await this.#client.request('process/get', { process: key }));
    } catch (error) {
      if (!(error instanceof InspectRequestError)) throw error;
      return this.#client.isRunning ? endedName(id) : `#${id}`;
    }
  }

  async #variables(
    symbols: ModuleSymbols,
    state: Omit<Parameters<ModuleSymbols['variablesOf']>[0], 'memory'>,
    memory: ProcessMemory,
  ): Promise<FrameVariables | null> {
    const parts: MemoryPart[] = [];
    for (let round = 0; ; round++) {
      const found = await symbols.variablesOf({ ...state, memory: parts });
      if (found === null || found.missing.length === 0 || round === MAX_ROUNDS) return found;
      const read = found.missing.map(async ({ address, size }) => ({
        address,
        bytes: await memory.bytes(address, size),
      }));
      const before = parts.length;
      for (const { address, bytes } of await Promise.all(read))
        if (bytes !== null) parts.push({ address, bytes });
      if (parts.length === before) return found;
    }
  }

  #typesOf(module: ModuleKey): TypeTable {
    let types = this.#types.get(module);
    if (types === undefined) {
      types = new TypeTable(this.#sources.of(module));
      this.#types.set(module, types);
    }
    return types;
  }
}
