/** Where programs begin in sources: as far as their text tells, without a compiler. */
import { basename, extname, parse } from 'node:path';
import {
  type Declaration,
  LineStarts,
  readDeclarations,
  readSyntax,
  textOf,
} from '../../runtime/internal.ts';
import { START } from '../modules/start.ts';

/** A function that a program can begin with. */
export interface Entry {
  /** The export that is called; undefined for the one that programs begin with anyway. */
  readonly name: string | undefined;
  /** The line of its name or, in a text module, of its export. Counts from 0. */
  readonly line: number;
}

/** The languages whose sources are looked at, by their extensions. */
export type EntryLanguage = 'rust' | 'c' | 'assemblyscript' | 'wat';

const LANGUAGES: Readonly<Record<string, EntryLanguage>> = {
  '.rs': 'rust',
  '.c': 'c',
  '.cc': 'c',
  '.cpp': 'c',
  '.ts': 'assemblyscript',
  '.wat': 'wat',
};

/** The extensions of sources that are looked at. */
export const EXTENSIONS: readonly string[] = Object.keys(LANGUAGES);

export function languageOf(path: string): EntryLanguage | undefined {
  return LANGUAGES[extname(path).toLowerCase()];
}

/**
 * Characters of the longest source that is looked at: larger ones were made by programs. All words of a text module are read, in the
 * thread of the editor's extensions.
 */
export const MAX_LENGTH: Readonly<Record<EntryLanguage, number>> = {
  rust: 2 ** 20,
  c: 2 ** 20,
  assemblyscript: 2 ** 20,
  wat: 2 ** 18,
};

/** Entries that are found at most. */
const MAX_ENTRIES = 100;

/** Exports that only tests have. */
const OF_TESTS = /^(#lunatic_test_|__lunatic_test_)/;

/** Texts and comments, whole also where the end of one is missing. */
const TEXT_OR_COMMENT = /"(?:[^"\\]|\\[\s\S])*(?:"|$)|'(?:[^'\\\n]|\\.)'|\/\/[^\n]*|\/\*[\s\S]*?(?:\*\/|$)/g;

/** Finds the functions of a source that a program can begin with: those without parameters. */
export function findEntries(text: string, language: EntryLanguage): Entry[] {
  if (text.length > MAX_LENGTH[language]) return [];
  const found = language === 'wat' ? exportsOf(text, takesNothing) : FINDERS[language](withoutComments(text));
  const lines = new LineStarts(text);
  return found
    .filter(({ name }) => name === undefined || !OF_TESTS.test(name))
    .slice(0, MAX_ENTRIES)
    .map(({ name, at }) => ({ name: name === START ? undefined : name, line: lines.positionAt(at).line }));
}

/** Finds the functions of a source with which processes can begin: also those with parameters, which others spawn. */
export function findExports(text: string, language: EntryLanguage): Entry[] {
  if (text.length > MAX_LENGTH[language]) return [];
  const found =
    language === 'wat'
      ? exportsOf(text, () => true)
      : matches(withoutComments(text), EXPORTS[language]).filter(({ name }) => name !== START);
  const lines = new LineStarts(text);
  const others = found
    .slice(0, MAX_ENTRIES)
    .map(({ name, at }) => ({ name: name === START ? undefined : name, line: lines.positionAt(at).line }));
  const main = language === 'wat' ? [] : findEntries(text, language).filter(({ name }) => name === undefined);
  return [...main, ...others];
}

/**
 * Whether a program may begin in the `main` of a source, as far as the names of files tell: a crate may have many.
 * @param module the file of the program; empty if it is not known
 */
export function mayBeginIn(source: string, module: string): boolean {
  if (module === '' || languageOf(source) !== 'rust') return true;
  const built = parse(module);
  const { dir, name } = parse(source);
  const isNamed = (text: string) => text.replaceAll('-', '_') === built.name.replaceAll('-', '_');
  if (name !== 'main') return isNamed(name);
  return isNamed(basename(dir)) || (basename(dir) === 'src' && basename(built.dir) !== 'examples');
}

/** Finds what processes run in a source: exports, and the functions and types that SDKs are told, which are found by their last names. */
export function placesOf(
  text: string,
  language: EntryLanguage,
  entries: ReadonlyMap<string, unknown>,
): { entry: string; line: number }[] {
  const exports = new Map(findExports(text, language).map(({ name = START, line }) => [name, line]));
  const beginnings = new Map<string, number>();
  for (const { name = '', line } of findBeginnings(text, language))
    if (!beginnings.has(name)) beginnings.set(name, line);
  return [...entries.keys()].flatMap((entry) => {
    const line = exports.get(entry) ?? beginnings.get(lastName(entry));
    return line === undefined ? [] : [{ entry, line }];
  });
}

/** The last name in the path of a function or type; of a function without a name, that of the one it is in. */
function lastName(path: string): string {
  const named = path.replace(/(?:::\{\{closure\}\}|~anonymous\|\d+)+$/, '').replace(/<.*$/, '');
  return /[\w$]+$/.exec(named)?.[0] ?? '';
}

/** Finds the functions of a source with which processes can begin that no export tells of, and the types that an SDK makes processes of. */
function findBeginnings(text: string, language: EntryLanguage): Entry[] {
  if (language === 'wat' || text.length > MAX_LENGTH[language]) return [];
  const lines = new LineStarts(text);
  return matches(withoutComments(text), BEGINNINGS[language]).map(({ name, at }) => ({
    name,
    line: lines.positionAt(at).line,
  }));
}

/** What an SDK may be told to begin a process with, where it is defined. */
const BEGINNINGS: Readonly<Record<Exclude<EntryLanguage, 'wat'>, RegExp>> = {
  rust: /^[ \t]*(?:pub(?:\([^)\n]*\))?[ \t]+)?(?:unsafe[ \t]+)?(?:extern[ \t]+(?:"C"[ \t]+)?)?(?:async[ \t]+)?(?:fn|struct|enum)[ \t]+(?<name>\w+)/dgm,
  c: /^(?:\w+[ \t*]+){1,5}(?<name>\w+)[ \t]*\([^;{)]{0,300}\)\s{0,10}\{/dgm,
  assemblyscript: /^[ \t]*(?:export[ \t]+)?(?:function|class)[ \t]+(?<name>[\w$]+)/dgm,
};

/** Functions that a source exports by a name of its own. */
const EXPORTS: Readonly<Record<Exclude<EntryLanguage, 'wat'>, RegExp>> = {
  rust: /^[ \t]*#\[(?:unsafe\()?(?:no_mangle|export_name[ \t]*=[ \t]*"(?<given>[^"\n]+)")\)?\]\s{1,100}pub[ \t]+(?:unsafe[ \t]+)?extern[ \t]+(?:"C"[ \t]+)?fn[ \t]+(?<name>\w+)[ \t]*\(/dgm,
  c: /^[ \t]*__attribute__\(\([^\n]{0,200}\bexport_name\("(?<given>[^"\n]+)"\)[^\n]{0,200}?\)\)\s{1,100}(?:\w+[ \t*]+){1,5}(?<name>\w+)[ \t]*\(/dgm,
  assemblyscript: /^export[ \t]+function[ \t]+(?<name>[\w$]+)[ \t]*\(/dgm,
};

interface Found {
  readonly name: string | undefined;
  readonly at: number;
}

/** A text of the same length that has spaces for comments. */
function withoutComments(text: string): string {
  return text.replace(TEXT_OR_COMMENT, (part) => (part.startsWith('/') ? part.replace(/[^\n]/g, ' ') : part));
}

/** What may stand before and after the type of a function in C: a macro such as `EXPORT`, or an attribute. */
const C_SPECIFIER =
  /(?:[A-Z_][A-Z\d_]{0,50}(?:\([^()\n]{0,200}\))?|__attribute__[ \t]?\(\([^\n]{0,200}?\)\)|\[\[[^\]\n]{0,200}\]\]|extern(?:[ \t]"C")?)/
    .source;
const C_MAIN = new RegExp(
  `^(?:${C_SPECIFIER}\\s{1,10}){0,4}(?:int|void|auto)\\s{1,10}(?:${C_SPECIFIER}\\s{1,10}){0,4}main[ \\t]*\\(`,
  'dgm',
);

const FINDERS: Readonly<Record<Exclude<EntryLanguage, 'wat'>, (text: string) => Found[]>> = {
  rust: (text) => [
    // Inside of a module, it is another function.
    ...matches(text, /^(?:pub(?:\([^)\n]*\))?[ \t]+)?(?:async[ \t]+)?fn[ \t]+main[ \t]*[(<]/dgm),
    ...matches(
      text,
      /^[ \t]*#\[(?:unsafe\()?(?:no_mangle|export_name[ \t]*=[ \t]*"(?<given>[^"\n]+)")\)?\]\s{1,100}pub[ \t]+(?:unsafe[ \t]+)?extern[ \t]+(?:"C"[ \t]+)?fn[ \t]+(?<name>\w+)[ \t]*\([ \t]*\)/dgm,
    ),
  ],
  c: (text) => [
    ...matches(text, C_MAIN),
    ...matches(
      text,
      /^[ \t]*__attribute__\(\([^\n]{0,200}\bexport_name\("(?<given>[^"\n]+)"\)[^\n]{0,200}?\)\)\s{1,100}(?:static[ \t]+)?void[ \t]+(?<name>\w+)[ \t]*\([ \t]*(?:void)?[ \t]*\)/dgm,
    ),
  ],
  assemblyscript: (text) =>
    matches(text, /^export[ \t]+function[ \t]+(?<name>[\w$]+)[ \t]*\([ \t]*\)[ \t]*:[ \t]*void\b/dgm),
};

/** What a pattern with the groups `given` and `name` finds: the given name is that of the export. */
function matches(text: string, pattern: RegExp): Found[] {
  return [...text.matchAll(pattern)].map(({ groups = {}, index, indices, 0: whole }) => ({
    name: groups['given'] ?? groups['name'],
    at: indices?.groups?.['name']?.[0] ?? index + whole.length - 1,
  }));
}

/** The exported functions of a text module. */
function exportsOf(text: string, isMeant: (declaration: Declaration) => boolean): Found[] {
  const syntax = readSyntax(text);
  const { exports, all } = readDeclarations(syntax);
  const functions = all.filter(({ space }) => space === 'function');
  const byWord = new Map(functions.map((one) => [String(one.index), one]));
  for (const one of functions) if (one.identifier) byWord.set(textOf(syntax, one.identifier), one);
  const meant = new Set(functions.filter(isMeant));
  return exports
    .filter(({ space, target, declaration }) => {
      const exported = declaration ?? (target && byWord.get(textOf(syntax, target)));
      return space === 'function' && exported !== undefined && meant.has(exported);
    })
    .map(({ name, at }) => ({ name, at: at.start }));
}

/** Whether a function is one of the module without parameters and results. What a type says is not looked up. */
function takesNothing({ imported, list }: Declaration): boolean {
  return (
    imported === undefined &&
    !list.items.some((item) => item.kind === 'list' && ['param', 'result', 'type'].includes(item.head))
  );
}
