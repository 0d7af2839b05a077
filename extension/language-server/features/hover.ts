import { type Hover, MarkupKind, type Position } from 'vscode-languageserver';
import { type Atom, type Declaration, stringValue } from '../../../runtime/internal.ts';
import { effectAt } from '../code-state.ts';
import { functionText, type HostFunction, hostFunction, importedHostFunction } from '../host-api.ts';
import { hostDocumentation } from '../host-documentation.ts';
import { meaningOf } from '../instruction-meaning.ts';
import { instructions } from '../instructions.ts';
import { commentAbove, declarationText, shapeText } from '../naming.ts';
import { numberTexts } from '../number-texts.ts';
import type { WatDocument } from '../wat-document.ts';

/** What is known of a word: what it names, what an instruction does, or a number in other bases. */
export function hoverAt(document: WatDocument, position: Position): Hover | null {
  const offset = document.offsetAt(position);
  const word = document.pathAt(offset).at(-1);
  if (word === undefined || word.kind === 'list' || document.isInComment(offset)) return null;
  const use = document.useAt(offset);
  const text = use === undefined ? wordText(document, word) : namedText(document, use.target, word);
  if (text === undefined) return null;
  return { contents: { kind: MarkupKind.Markdown, value: text }, range: document.rangeOf(word) };
}

function namedText(document: WatDocument, target: Parameters<typeof declarationText>[1], word: Atom): string {
  const parts = [code(declarationText(document, target))];
  const host = target.space === 'function' ? importedHostFunction(target as Declaration) : undefined;
  if (host !== undefined) return hostText(host);
  if (target.space === 'type') parts.push(shapeText(document, target.index));
  if (target.space === 'function' && word.kind === 'number') parts.push(`Function ${target.index}`);
  return [...parts, commentAbove(document, target)].filter((part) => part !== '').join('\n\n');
}

function wordText(document: WatDocument, word: Atom): string | undefined {
  const text = document.textOf(word);
  if (word.kind === 'string') return importText(document, word);
  if (word.kind === 'number') return numberText(document, word, text);
  if (word.kind !== 'keyword') return undefined;
  const meaning = meaningOf(text);
  if (meaning === undefined) return undefined;
  const general = instructions().get(text)?.effectText;
  const { scope } = document.analysis;
  const effect = effectAt(document, word);
  const here = effect && `${scope.typesText(effect.operands)} -> ${scope.typesText(effect.results)}`;
  const effects = here === undefined || here === general ? (general ?? '') : here;
  return [code(`${text}${effects === '' ? '' : `  ;; ${effects}`}`), meaning].join('\n\n');
}

/** The host function that a string of an import names. */
function importText(document: WatDocument, word: Atom): string | undefined {
  const list = document.listsAt(word.start).at(-1);
  const [module, name] = (list?.head === 'import' ? list.items : []).filter(({ kind }) => kind === 'string');
  if (module === undefined || name !== word) return undefined;
  const fn = hostFunction(stringValue(document.textOf(module)), stringValue(document.textOf(name)));
  return fn && hostText(fn);
}

function hostText(fn: HostFunction): string {
  return `${code(functionText(fn))}\n\n${hostDocumentation(fn)}`;
}

function numberText(document: WatDocument, word: Atom, text: string): string | undefined {
  const [list] = document.listsAt(word.start).slice(-1);
  const before = list?.items[list.items.indexOf(word) - 1];
  const instruction = before?.kind === 'keyword' ? document.textOf(before) : '';
  const lines = numberTexts(text, instruction);
  return lines.length === 0 ? undefined : lines.map((line) => `\`${line}\``).join('  \n');
}

function code(text: string): string {
  return `\`\`\`wat\n${text}\n\`\`\``;
}
