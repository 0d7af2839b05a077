import { setImmediate } from 'node:timers/promises';
import { HelperError, HelperThread } from '../thread/helper-thread.ts';
import type { SymbolAnswers, SymbolJob, SymbolQuestion, SymbolReply } from './symbol-questions.ts';
import type { LineStart, SymbolFrame, SymbolSource } from './symbols.ts';
import type { TypeId, TypeInfo } from './variables/type-info.ts';
import type { FrameState, FrameVariables, Statics } from './variables/variable-info.ts';

/** Milliseconds that one question may take. Of the largest modules, the first takes a second. */
const TIME_LIMIT = 20_000;

/** Milliseconds after which the thread ends if nothing is asked of it. Whoever steps through a program thinks in between. */
const IDLE_TIME = 60_000;

/** Bytes that are copied at a time: others wait for a fraction of a millisecond. */
const PIECE = 2 ** 19;

/** Tells the bundled script of the thread; missing where nothing is bundled. */
declare const symbolReaderScript: (() => string | URL) | undefined;

/** A module whose symbols are wanted. */
export interface SymbolModule {
  /** The module as its author built it. Called again if the thread has not got it any more. */
  bytes(): Uint8Array | Promise<Uint8Array>;
  /** Its file, beside which a source map or further debug information may be; null if it has none. */
  readonly path: string | null;
}

/**
 * A thread that reads the symbols of modules. Neither the thread of a scheduler nor that of VS Code's extensions does it: whoever
 * wrote a module may have made it so that this takes very long. About a module with which it takes too long, nothing is known.
 */
export class SymbolThread {
  readonly #thread = new HelperThread<SymbolJob, SymbolReply>(
    () =>
      typeof symbolReaderScript === 'undefined'
        ? new URL('../wat/symbol-reader.ts', import.meta.url)
        : symbolReaderScript(),
    { idleTime: IDLE_TIME },
  );
  readonly #limit: number;
  #modules = 0;

  /** @param limit milliseconds that a question may take */
  constructor(limit = TIME_LIMIT) {
    this.#limit = limit;
  }

  open(module: SymbolModule): ModuleSymbols {
    const number = ++this.#modules;
    const ask = async (question: SymbolQuestion): Promise<Partial<SymbolAnswers>> => {
      const job = { module: number, path: module.path, question };
      let reply = await this.#thread.run({ ...job, bytes: null }, this.#limit);
      if (reply === 'unknown module') {
        const bytes = await copyInPieces(await module.bytes());
        reply = await this.#thread.run({ ...job, bytes }, this.#limit, undefined, [bytes.buffer]);
      }
      return reply === 'unknown module' ? {} : reply.answer;
    };
    return new ModuleSymbols(ask);
  }

  /** Ends the thread, which would take memory for a minute more. Nothing is known of its modules then. */
  close(): void {
    this.#thread.close();
  }
}

/** A copy to give away. Of a large module, making it at once would keep processes waiting that this thread runs. */
async function copyInPieces(bytes: Uint8Array): Promise<Uint8Array<ArrayBuffer>> {
  const copy = new Uint8Array(bytes.length);
  for (let at = 0; at < bytes.length; at += PIECE) {
    if (at > 0) await setImmediate();
    copy.set(bytes.subarray(at, at + PIECE), at);
  }
  return copy;
}

/** The symbols of a module, in the thread that has them: the methods of `Symbols`, with promises. They reject only if `bytes` does. */
export class ModuleSymbols {
  readonly #ask: (question: SymbolQuestion) => Promise<Partial<SymbolAnswers>>;
  #isRefused = false;

  constructor(ask: (question: SymbolQuestion) => Promise<Partial<SymbolAnswers>>) {
    this.#ask = ask;
  }

  async source(): Promise<SymbolSource> {
    return (await this.#answer({ ask: 'source' })).source ?? 'names';
  }

  /** The frames at each of the offsets. */
  async framesAt(offsets: readonly number[]): Promise<readonly (readonly SymbolFrame[])[]> {
    return (await this.#answer({ ask: 'frames', offsets })).frames ?? offsets.map(() => []);
  }

  async files(): Promise<readonly string[]> {
    return (await this.#answer({ ask: 'files' })).files ?? [];
  }

  async linesOf(file: string): Promise<readonly number[]> {
    return (await this.#answer({ ask: 'lines', file })).lines ?? [];
  }

  async startsOf(file: string, line: number): Promise<readonly LineStart[]> {
    return (await this.#answer({ ask: 'starts', file, line })).starts ?? [];
  }

  async startsAround(offset: number): Promise<readonly number[]> {
    return (await this.#answer({ ask: 'starts around', offset })).offsets ?? [];
  }

  /** Where the functions begin that debug information alone calls so. */
  async functionsNamed(name: string): Promise<readonly number[]> {
    return (await this.#answer({ ask: 'functions', name })).offsets ?? [];
  }

  /** Where processes first come to a line in each inlined call of a function of this name. */
  async inlinedCallsOf(name: string): Promise<readonly number[]> {
    return (await this.#answer({ ask: 'inlined calls', name })).offsets ?? [];
  }

  /** For each of the offsets: where the prologue of its function ends; null where none is known. */
  async prologueEnds(offsets: readonly number[]): Promise<readonly (number | null)[]> {
    return (await this.#answer({ ask: 'prologue ends', offsets })).ends ?? offsets.map(() => null);
  }

  async contentOf(file: string): Promise<string | null> {
    return (await this.#answer({ ask: 'content', file })).content ?? null;
  }

  /** Null if nothing is known of variables: there is no debug information then. */
  async variablesOf(frame: FrameState): Promise<FrameVariables | null> {
    return (await this.#answer({ ask: 'variables', frame })).variables ?? null;
  }

  /** The statics that belong to the source of an offset. */
  async staticsOf(offset: number): Promise<Statics | null> {
    return (await this.#answer({ ask: 'statics', offset, name: null })).statics ?? null;
  }

  /** The statics with this name, those that are nearest to the source of an offset. */
  async staticsNamed(name: string, offset: number): Promise<Statics | null> {
    return (await this.#answer({ ask: 'statics', offset, name })).statics ?? null;
  }

  /** Types by their ids, with types that they are made of. */
  async types(ids: readonly TypeId[]): Promise<ReadonlyMap<TypeId, TypeInfo>> {
    return (await this.#answer({ ask: 'types', ids })).types ?? new Map();
  }

  /** The type whose vtable is at an address of the memory. */
  async concreteType(vtable: number, offset: number): Promise<TypeId | null> {
    return (await this.#answer({ ask: 'concrete type', vtable, offset })).type ?? null;
  }

  /** A class of C++ by the name in its run-time type information. */
  async classNamed(name: string): Promise<TypeId | null> {
    return (await this.#answer({ ask: 'class', name })).type ?? null;
  }

  /** A type by its name, that which is nearest to the source of an offset. */
  async typeNamed(name: string, offset: number): Promise<TypeId | null> {
    return (await this.#answer({ ask: 'type', name, offset })).type ?? null;
  }

  async #answer(question: SymbolQuestion): Promise<Partial<SymbolAnswers>> {
    if (this.#isRefused) return {};
    try {
      return await this.#ask(question);
    } catch (error) {
      if (!(error instanceof HelperError)) throw error;
      // It would take as long again, and others wait.
      this.#isRefused = true;
      return {};
    }
  }
}
