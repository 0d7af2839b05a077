import type {
  CallHierarchyIncomingCall,
  CallHierarchyItem,
  CallHierarchyOutgoingCall,
  Position,
  TypeHierarchyItem,
} from 'vscode-languageserver';
import type { Declaration, TextPlace, Use } from '../../../runtime/internal.ts';
import { labelOf, signatureOf } from '../naming.ts';
import type { WatDocument } from '../wat-document.ts';
import { SYMBOL_KINDS } from './symbols.ts';

/** The function that a position names. */
export function callItemAt(document: WatDocument, position: Position): CallHierarchyItem[] | null {
  return itemAt(document, position, 'function');
}

/** The functions that call a function, and the places where. */
export function callersOf(document: WatDocument, item: CallHierarchyItem): CallHierarchyIncomingCall[] {
  const called = declarationOf(document, item, 'function');
  if (called === undefined) return [];
  const calls = document.usesOf(called).filter(({ at, target }) => at !== target.identifier);
  return grouped(calls, (use) => functionAround(document, use.at)).map(([caller, uses]) => ({
    from: itemFor(document, caller),
    fromRanges: uses.map(({ at }) => document.rangeOf(at)),
  }));
}

/** The functions that a function calls, and the places where. */
export function calledBy(document: WatDocument, item: CallHierarchyItem): CallHierarchyOutgoingCall[] {
  const caller = declarationOf(document, item, 'function');
  if (caller === undefined) return [];
  const { start, end } = caller.list;
  const calls = document.analysis.uses.filter(
    ({ at, target }) =>
      target.space === 'function' && at.start > start && at.end < end && at !== target.identifier,
  );
  return grouped(calls, ({ target }) => document.analysis.scope.declaration('function', target.index)).map(
    ([called, uses]) => ({
      to: itemFor(document, called),
      fromRanges: uses.map(({ at }) => document.rangeOf(at)),
    }),
  );
}

/** The type that a position names. */
export function typeItemAt(document: WatDocument, position: Position): TypeHierarchyItem[] | null {
  return itemAt(document, position, 'type');
}

export function supertypesOf(document: WatDocument, item: TypeHierarchyItem): TypeHierarchyItem[] {
  const type = declarationOf(document, item, 'type');
  const above = type && document.analysis.scope.types.get(type.index)?.supertype;
  const declaration = above === undefined ? undefined : document.analysis.scope.declaration('type', above);
  return declaration === undefined ? [] : [itemFor(document, declaration)];
}

export function subtypesOf(document: WatDocument, item: TypeHierarchyItem): TypeHierarchyItem[] {
  const { scope } = document.analysis;
  const type = declarationOf(document, item, 'type');
  if (type === undefined) return [];
  return scope
    .declared('type')
    .filter(({ index }) => scope.types.get(index)?.supertype === type.index)
    .map((below) => itemFor(document, below));
}

function itemAt(
  document: WatDocument,
  position: Position,
  space: 'function' | 'type',
): CallHierarchyItem[] | null {
  const use = document.useAt(document.offsetAt(position));
  if (use?.target.space !== space) return null;
  const declaration = document.analysis.scope.declaration(space, use.target.index);
  return declaration === undefined ? null : [itemFor(document, declaration)];
}

function itemFor(document: WatDocument, declaration: Declaration): CallHierarchyItem {
  return {
    name: labelOf(document, declaration),
    detail: signatureOf(document, declaration),
    kind: SYMBOL_KINDS[declaration.space],
    uri: document.uri,
    range: document.rangeOf(declaration.list),
    selectionRange: document.rangeOf(declaration.identifier ?? declaration.list),
  };
}

/** What an item stands for that was given to the client: what is declared where it was. */
function declarationOf(
  document: WatDocument,
  { selectionRange }: CallHierarchyItem | TypeHierarchyItem,
  space: 'function' | 'type',
): Declaration | undefined {
  const offset = document.offsetAt(selectionRange.start);
  return document.analysis.scope
    .declared(space)
    .find(({ list, identifier }) => (identifier ?? list).start === offset);
}

function functionAround(document: WatDocument, { start }: TextPlace): Declaration | undefined {
  return document.analysis.declarations.bodies.find(({ list }) => list.start < start && start < list.end);
}

function grouped(uses: readonly Use[], keyOf: (use: Use) => Declaration | undefined): [Declaration, Use[]][] {
  const groups = new Map<Declaration, Use[]>();
  for (const use of uses) {
    const key = keyOf(use);
    if (key !== undefined) groups.set(key, [...(groups.get(key) ?? []), use]);
  }
  return [...groups];
}
