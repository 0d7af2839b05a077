/** Where tests stand in sources, as the debug information of their module tells. It is read in a thread of its own. */
import {
  companionFiles,
  ModuleParts,
  openSymbols,
  readPlainFile,
  type SymbolFrame,
  type TestCase,
  type WasmModule,
} from '../../../runtime/internal.ts';
import { isInside } from '../../projects/files.ts';
import { sourceFile } from '../source-file.ts';
import type { TextPlace } from './export-places.ts';

/** A part of a line of a source. */
export interface SourceRange extends TextPlace {
  /** Absolute path. */
  readonly file: string;
}

/** Where a module is, and the folder in which its sources are looked for. */
export interface ModulePath {
  readonly path: string;
  /** The outermost folder. What a module says of files outside of it is not believed. */
  readonly top: string;
}

/** What the debug information of a module tells. */
export interface TestSources {
  /** Where tests are defined, by their exports. */
  readonly places: ReadonlyMap<string, SourceRange>;
  /** Absolute paths of the sources that have code in the module. */
  readonly files: readonly string[];
}

/** Source files of a module that are kept, and looked for, at most. */
const MAX_FILES = 2000;
const MAX_NAMED = 20_000;
/** Bytes of the largest source that is searched for names. */
const MAX_SOURCE = 4 * 2 ** 20;
/** Lines around the place that the debug information names in which the function's name is looked for. */
const NEAR = 30;

/** Finds the sources of tests. What is not known is left out. */
export function testSources(module: WasmModule, tests: readonly TestCase[], place: ModulePath): TestSources {
  const parts = new ModuleParts(module.bytes);
  const symbols = openSymbols(parts, companionFiles(place.path));
  if (symbols.source === 'names') return { places: new Map(), files: [] };
  const paths = new Paths(place);
  const texts = new Map<string, readonly string[]>();
  const linesOf = (file: string) => {
    const lines = texts.get(file) ?? readLines(file);
    texts.set(file, lines);
    return lines;
  };
  const indices = new Map(module.exports.map(({ name, index }) => [name, index]));
  const places = new Map<string, SourceRange>();
  for (const { name, exportName } of tests) {
    const index = indices.get(exportName);
    const frame = index === undefined ? undefined : frameOf(index);
    const file = frame?.place && paths.find(frame.place.file);
    if (!file || !frame?.place) continue;
    const words = [wordIn(frame.functionName), exportName, wordIn(name)];
    places.set(exportName, { file, ...rangeNear(linesOf(file), frame.place.line - 1, words) });
  }
  const files = new Set<string>();
  for (const named of symbols.files().slice(0, MAX_NAMED)) {
    const file = paths.find(named);
    if (file !== undefined) files.add(file);
    if (files.size === MAX_FILES) break;
  }
  return { places, files: [...files] };

  /** The frame of an exported function at its beginning. Linkers wrap exports of commands; what is known is known of the function inside. */
  function frameOf(index: number): SymbolFrame | undefined {
    for (const candidate of [index, ...wrapped(module.bytes, parts.bodyOf(index))]) {
      const frame = symbols.framesAt(parts.bodyOf(candidate).start).at(-1);
      const found = frame?.place ?? placeInside(candidate);
      if (frame && found && paths.find(found.file) !== undefined) return { ...frame, place: found };
    }
    return undefined;
  }

  /** The first place that is known in a function: maps of sources know none of its beginning. */
  function placeInside(index: number) {
    const [first] = symbols.startsAround(parts.bodyOf(index).start);
    return first === undefined ? null : (symbols.framesAt(first).at(-1)?.place ?? null);
  }
}

/** Finds the files that compilers have named, each once. */
class Paths {
  readonly #module: ModulePath;
  readonly #known = new Map<string, string | undefined>();

  constructor(module: ModulePath) {
    this.#module = module;
  }

  find(named: string): string | undefined {
    if (!this.#known.has(named)) this.#known.set(named, this.#look(named));
    return this.#known.get(named);
  }

  #look(named: string): string | undefined {
    const { path, top } = this.#module;
    const file = sourceFile(named, path, top);
    return file !== undefined && isInside(file, top) ? file : undefined;
  }
}

const CALL = 0x10;
const END = 0x0b;
/** Calls of a wrapper: the constructors, the function, the destructors. */
const MAX_CALLS = 4;

/** The functions that a body calls which does nothing else. */
function wrapped(
  bytes: Uint8Array,
  { start, end }: { readonly start: number; readonly end: number },
): number[] {
  const called: number[] = [];
  // It has no locals.
  if (bytes[start] !== 0) return [];
  let at = start + 1;
  while (at < end && bytes[at] === CALL && called.length < MAX_CALLS) {
    let index = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = bytes[++at] ?? 0;
      index += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) break;
    }
    called.push(index);
    at++;
  }
  return bytes[at] === END ? called : [];
}

/** The last word of a name such as `shop::tests::adds`. */
function wordIn(name: string | null): string {
  return /([^:]*)$/.exec(name ?? '')?.[1] ?? '';
}

function readLines(file: string): readonly string[] {
  const bytes = readPlainFile(file);
  return bytes === null || bytes.length > MAX_SOURCE ? [] : Buffer.from(bytes).toString().split('\n');
}

/**
 * The name of a function where it is defined: the debug information may name the attribute above, or its first statement.
 * @param line counts from 0
 * @param words what it may be called
 * @returns the line itself if the name is not found
 */
export function rangeNear(lines: readonly string[], line: number, words: readonly string[]): TextPlace {
  const names = words.filter((word) => /^[\w$]+$/.test(word)).map((word) => word.replaceAll('$', '\\$'));
  const defined = new RegExp(`\\b(?:fn|function|func|void)\\s+(${names.join('|')})\\b`, 'd');
  if (names.length > 0) {
    for (let distance = 0; distance <= NEAR; distance++) {
      for (const at of [line + distance, line - distance]) {
        const [column, end] = defined.exec(lines[at] ?? '')?.indices?.[1] ?? [];
        if (column !== undefined && end !== undefined) return { line: at, column, length: end - column };
      }
    }
  }
  const text = lines[line]?.trimEnd() ?? '';
  const column = text.length - text.trimStart().length;
  return { line: Math.max(0, line), column, length: text.length - column };
}
