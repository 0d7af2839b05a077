import { type DocumentSymbol, SymbolKind, type WorkspaceSymbol } from 'vscode-languageserver';
import type { Declaration, NameSpace, TypedName } from '../../../runtime/internal.ts';
import { labelOf, signatureOf } from '../naming.ts';
import type { WatDocument } from '../wat-document.ts';

export const SYMBOL_KINDS: Readonly<Record<NameSpace, SymbolKind>> = {
  type: SymbolKind.Class,
  function: SymbolKind.Function,
  table: SymbolKind.Array,
  memory: SymbolKind.Object,
  global: SymbolKind.Variable,
  tag: SymbolKind.Event,
  data: SymbolKind.Constant,
  element: SymbolKind.Constant,
  local: SymbolKind.Variable,
  label: SymbolKind.Key,
  field: SymbolKind.Field,
};

/** The outline of a text: what it declares, and the fields of its types. */
export function documentSymbolsOf(document: WatDocument): DocumentSymbol[] {
  const { declarations, scope } = document.analysis;
  return declarations.all.map((declaration) => ({
    ...symbolOf(document, declaration),
    children:
      declaration.space === 'type'
        ? (scope.fields.get(declaration.index) ?? [])
            .filter(({ identifier }) => identifier !== undefined)
            .map((field) => fieldOf(document, field))
        : [],
  }));
}

/** What a text declares of which the name contains these letters in this order, as editors look for symbols. */
export function workspaceSymbolsOf(document: WatDocument, query: string): WorkspaceSymbol[] {
  const { declarations } = document.analysis;
  return declarations.all
    .filter(({ identifier, imported }) => identifier !== undefined || imported !== undefined)
    .map((declaration) => ({ declaration, name: labelOf(document, declaration) }))
    .filter(({ name }) => hasLetters(name.toLowerCase(), query.toLowerCase()))
    .map(({ declaration, name }) => ({
      name,
      kind: SYMBOL_KINDS[declaration.space],
      location: { uri: document.uri, range: document.rangeOf(declaration.identifier ?? declaration.list) },
    }));
}

function symbolOf(document: WatDocument, declaration: Declaration): DocumentSymbol {
  const { list, identifier, imported } = declaration;
  const signature = signatureOf(document, declaration);
  return {
    name: labelOf(document, declaration),
    detail: imported === undefined ? signature : `${signature} imported`.trim(),
    kind: SYMBOL_KINDS[declaration.space],
    range: document.rangeOf(list),
    selectionRange: document.rangeOf(identifier ?? list),
  };
}

function fieldOf(document: WatDocument, field: TypedName): DocumentSymbol {
  const at = field.identifier ?? field.list;
  return {
    name: labelOf(document, field),
    detail: document.analysis.scope.typeText(field.type),
    kind: SYMBOL_KINDS.field,
    range: document.rangeOf(field.list),
    selectionRange: document.rangeOf(at),
  };
}

function hasLetters(name: string, letters: string): boolean {
  let at = 0;
  for (const letter of letters) {
    at = name.indexOf(letter, at) + 1;
    if (at === 0) return false;
  }
  return true;
}
