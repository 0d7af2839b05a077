import type { DebugProtocol } from '@vscode/debugprotocol';
import type { ModuleKey, StackFrame } from '../runtime/inspect/protocol.ts';
import { displayName } from '../runtime/inspect/view/index.ts';
import { isOfMacro, isOwnCall, isRenamedMain, type SymbolFrame, withoutMacros } from '../runtime/internal.ts';
import type { CalledFunction, Names, Ranges } from './disassembler.ts';
import type { Disassemblies } from './disassembly.ts';
import type { Ids } from './ids.ts';
import type { ModuleSources } from './module-sources.ts';
import type { NewerSources } from './newer-sources.ts';
import { lastPart, type SourceFiles } from './source-files.ts';

/** A call as it is displayed: one of a process, or one that the compiler has put into the code of its caller. */
export interface Call {
  readonly frame: StackFrame;
  /** Place of the frame in the stack, the innermost first. */
  readonly depth: number;
  /** How many inlined calls of the same frame are inside of this one. */
  readonly inlined: number;
  /** What symbols tell of it; null if nothing. */
  readonly symbol: SymbolFrame | null;
}

/** Where a call is. Lines and columns count from 0. */
export interface CallLocation {
  readonly functionName: string;
  readonly source: DebugProtocol.Source;
  readonly line: number;
  readonly column: number;
  /** Whether it is in a source that the author has. */
  readonly isOwn: boolean;
}

/** Finds calls in the sources of their modules, or else in the disassembly. */
export class Calls {
  readonly #sources: ModuleSources;
  readonly #files: SourceFiles;
  readonly #disassemblies: Disassemblies;
  readonly #ids: Ids;
  readonly #newer: NewerSources;
  readonly #program: string | null;
  readonly #hasSources = new Map<ModuleKey, Promise<boolean>>();
  readonly #hasContent = new Map<string, Promise<boolean>>();

  /** @param program its path; null if that is not known */
  constructor(
    program: string | null,
    sources: ModuleSources,
    files: SourceFiles,
    disassemblies: Disassemblies,
    ids: Ids,
    newer: NewerSources,
  ) {
    this.#program = program;
    this.#newer = newer;
    this.#sources = sources;
    this.#files = files;
    this.#disassemblies = disassemblies;
    this.#ids = ids;
  }

  /** The calls of a stack, innermost first. */
  async of(frames: readonly StackFrame[]): Promise<Call[]> {
    const found = await this.#symbolsOf(frames);
    return frames.flatMap((frame, depth): Call[] => {
      const symbols = found.get(frame) ?? [];
      if (symbols.length === 0) return [{ frame, depth, inlined: 0, symbol: null }];
      return symbols.map((symbol, inlined) => ({ frame, depth, inlined, symbol }));
    });
  }

  async #symbolsOf(frames: readonly StackFrame[]): Promise<Map<StackFrame, readonly SymbolFrame[]>> {
    const found = new Map<StackFrame, readonly SymbolFrame[]>();
    for (const module of new Set(frames.map((frame) => frame.module))) {
      const ofModule = frames.filter((frame) => frame.module === module);
      const symbols = await this.#sources.of(module).framesAt(ofModule.map(({ offset }) => offset));
      for (const [i, frame] of ofModule.entries()) found.set(frame, symbols[i] ?? []);
    }
    return found;
  }

  /** The functions that the function of a frame calls in pieces of its code. */
  async calledBy({ module, functionIndex }: StackFrame, within: Ranges): Promise<Names> {
    const called = await this.#disassemblies.calledBy(module, functionIndex, within);
    return await Promise.all(called.map(async (one) => [one.index, await this.#named(module, one)] as const));
  }

  /** What the function is called at an index of a module's table; null if that is not known. */
  async functionInTable(module: ModuleKey, index: number): Promise<string | null> {
    const found = await this.#disassemblies.functionInTable(module, index);
    return found && (await this.#named(module, found));
  }

  async #named(module: ModuleKey, { name, isNamed, start }: CalledFunction): Promise<string> {
    if (isNamed) return name;
    // A module may have symbols alone.
    const symbols = this.#sources.of(module);
    const [first = start] = await symbols.startsAround(start);
    const named = (await symbols.framesAt([first]))[0]?.at(-1)?.functionName;
    return named == null ? name : displayName(named);
  }

  async locate(call: Call): Promise<CallLocation> {
    const { frame, symbol } = call;
    const source = await this.sourceOf(call);
    const functionName = await this.nameOf(call);
    if (source !== null && symbol?.place != null) {
      const { line, column } = symbol.place;
      return { functionName, source, line: line - 1, column: Math.max(0, column - 1), isOwn: true };
    }
    const place = await this.#disassemblies.place(frame);
    const isOwn = !(await this.#isWithSources(frame.module));
    return { functionName, source: place.source, line: place.line, column: 0, isOwn };
  }

  /** The name of the function as its author has written it. */
  async nameOf(call: Call): Promise<string> {
    return withoutMacros(await this.#fullName(call));
  }

  async #fullName({ frame, symbol }: Call): Promise<string> {
    if (symbol?.isInlined === true) return displayName(symbol.functionName ?? 'inlined function');
    const named = symbol?.functionName ?? null;
    if (frame.functionName !== undefined && (named === null || !isRenamedMain(frame.functionName)))
      return frame.functionName;
    return named === null ? await this.#disassemblies.nameOf(frame) : displayName(named);
  }

  /**
   * Whether a call is in code that came with the language, or of which there is no source.
   * @param inner the call that it makes, if that may tell
   */
  async isForeign(call: Call, inner?: Call): Promise<boolean> {
    if (inner !== undefined && isOfMacro(await this.#fullName(call), await this.#fullName(inner)))
      return true;
    const file = call.symbol?.place?.file;
    if (!isOwnCall(await this.nameOf(call), file, this.#program ?? '')) return true;
    return (await this.sourceOf(call)) === null && (await this.#isWithSources(call.frame.module));
  }

  /**
   * The place in a stack of the outermost call of the author's: around it is nothing but libraries, which begin the process. If there
   * is none, that of the outermost call.
   */
  async outermost(calls: readonly Call[]): Promise<number> {
    for (const [i, call] of [...calls.entries()].reverse()) if (!(await this.isForeign(call))) return i;
    return calls.length - 1;
  }

  /** The source that a call is in; null if it is not there. */
  async sourceOf({ frame: { module }, symbol }: Call): Promise<DebugProtocol.Source | null> {
    const place = symbol?.place;
    // Line 0 is what belongs to no line.
    if (place == null || place.line === 0) return null;
    const name = displayName(lastPart(place.file));
    const path = await this.#files.find(place.file);
    if (path !== null) {
      await this.#newer.look(path);
      return { name, path };
    }
    if (!(await this.#bringsAlong(module, place.file))) return null;
    return { name, sourceReference: this.#ids.file(module, place.file), origin: 'from the source map' };
  }

  /** Whether a module has the text of a source in itself. */
  #bringsAlong(module: ModuleKey, file: string): Promise<boolean> {
    const key = `${module} ${file}`;
    let known = this.#hasContent.get(key);
    if (known === undefined) {
      known = this.#sources
        .of(module)
        .contentOf(file)
        .then((content) => content !== null);
      this.#hasContent.set(key, known);
    }
    return known;
  }

  /** Whether something is known of the sources of a module. */
  #isWithSources(module: ModuleKey): Promise<boolean> {
    let known = this.#hasSources.get(module);
    if (known === undefined) {
      known = this.#sources
        .of(module)
        .source()
        .then((source) => source !== 'names');
      this.#hasSources.set(module, known);
    }
    return known;
  }
}
