import type { DeclaredImport, DeclaredType } from './declared-import.ts';
import { closingOf, isSign, isWord, partsOf, type Token, tokensOf } from './source-tokens.ts';

const TYPES: Readonly<Record<string, DeclaredType['type']>> = {
  ...named('i32', 'i8 i16 i32 u8 u16 u32 bool boolean isize usize string String ArrayBuffer externref'),
  ...named('i64', 'i64 u64'),
  ...named('f32', 'f32'),
  ...named('f64', 'f64 number'),
  ...named('nothing', 'void'),
};

/** Finds the functions that `@external("module", "name") declare function` says to be imported. */
export function assemblyScriptImports(source: string): DeclaredImport[] {
  const tokens = tokensOf(source, 'assemblyscript');
  const imports: DeclaredImport[] = [];
  for (let i = 0; i < tokens.length; i++) {
    if (!isSign(tokens[i], '@') || !isWord(tokens[i + 1], 'external')) continue;
    const [, module, comma, name] = tokens.slice(i + 2, i + 6);
    if (module?.kind !== 'text' || !isSign(comma, ',') || name?.kind !== 'text') continue;
    i = declarationAfter(tokens, closingOf(tokens, i + 2) + 1);
    const found = functionAt(tokens, i);
    if (found !== undefined) imports.push({ module, name, ...found });
  }
  return imports;
}

/** The index behind further decorators and `export declare`. */
function declarationAfter(tokens: readonly Token[], from: number): number {
  for (let i = from; ; i++) {
    const token = tokens[i];
    if (isSign(token, '@')) i = isSign(tokens[i + 2], '(') ? closingOf(tokens, i + 2) : i + 1;
    else if (!isWord(token, 'export') && !isWord(token, 'declare')) return i;
  }
}

/** The types of the function that is declared at an index. */
function functionAt(
  tokens: readonly Token[],
  at: number,
): Pick<DeclaredImport, 'identifier' | 'params' | 'list' | 'result'> | undefined {
  const open = at + 2;
  const identifier = tokens[at + 1];
  if (!isWord(tokens[at], 'function') || identifier === undefined || !isSign(tokens[open], '('))
    return undefined;
  const close = closingOf(tokens, open);
  const result = tokens[close + 2];
  return {
    identifier,
    params: partsOf(tokens.slice(open + 1, close)).map(paramOf),
    list: { start: tokens[open]?.start ?? 0, end: tokens[close]?.end ?? tokens[open]?.end ?? 0 },
    result: isSign(tokens[close + 1], ':') && result?.kind === 'word' ? typeOf([result]) : undefined,
  };
}

/** A parameter `name: type`, perhaps with a default. */
function paramOf(param: readonly Token[]): DeclaredType {
  const colon = param.findIndex((token) => isSign(token, ':'));
  const value = param.findIndex((token) => isSign(token, '='));
  return typeOf(param.slice(colon + 1, value < 0 ? param.length : value));
}

function typeOf(tokens: readonly Token[]): DeclaredType {
  const [word] = tokens;
  const type = tokens.length === 1 && word !== undefined ? (TYPES[word.text] ?? null) : null;
  return { type, start: word?.start ?? 0, end: tokens.at(-1)?.end ?? 0 };
}

function named<Type extends string>(type: Type, names: string): Record<string, Type> {
  return Object.fromEntries(names.split(' ').map((name) => [name, type]));
}
