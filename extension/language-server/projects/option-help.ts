import { getLocation, type Location } from 'jsonc-parser';
import {
  type CompletionItem,
  CompletionItemKind,
  type Hover,
  MarkupKind,
  type Position,
  type Range,
} from 'vscode-languageserver';
import type { TextDocument } from 'vscode-languageserver-textdocument';
import { runOptions } from '../../../runtime/cli/run-arguments.ts';
import { HOST_MODULES } from '../host-api.ts';

/** Options whose values name host functions. */
const NAMES_HOST = /^(?<option>--(?:allow|deny)-host)=/;

/** Options of `lunatic run`, and the namespaces that some of them name, where a file of a project has options. */
export function optionCompletionsAt(document: TextDocument, position: Position): CompletionItem[] {
  const found = optionAt(document, position);
  if (found === undefined) return [];
  const { range, text } = found;
  const item = (label: string, detail: string): CompletionItem => {
    const newText = JSON.stringify(label);
    return {
      label,
      detail,
      kind: CompletionItemKind.Property,
      filterText: newText,
      textEdit: { range, newText },
    };
  };
  const option = NAMES_HOST.exec(text)?.groups?.['option'];
  if (option !== undefined)
    return HOST_MODULES.map((module) => item(`${option}=${module}`, 'host functions'));
  return runOptions().flatMap(({ long, description, required }) =>
    long == null ? [] : [item(required ? `${long}=` : long, description)],
  );
}

/** What an option means. */
export function optionHoverAt(document: TextDocument, position: Position): Hover | null {
  const found = optionAt(document, position);
  const [name] = found?.text.split('=', 1) ?? [];
  const option = runOptions().find(({ long }) => long === name);
  if (found === undefined || option === undefined) return null;
  const value = `\`${option.flags}\`\n\n${option.description}`;
  return { contents: { kind: MarkupKind.Markdown, value }, range: found.range };
}

/** The text at a position, if it stands in a list of options; with its quotes, if it has some. */
function optionAt(document: TextDocument, position: Position): { text: string; range: Range } | undefined {
  const offset = document.offsetAt(position);
  const { path, previousNode }: Location = getLocation(document.getText(), offset);
  if (path.at(-2) !== 'runtimeArgs' || typeof path.at(-1) !== 'number') return undefined;
  if (previousNode?.type !== 'string') return { text: '', range: { start: position, end: position } };
  const { offset: start, length } = previousNode;
  const range = { start: document.positionAt(start), end: document.positionAt(start + length) };
  return { text: String(previousNode.value), range };
}
