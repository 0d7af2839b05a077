import type { DeclaredImport, DeclaredType, ImportedName } from './declared-import.ts';
import { closingOf, isSign, isWord, partsOf, type Token, tokensOf } from './source-tokens.ts';

/** Words of types that are smaller than 64 bits on wasm32, `long` among them. */
const SMALL: ReadonlySet<string> = new Set(
  (
    'char short int long signed unsigned bool _Bool enum size_t ssize_t ptrdiff_t intptr_t uintptr_t ' +
    'int8_t int16_t int32_t uint8_t uint16_t uint32_t wchar_t'
  ).split(' '),
);
const LARGE: ReadonlySet<string> = new Set(['int64_t', 'uint64_t', 'intmax_t', 'uintmax_t']);
const TYPE_WORDS: ReadonlySet<string> = new Set([...SMALL, ...LARGE, 'float', 'double', 'void']);
/** Words before a type that say nothing of it. */
const QUALIFIERS: ReadonlySet<string> = new Set(['extern', 'static', 'const', 'volatile', 'inline']);

/** Modules that a macro with two texts may be for. */
const HOST_MODULE = /^(?:lunatic::|wasi_)/;

/**
 * Finds the functions that attributes `import_module` and `import_name` say to be imported, also in the form of C++, and where a macro
 * with two texts stands for them: it is looked for in the source.
 */
export function cImports(source: string): DeclaredImport[] {
  const tokens = tokensOf(source, 'c');
  const macros = macrosOf(source);
  const imports: DeclaredImport[] = [];
  let from = 0;
  for (let i = 0; i < tokens.length; i++) {
    const token = tokens[i] as Token;
    if (token.kind !== 'sign') continue;
    if (token.text === '(' || token.text === '[') {
      i = closingOf(tokens, i);
    } else if (token.text === ';') {
      const found = importOf(tokens.slice(from, i), macros);
      if (found !== undefined) imports.push(found);
      from = i + 1;
    } else if (token.text === '{') {
      // Declarations are in the block of `extern "C"` and of namespaces, but not in those of functions.
      const isOpen = isWord(tokens[from], 'extern') || isWord(tokens[from], 'namespace');
      if (!isOpen) i = closingOf(tokens, i);
      from = i + 1;
    } else if (token.text === '}') {
      from = i + 1;
    }
  }
  return imports;
}

/** The import that a declaration is, if it is one. */
function importOf(declaration: readonly Token[], macros: Macros): DeclaredImport | undefined {
  let module: ImportedName | undefined;
  let named: ImportedName | undefined;
  /** What stands before the list of parameters, but for attributes. */
  const before: Token[] = [];
  let open: number | undefined;
  for (let i = 0; i < declaration.length; i++) {
    const token = declaration[i] as Token;
    const end = attributeEnd(declaration, i, macros);
    if (end !== undefined) {
      const attribute = declaration.slice(i, end);
      const used = macroUse(attribute, macros);
      if (used !== undefined) ({ module, named } = used);
      module = argumentOf(attribute, 'import_module') ?? module;
      named = argumentOf(attribute, 'import_name') ?? named;
      i = end - 1;
    } else if (open === undefined && isSign(token, '(')) {
      open = i;
      i = closingOf(declaration, i);
    } else if (open === undefined) {
      before.push(token);
    }
  }
  const name = before.pop();
  if (module === undefined || open === undefined || name?.kind !== 'word') return undefined;
  const close = closingOf(declaration, open);
  const params = partsOf(declaration.slice(open + 1, close));
  const isEmpty = params.length === 1 && params[0]?.length === 1 && isWord(params[0][0], 'void');
  return {
    module,
    name: named ?? name,
    identifier: name,
    params: isEmpty ? [] : params.map(typeOf),
    list: { start: declaration[open]?.start ?? 0, end: declaration[close]?.end ?? name.end },
    result: typeOf(before.filter(({ kind, text }) => kind !== 'text' && !QUALIFIERS.has(text))),
  };
}

/** The index behind an attribute, or a macro that may stand for one, that begins at an index. */
function attributeEnd(tokens: readonly Token[], at: number, macros: Macros): number | undefined {
  const token = tokens[at];
  if (isSign(token, '[') && isSign(tokens[at + 1], '[')) return closingOf(tokens, at) + 1;
  if (token?.kind !== 'word' || !isSign(tokens[at + 1], '(')) return undefined;
  const end = closingOf(tokens, at + 1) + 1;
  const isAttribute = token.text === '__attribute__' || macroUse(tokens.slice(at, end), macros) !== undefined;
  return isAttribute ? end : undefined;
}

/** What a macro makes of `WORD("process", "spawn")`; undefined if these tokens are something else. */
function macroUse(
  tokens: readonly Token[],
  macros: Macros,
): { module: ImportedName; named: ImportedName } | undefined {
  const [word, , module, comma, named] = tokens;
  if (tokens.length !== 6 || module?.kind !== 'text' || !isSign(comma, ',') || named?.kind !== 'text')
    return undefined;
  const prefix = macros.get(word?.text ?? '');
  // One of another file may add nothing.
  if (prefix === undefined) return HOST_MODULE.test(module.text) ? { module, named } : undefined;
  return { module: { ...module, text: prefix + module.text, prefix }, named };
}

/** What macros with a module and a name put before the module. */
type Macros = ReadonlyMap<string, string>;

const MACRO = /^[ \t]*#[ \t]*define[ \t]+(\w+)\([ \t]*(\w+)[ \t]*,[ \t]*\w+[ \t]*\)((?:[^\\\n]|\\[\s\S])*)/gm;
const MACRO_MODULE = /import_module(?:__)?\s*\(\s*(?:"([^"\n]*)"\s*)?(\w+)\s*\)/;

/** The macros of a source that stand for both attributes. */
export function macrosOf(source: string): Macros {
  const macros = new Map<string, string>();
  for (const [, name = '', parameter, body = ''] of source.matchAll(MACRO)) {
    const [, prefix = '', used] = MACRO_MODULE.exec(body) ?? [];
    if (used === parameter) macros.set(name, prefix);
  }
  return macros;
}

/** The text of `key("text")` in an attribute. */
function argumentOf(attribute: readonly Token[], key: string): Token | undefined {
  const at = attribute.findIndex(
    ({ kind, text }) => kind === 'word' && (text === key || text === `__${key}__`),
  );
  const value = attribute[at + 2];
  return at >= 0 && value?.kind === 'text' ? value : undefined;
}

/** The type of a parameter, which may have a name, or of a result. */
function typeOf(tokens: readonly Token[]): DeclaredType {
  const last = tokens.at(-1);
  const hasName = tokens.length > 1 && last?.kind === 'word' && !TYPE_WORDS.has(last.text);
  const end = (hasName ? tokens.at(-2) : last)?.end ?? 0;
  return { type: wasmType(tokens), start: tokens[0]?.start ?? 0, end };
}

function wasmType(tokens: readonly Token[]): DeclaredType['type'] {
  // Pointers, arrays and pointers to functions.
  if (tokens.some((token) => token.kind === 'sign' && '*[('.includes(token.text))) return 'i32';
  const words = tokens.map(({ text }) => text);
  const longs = words.filter((word) => word === 'long').length;
  if (words.includes('double')) return longs > 0 ? null : 'f64';
  if (words.includes('float')) return 'f32';
  if (longs > 1 || words.some((word) => LARGE.has(word))) return 'i64';
  if (words.some((word) => SMALL.has(word))) return 'i32';
  return words.includes('void') ? 'nothing' : null;
}
