import { type SemanticTokens, SemanticTokensBuilder } from 'vscode-languageserver';
import type { NameSpace, TextPlace, Use } from '../../../runtime/internal.ts';
import type { WatDocument } from '../wat-document.ts';
import { isDefinition } from './navigation.ts';

const TYPES = ['type', 'function', 'variable', 'parameter', 'property', 'event', 'label'] as const;
const MODIFIERS = ['definition', 'readonly', 'defaultLibrary'] as const;

export const SEMANTIC_TOKENS_LEGEND = { tokenTypes: [...TYPES], tokenModifiers: [...MODIFIERS] };

const TYPE_OF: Readonly<Record<NameSpace, (typeof TYPES)[number]>> = {
  type: 'type',
  function: 'function',
  table: 'variable',
  memory: 'variable',
  global: 'variable',
  tag: 'event',
  data: 'variable',
  element: 'variable',
  local: 'variable',
  label: 'label',
  field: 'property',
};

/** What names and indices stand for: grammars tell only that they are names. */
export function semanticTokensOf(
  document: WatDocument,
  within: TextPlace = { start: 0, end: document.text.length },
): SemanticTokens {
  const builder = new SemanticTokensBuilder();
  for (const use of document.analysis.uses) {
    const { start, end } = use.at;
    if (end < within.start || start > within.end) continue;
    const { line, character } = document.positionAt(start);
    builder.push(
      line,
      character,
      end - start,
      TYPES.indexOf(typeOf(document, use)),
      modifiersOf(document, use),
    );
  }
  return builder.build();
}

function typeOf(document: WatDocument, { target }: Use): (typeof TYPES)[number] {
  if (target.space !== 'local') return TYPE_OF[target.space];
  return document.text.startsWith('(param', target.list.start) ? 'parameter' : 'variable';
}

function modifiersOf(document: WatDocument, use: Use): number {
  const { target } = use;
  const isReadonly =
    target.space === 'global' && document.analysis.scope.globals[target.index]?.mutable === false;
  const isImported = 'imported' in target && target.imported !== undefined;
  return (isDefinition(use) ? 1 : 0) | (isReadonly ? 2 : 0) | (isImported ? 4 : 0);
}
