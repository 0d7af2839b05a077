import {
  type DocumentHighlight,
  DocumentHighlightKind,
  type Location,
  type Position,
} from 'vscode-languageserver';
import { type Named, typeIndexOf, type Use } from '../../../runtime/internal.ts';
import type { WatDocument } from '../wat-document.ts';

/** Where that is defined which a position names. */
export function definitionAt(document: WatDocument, position: Position): Location | null {
  const use = document.useAt(document.offsetAt(position));
  return use === undefined ? null : locationOf(document, use.target);
}

/** Where the type is defined of what a position names. */
export function typeDefinitionAt(document: WatDocument, position: Position): Location | null {
  const use = document.useAt(document.offsetAt(position));
  if (use === undefined) return null;
  const index = typeOf(document, use.target);
  const type = index === undefined ? undefined : document.analysis.scope.declaration('type', index);
  return type === undefined ? null : locationOf(document, type);
}

/** Every place that names the same as a position. */
export function referencesAt(
  document: WatDocument,
  position: Position,
  includesDefinition: boolean,
): Location[] {
  return usesAt(document, position)
    .filter((use) => includesDefinition || !isDefinition(use))
    .map(({ at }) => ({ uri: document.uri, range: document.rangeOf(at) }));
}

/** The same in one text, with whether the value is changed there. */
export function highlightsAt(document: WatDocument, position: Position): DocumentHighlight[] {
  return usesAt(document, position).map((use) => ({
    range: document.rangeOf(use.at),
    kind: isChange(document, use) ? DocumentHighlightKind.Write : DocumentHighlightKind.Read,
  }));
}

function usesAt(document: WatDocument, position: Position): readonly Use[] {
  const use = document.useAt(document.offsetAt(position));
  return use === undefined ? [] : document.usesOf(use.target);
}

export function isDefinition({ at, target }: Use): boolean {
  return target.identifier === at;
}

const CHANGING = /\b(?:(?:local|global)\.set|local\.tee|struct\.set|table\.(?:set|grow|fill))\s*$/;

/** Whether a place gives a value to what it names. */
export function isChange(document: WatDocument, use: Use): boolean {
  const { start } = use.at;
  return isDefinition(use) || CHANGING.test(document.text.slice(Math.max(0, start - 40), start));
}

function locationOf(document: WatDocument, { identifier, list }: Named): Location {
  return { uri: document.uri, range: document.rangeOf(identifier ?? list) };
}

/** The index of the type that the module defines of something; undefined if it has none of these. */
function typeOf(document: WatDocument, target: Named): number | undefined {
  const { scope } = document.analysis;
  switch (target.space) {
    case 'type':
      return target.index;
    case 'function':
      return scope.functions[target.index];
    case 'tag':
      return scope.tags[target.index];
    case 'global':
      return typeIndexOf(scope.globals[target.index]?.type);
    case 'table':
      return typeIndexOf(scope.tables[target.index]?.element);
    case 'local':
    case 'field':
      return 'type' in target && typeof target.type === 'number' ? typeIndexOf(target.type) : undefined;
    default:
      return undefined;
  }
}
