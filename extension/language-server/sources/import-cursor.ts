import type { TextPlace } from '../../../runtime/internal.ts';
import { macrosOf } from './c-imports.ts';
import { closingOf, isSign, isWord, type SourceLanguage, type Token, tokensOf } from './source-tokens.ts';

/** A name of a module, or of a function of a module, that is being written. */
export interface ImportCursor extends TextPlace {
  /** The module, if the name is that of a function. */
  readonly module: string | undefined;
  /** What the name begins with that stands elsewhere. */
  readonly prefix: string;
  /** Whether it declares a function, which is called as the host calls it. */
  readonly isDeclaration: boolean;
}

/** The name at an offset of a source, if it is one of an import; the import need not be complete. */
export function importCursorAt(
  source: string,
  language: SourceLanguage,
  offset: number,
): ImportCursor | undefined {
  const tokens = tokensOf(source, language);
  const at = tokens.findIndex(({ kind, start, end }) => kind !== 'sign' && start <= offset && offset <= end);
  const token = tokens[at];
  if (token === undefined) return undefined;
  const named = FINDERS[language](tokens, at, source);
  return named && { start: token.start, end: token.end, prefix: '', isDeclaration: false, ...named };
}

type Named = Pick<ImportCursor, 'module'> & Partial<ImportCursor>;
type Finder = (tokens: readonly Token[], at: number, source: string) => Named | undefined;

const MODULE: Named = { module: undefined };

const FINDERS: Readonly<Record<SourceLanguage, Finder>> = {
  rust(tokens, at) {
    const isText = tokens[at]?.kind === 'text';
    if (isText && isSign(tokens[at - 1], '=')) {
      if (isWord(tokens[at - 2], 'wasm_import_module')) return MODULE;
      if (isWord(tokens[at - 2], 'link_name')) return moduleOfBlock(tokens, at);
    }
    if (isText || !isWord(tokens[at - 1], 'fn')) return undefined;
    const module = moduleOfBlock(tokens, at);
    return module && { ...module, isDeclaration: !isSign(tokens[at + 1], '(') };
  },

  c(tokens, at, source) {
    if (tokens[at]?.kind !== 'text') return undefined;
    const macros = macrosOf(source);
    if (isSign(tokens[at - 1], '(')) {
      const word = tokens[at - 2]?.text ?? '';
      if (word === 'import_module') return MODULE;
      if (word === 'import_name') return moduleBefore(tokens, at);
      const prefix = macros.get(word);
      return prefix === undefined ? undefined : { ...MODULE, prefix };
    }
    const [word, open, module, comma] = tokens.slice(Math.max(0, at - 4), at);
    const prefix = macros.get(word?.text ?? '');
    const isMacro =
      prefix !== undefined && isSign(open, '(') && module?.kind === 'text' && isSign(comma, ',');
    return isMacro ? { module: prefix + module.text } : undefined;
  },

  assemblyscript(tokens, at) {
    if (tokens[at]?.kind !== 'text') return undefined;
    const isDecorator = (word: number) => isWord(tokens[word], 'external') && isSign(tokens[word - 1], '@');
    if (isSign(tokens[at - 1], '(') && isDecorator(at - 2)) return MODULE;
    const module = tokens[at - 2];
    const isSecond = isSign(tokens[at - 1], ',') && isSign(tokens[at - 3], '(') && isDecorator(at - 4);
    return isSecond && module?.kind === 'text' ? { module: module.text } : undefined;
  },
};

/** The module of the block of imports that a token is in. */
function moduleOfBlock(tokens: readonly Token[], at: number): Named | undefined {
  for (let i = at; i >= 2; i--) {
    const token = tokens[i];
    if (token?.kind !== 'text' || !isWord(tokens[i - 2], 'wasm_import_module')) continue;
    const open = tokens.findIndex((one, index) => index > i && isSign(one, '{'));
    return open >= 0 && open < at && closingOf(tokens, open) > at ? { module: token.text } : undefined;
  }
  return undefined;
}

/** The module that an attribute before names. */
function moduleBefore(tokens: readonly Token[], at: number): Named | undefined {
  for (let i = at; i >= 2 && !isSign(tokens[i], ';'); i--) {
    const token = tokens[i];
    if (token?.kind === 'text' && isWord(tokens[i - 2], 'import_module')) return { module: token.text };
  }
  return undefined;
}
