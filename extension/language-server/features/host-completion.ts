import { type CompletionItem, CompletionItemKind, MarkupKind } from 'vscode-languageserver';
import { stringValue } from '../../../runtime/internal.ts';
import type { Cursor } from '../cursor.ts';
import {
  functionText,
  HOST_MODULES,
  type HostFunction,
  hostFunctionsOf,
  importEdit,
  signatureText,
} from '../host-api.ts';
import { hostDocumentation } from '../host-documentation.ts';
import type { WatDocument } from '../wat-document.ts';

/** Modules and functions of the host, for a string of an import. Undefined if it is none. */
export function importCompletionsAt(
  document: WatDocument,
  { word, lists, before }: Cursor,
): CompletionItem[] | undefined {
  const list = lists.at(-1);
  if (word?.kind !== 'string' || list?.head !== 'import') return undefined;
  const range = document.rangeOf(word);
  const [module] = before.filter((item) => item.kind === 'string');
  const item = (label: string, kind: CompletionItemKind, newText: string): CompletionItem => ({
    ...{ label, kind, filterText: `"${label}"` },
    textEdit: { range, newText },
  });
  if (module === undefined)
    return HOST_MODULES.map((name) => item(name, CompletionItemKind.Module, `"${name}"`));
  // What is imported is written behind the name, unless it is there already, or the import stands in what it declares.
  const isAlone = lists.at(-2)?.head !== 'func' && !list.items.some(({ kind }) => kind === 'list');
  return hostFunctionsOf(stringValue(document.textOf(module))).map((fn) => ({
    ...item(fn.name, CompletionItemKind.Function, `"${fn.name}"${isAlone ? ` ${functionText(fn)}` : ''}`),
    ...described(fn),
  }));
}

/** Host functions that a call may name once they are imported, which choosing one does. */
export function importingCompletions(document: WatDocument, known: ReadonlySet<string>): CompletionItem[] {
  return HOST_MODULES.flatMap((module) => hostFunctionsOf(module))
    .filter(({ name }) => !known.has(`$${name}`))
    .map((fn) => ({
      label: `$${fn.name}`,
      kind: CompletionItemKind.Function,
      ...described(fn),
      detail: `import of ${fn.module}`,
      sortText: `3${fn.name}`,
      additionalTextEdits: [importEdit(document, fn)],
    }));
}

function described(fn: HostFunction): Pick<CompletionItem, 'detail' | 'documentation'> {
  return {
    detail: signatureText(fn),
    documentation: { kind: MarkupKind.Markdown, value: hostDocumentation(fn) },
  };
}
