import type { DeclaredImport, DeclaredType, HostType } from './declared-import.ts';
import { closingOf, isSign, isWord, partsOf, type Token, tokensOf } from './source-tokens.ts';

/** Types that have a name of their own; also those of `core::ffi` and `std::os::raw`, for wasm32. */
const TYPES: Readonly<Record<string, HostType>> = {
  ...named('i32', 'i8 i16 i32 u8 u16 u32 isize usize bool char'),
  ...named('i32', 'c_char c_schar c_uchar c_short c_ushort c_int c_uint c_long c_ulong size_t ssize_t'),
  ...named('i64', 'i64 u64 c_longlong c_ulonglong'),
  ...named('f32', 'f32 c_float'),
  ...named('f64', 'f64 c_double'),
};

/** What may stand before the `extern` of a block, or before `fn` in it. */
const QUALIFIERS: ReadonlySet<string> = new Set(['pub', 'unsafe', 'safe', 'extern', 'async']);

/** Finds the functions in blocks such as `#[link(wasm_import_module = "lunatic::process")] extern "C" { ... }`. */
export function rustImports(source: string): DeclaredImport[] {
  const tokens = tokensOf(source, 'rust');
  const imports: DeclaredImport[] = [];
  for (let i = 0; i < tokens.length; i++) {
    const attribute = attributeAt(tokens, i);
    if (attribute === undefined) continue;
    i = attribute.end - 1;
    const module = textOf(attribute.tokens, 'wasm_import_module');
    if (module === undefined) continue;
    i = declarationAfter(tokens, attribute.end);
    if (!isSign(tokens[i], '{')) continue;
    const close = closingOf(tokens, i);
    imports.push(...functionsOf(tokens.slice(i + 1, close), module));
    i = close;
  }
  return imports;
}

/** An attribute `#[...]` that begins at an index, and the index behind it. */
function attributeAt(tokens: readonly Token[], at: number): { tokens: Token[]; end: number } | undefined {
  if (!isSign(tokens[at], '#') || !isSign(tokens[at + 1], '[')) return undefined;
  const close = closingOf(tokens, at + 1);
  return { tokens: tokens.slice(at + 2, close), end: close + 1 };
}

/** The text of `key = "text"` in an attribute. */
function textOf(attribute: readonly Token[], key: string): Token | undefined {
  const at = attribute.findIndex((token) => isWord(token, key));
  const value = attribute[at + 2];
  return at >= 0 && isSign(attribute[at + 1], '=') && value?.kind === 'text' ? value : undefined;
}

/** The index behind further attributes and `unsafe extern "C"`. */
function declarationAfter(tokens: readonly Token[], from: number): number {
  for (let i = from; ; ) {
    const token = tokens[i];
    const attribute = attributeAt(tokens, i);
    if (attribute !== undefined) i = attribute.end;
    else if (token?.kind === 'text' || QUALIFIERS.has(token?.text ?? '')) i++;
    else return i;
  }
}

function functionsOf(block: readonly Token[], module: Token): DeclaredImport[] {
  const functions: DeclaredImport[] = [];
  let linkName: Token | undefined;
  for (let i = 0; i < block.length; i++) {
    const attribute = attributeAt(block, i);
    if (attribute !== undefined) {
      linkName = textOf(attribute.tokens, 'link_name') ?? linkName;
      i = attribute.end - 1;
      continue;
    }
    const token = block[i] as Token;
    if (isSign(token, ';')) linkName = undefined;
    const name = block[i + 1];
    if (!isWord(token, 'fn') || name?.kind !== 'word' || !isSign(block[i + 2], '(')) continue;
    const close = closingOf(block, i + 2);
    let last = close;
    while (last < block.length && !isSign(block[last], ';')) last++;
    functions.push({
      module,
      name: linkName ?? name,
      identifier: name,
      params: partsOf(block.slice(i + 3, close)).map(paramOf),
      list: { start: block[i + 2]?.start ?? 0, end: block[close]?.end ?? module.end },
      result: isSign(block[close + 1], '->') ? typeOf(block.slice(close + 2, last)) : undefined,
    });
    i = last - 1;
  }
  return functions;
}

/** A parameter `name: type`. */
function paramOf(param: readonly Token[]): DeclaredType {
  const colon = param.findIndex((token) => isSign(token, ':'));
  return typeOf(param.slice(colon + 1));
}

function typeOf(tokens: readonly Token[]): DeclaredType {
  const [first] = tokens;
  const last = tokens.at(-1);
  return { type: wasmType(tokens), start: first?.start ?? 0, end: last?.end ?? 0 };
}

function wasmType(tokens: readonly Token[]): DeclaredType['type'] {
  const [first] = tokens;
  if (first === undefined) return null;
  if (isSign(first, '*') || isSign(first, '&') || isWord(first, 'fn') || isWord(first, 'extern'))
    return 'i32';
  if (isSign(first, '!') || (isSign(first, '(') && tokens.length === 2)) return 'nothing';
  // Generic types may be anything.
  const last = tokens.at(-1);
  if (last?.kind !== 'word' || tokens.some((token) => token.kind === 'sign' && token.text !== '::'))
    return null;
  return TYPES[last.text] ?? null;
}

function named(type: HostType, names: string): Record<string, HostType> {
  return Object.fromEntries(names.split(' ').map((name) => [name, type]));
}
