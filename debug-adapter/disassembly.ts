import type { DebugProtocol } from '@vscode/debugprotocol';
import type { ModuleKey, StackFrame } from '../runtime/inspect/protocol.ts';
import { type Disassembly, HelperError, HelperThread, lineOf } from '../runtime/internal.ts';
import type {
  CalledFunction,
  DisassemblyAnswer,
  DisassemblyJob,
  FunctionQuestion,
  FunctionText,
  HostCalls,
  NamesAt,
  Ranges,
} from './disassembler.ts';
import type { Ids } from './ids.ts';
import type { Instructions } from './instructions.ts';

/** The most functions whose text is kept: a text may have megabytes. */
const KEPT_TEXTS = 32;

/** Milliseconds that disassembling one function may take, the reading of its module included. The largest take some seconds. */
const TIME_LIMIT = 20_000;

/** Milliseconds after which the thread ends if nothing is asked of it. */
const IDLE_TIME = 60_000;

/** Tells the bundled script of the thread; missing where nothing is bundled. */
declare const disassemblerScript: (() => string) | undefined;

/** Gets the bytes of a module. */
type FetchModule = (module: ModuleKey) => Promise<Uint8Array>;

/** A call in the text of its function. */
export interface Place {
  readonly functionName: string;
  readonly source: DebugProtocol.Source;
  /** From 0. */
  readonly line: number;
}

/**
 * Functions of the program's modules as text. They are read and disassembled in a thread of their own: whoever wrote a module may
 * have made it so that this takes very long, and in VS Code all other extensions run in this thread.
 */
export class Disassemblies {
  readonly #fetch: FetchModule;
  readonly #ids: Ids;
  readonly #limit: number;
  readonly #thread = new HelperThread<DisassemblyJob, DisassemblyAnswer>(
    () =>
      typeof disassemblerScript === 'undefined'
        ? new URL('./disassembler.ts', import.meta.url)
        : disassemblerScript(),
    { idleTime: IDLE_TIME },
  );
  readonly #globalNames = new Map<ModuleKey, Promise<ReadonlyMap<number, string>>>();
  readonly #modules = new Map<ModuleKey, Promise<Uint8Array>>();
  /** Modules that the thread has had. */
  readonly #sent = new Set<ModuleKey>();
  /** What is wrong with modules that took too long. */
  readonly #refused = new Map<ModuleKey, string>();
  /** By source reference, in the order in which they were used last. */
  readonly #texts = new Map<number, Promise<FunctionText>>();

  /** @param limit milliseconds that disassembling one function may take */
  constructor(fetch: FetchModule, ids: Ids, limit = TIME_LIMIT) {
    this.#fetch = fetch;
    this.#ids = ids;
    this.#limit = limit;
  }

  async place(frame: StackFrame): Promise<Place> {
    const { module, functionIndex, offset } = frame;
    const sourceReference = this.#ids.source(module, functionIndex);
    const { disassembly } = await this.#text(sourceReference, module, functionIndex);
    const functionName = await this.nameOf(frame);
    const name = `${functionName}.wat`;
    return {
      functionName,
      source: { name, sourceReference, origin: 'disassembly', adapterData: { module, functionIndex } },
      line: lineOf(disassembly, offset),
    };
  }

  /** The name of a frame's function: its own name, or else that of its export, or else its index. */
  async nameOf({ module, functionIndex, functionName }: Omit<StackFrame, 'offset'>): Promise<string> {
    if (functionName !== undefined) return functionName;
    const sourceReference = this.#ids.source(module, functionIndex);
    const { exportName } = await this.#text(sourceReference, module, functionIndex);
    return exportName ?? `function ${functionIndex}`;
  }

  /** Describes a frame in one line: its function and the offset. */
  async describe(frame: StackFrame): Promise<string> {
    return `${await this.nameOf(frame)} (0x${frame.offset.toString(16)})`;
  }

  /** A function as text, with the offsets of its lines. */
  async disassembly(module: ModuleKey, functionIndex: number): Promise<Disassembly> {
    return (await this.#text(this.#ids.source(module, functionIndex), module, functionIndex)).disassembly;
  }

  /** The names of the parameters and locals of a function, by index. */
  async localNames(module: ModuleKey, functionIndex: number): Promise<ReadonlyMap<number, string>> {
    const { locals } = await this.#text(this.#ids.source(module, functionIndex), module, functionIndex);
    return new Map(locals);
  }

  /** The names of the globals of a module, by index. */
  async globalNames(module: ModuleKey): Promise<ReadonlyMap<number, string>> {
    let names = this.#globalNames.get(module);
    if (names === undefined) {
      names = this.#run(module, { ask: 'globals' }).then(
        (answer) => new Map('names' in answer ? answer.names : []),
      );
      this.#globalNames.set(module, names);
      names.catch(() => this.#globalNames.delete(module));
    }
    return await names;
  }

  /** The names of the locals of the function that has the code at an offset, and of the globals of its module. */
  async namesAt(module: ModuleKey, offset: number): Promise<NamesAt> {
    const answer = await this.#run(module, { namesAt: offset });
    return 'globals' in answer ? answer : { locals: [], globals: [] };
  }

  /** Where the functions of a name begin: their whole names, or what stands behind the last `::` or `/`. */
  async functionsNamed(module: ModuleKey, named: string): Promise<readonly number[]> {
    const answer = await this.#run(module, { named });
    return 'offsets' in answer ? answer.offsets : [];
  }

  /**
   * The instructions around one, which need not all exist.
   * @param first how many instructions from that one the first of them is; negative if it is before
   */
  async instructions(module: ModuleKey, around: number, first: number, count: number): Promise<Instructions> {
    const answer = await this.#run(module, { around, first, count });
    return 'instructions' in answer ? answer : { missing: count, instructions: [] };
  }

  /** The calls of a host function, such as `message::send`. */
  async callsOf(module: ModuleKey, named: string): Promise<HostCalls> {
    const answer = await this.#run(module, { callsOf: named });
    return 'dynamic' in answer ? answer : { direct: [], dynamic: [] };
  }

  /** The function at an index of the first table, as the module fills it; null if it has none there. */
  async functionInTable(module: ModuleKey, index: number): Promise<CalledFunction | null> {
    const answer = await this.#run(module, { tableAt: index });
    return 'inTable' in answer ? answer.inTable : null;
  }

  /** Where the function of a name is in the first table, as the module fills it; null if it is not there. */
  async placeInTable(module: ModuleKey, name: string): Promise<number | null> {
    const answer = await this.#run(module, { tableOf: name });
    return 'place' in answer ? answer.place : null;
  }

  /** The functions that a function calls directly in pieces of its code, with their names. */
  async calledBy(
    module: ModuleKey,
    functionIndex: number,
    within: Ranges,
  ): Promise<readonly CalledFunction[]> {
    const answer = await this.#run(module, { calledBy: functionIndex, within });
    return 'called' in answer ? answer.called : [];
  }

  /** The text of a source reference; undefined if it is unknown. */
  async text(sourceReference: number): Promise<string | undefined> {
    const source = this.#ids.sourceOf(sourceReference);
    if (source === undefined || !('functionIndex' in source)) return undefined;
    return (await this.#text(sourceReference, source.module, source.functionIndex)).disassembly.text;
  }

  /** Ends the thread now. There are no more texts then. */
  close(): void {
    this.#thread.close();
  }

  #text(sourceReference: number, key: ModuleKey, functionIndex: number): Promise<FunctionText> {
    let text = this.#texts.get(sourceReference);
    if (text === undefined) {
      text = this.#disassemble(key, functionIndex);
      // After a failure it may be requested again.
      text.catch(() => this.#texts.delete(sourceReference));
    }
    this.#texts.delete(sourceReference);
    this.#texts.set(sourceReference, text);
    for (const oldest of this.#texts.keys()) {
      if (this.#texts.size <= KEPT_TEXTS) break;
      this.#texts.delete(oldest);
    }
    return text;
  }

  async #disassemble(module: ModuleKey, functionIndex: number): Promise<FunctionText> {
    const answer = await this.#run(module, { functionIndex });
    if ('wrong' in answer) return withoutText(answer.wrong);
    if ('disassembly' in answer) return answer;
    return withoutText('the thread has answered something else');
  }

  async #run(module: ModuleKey, question: FunctionQuestion): Promise<Exclude<DisassemblyAnswer, string>> {
    const bytes = await this.#module(module);
    // Each of its functions would take as long, and all others would wait for it.
    const refused = this.#refused.get(module);
    if (refused !== undefined) return { wrong: refused };
    try {
      const known = this.#sent.has(module);
      this.#sent.add(module);
      let answer = await this.#thread.run({ module, bytes: known ? null : bytes, ...question }, this.#limit);
      if (answer === 'unknown module')
        answer = await this.#thread.run({ module, bytes, ...question }, this.#limit);
      if (answer === 'unknown module')
        throw new Error('the thread does not know the module that it was given');
      return answer;
    } catch (error) {
      if (!(error instanceof HelperError)) throw error;
      this.#refused.set(module, error.message);
      return { wrong: error.message };
    }
  }

  #module(key: ModuleKey): Promise<Uint8Array> {
    let module = this.#modules.get(key);
    if (module === undefined) {
      module = this.#fetch(key);
      this.#modules.set(key, module);
      // After a failure it may be requested again.
      module.catch(() => this.#modules.delete(key));
    }
    return module;
  }
}

/** What stands in place of a function that cannot be shown. */
function withoutText(reason: string): FunctionText {
  const text = `;; the function cannot be disassembled: ${reason}`;
  return { disassembly: { text, offsets: [-1] }, exportName: null, locals: [] };
}
