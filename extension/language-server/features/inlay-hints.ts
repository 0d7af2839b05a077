import { type InlayHint, InlayHintKind, type Range } from 'vscode-languageserver';
import type { Node, Use } from '../../../runtime/internal.ts';
import { labelOf } from '../naming.ts';
import type { Settings } from '../settings.ts';
import type { WatDocument } from '../wat-document.ts';
import { isDefinition } from './navigation.ts';

/** What a reader would have to look up: the index of what is declared, the type of what is read, the block of an `end`. */
export function inlayHintsOf(
  document: WatDocument,
  range: Range,
  { types, indices, ends }: Settings['inlayHints'],
): InlayHint[] {
  const start = document.offsetAt(range.start);
  const end = document.offsetAt(range.end);
  const hints: InlayHint[] = [];
  for (const use of document.analysis.uses) {
    if (use.at.end < start || use.at.start > end) continue;
    const label = indices && isDefinition(use) ? indexText(use) : types ? typeText(document, use) : undefined;
    if (label === undefined) continue;
    hints.push({
      position: document.positionAt(use.at.end),
      label,
      kind: InlayHintKind.Type,
      paddingLeft: true,
    });
  }
  if (ends) for (const hint of endHints(document, start, end)) hints.push(hint);
  return hints;
}

/** The index of what is declared. That of a label depends on where it is used. */
function indexText({ target }: Use): string | undefined {
  return target.space === 'label' ? undefined : `(;${target.index};)`;
}

/** The type of what an instruction reads, or the name of what an index stands for. */
function typeText(document: WatDocument, { at, target }: Use): string | undefined {
  if (target.identifier === at) return undefined;
  const name =
    at.kind === 'number' && target.identifier !== undefined ? labelOf(document, target) : undefined;
  const type = valueType(document, target);
  const text = [name, type].filter((part) => part !== undefined).join(': ');
  return text === '' ? undefined : `(;${text};)`;
}

function valueType(document: WatDocument, target: Use['target']): string | undefined {
  const { scope } = document.analysis;
  if (target.space === 'local' || target.space === 'field')
    return 'type' in target && typeof target.type === 'number' ? scope.typeText(target.type) : undefined;
  const global = target.space === 'global' ? scope.globals[target.index] : undefined;
  return global && scope.typeText(global.type);
}

/** Behind an `end` without a label: the block that it ends. */
function* endHints(document: WatDocument, start: number, end: number): Generator<InlayHint> {
  const waiting: (readonly Node[])[] = [document.syntax.roots];
  for (let nodes = waiting.pop(); nodes !== undefined; nodes = waiting.pop()) {
    const open: string[] = [];
    for (const [i, node] of nodes.entries()) {
      if (node.kind === 'list') {
        if (node.start <= end && node.end >= start) waiting.push(node.items);
        continue;
      }
      if (node.kind !== 'keyword' || i === 0) continue;
      const word = document.textOf(node);
      if (/^(?:block|loop|if|try|try_table)$/.test(word)) {
        const next = nodes[i + 1];
        open.push(next?.kind === 'identifier' ? `${word} ${document.textOf(next)}` : word);
      } else if (word === 'end') {
        const opened = open.pop();
        if (opened === undefined || nodes[i + 1]?.kind === 'identifier') continue;
        yield { position: document.positionAt(node.end), label: `(;${opened};)`, paddingLeft: true };
      }
    }
  }
}
