import {
  LSPErrorCodes,
  type Position,
  type Range,
  ResponseError,
  type WorkspaceEdit,
} from 'vscode-languageserver';
import { printable, readSyntax, SPACE_WORDS, type Use } from '../../../runtime/internal.ts';
import type { WatDocument } from '../wat-document.ts';

/** The name at a position that can be changed; null if there is none. */
export function renameRangeAt(
  document: WatDocument,
  position: Position,
): { range: Range; placeholder: string } | null {
  const use = renamedAt(document, position);
  return use === undefined ? null : { range: document.rangeOf(use.at), placeholder: document.textOf(use.at) };
}

/**
 * Changes a name wherever it stands. Indices stay as they are.
 * @param newName with or without its `$`
 * @throws ResponseError if the name is none, or something has it
 */
export function renameAt(document: WatDocument, position: Position, newName: string): WorkspaceEdit | null {
  const use = renamedAt(document, position);
  if (use === undefined) return null;
  const name = identifierOf(newName);
  if (name === undefined)
    throw new ResponseError(LSPErrorCodes.RequestFailed, `${printable(newName)} can't be a name`);
  const taken = document.analysis.uses.find(
    ({ target, at }) =>
      target !== use.target && target.identifier === at && conflicts(document, target, use, name),
  );
  if (taken !== undefined)
    throw new ResponseError(
      LSPErrorCodes.RequestFailed,
      `there is another ${SPACE_WORDS[taken.target.space]} ${name}`,
    );
  const edits = document
    .usesOf(use.target)
    .filter(({ at }) => at.kind === 'identifier')
    .map(({ at }) => ({ range: document.rangeOf(at), newText: name }));
  return { changes: { [document.uri]: edits } };
}

/** A name as the text format writes it: with its `$`, and in quotes if it needs them. */
function identifierOf(name: string): string | undefined {
  const plain = name.startsWith('$') ? name.slice(1) : name;
  return [`$${plain}`, `$"${plain}"`].find(isIdentifier);
}

function isIdentifier(word: string): boolean {
  const { roots, faults } = readSyntax(word);
  const [root] = roots;
  return faults.length === 0 && root?.kind === 'identifier' && root.end === word.length;
}

/** What is named at a position, if it has a name. */
function renamedAt(document: WatDocument, position: Position): Use | undefined {
  const use = document.useAt(document.offsetAt(position));
  return use?.target.identifier === undefined ? undefined : use;
}

/** Whether something has a name already that another thing is to get, so that one of them could not be told from the other. */
function conflicts(document: WatDocument, other: Use['target'], { target }: Use, name: string): boolean {
  if (other.space !== target.space || !document.analysis.scope.isCalled(other, name)) return false;
  // Locals of other functions, and fields of other types, have names of their own.
  return (
    !['local', 'label', 'field'].includes(target.space) ||
    fieldAround(document, other) === fieldAround(document, target)
  );
}

function fieldAround(document: WatDocument, { list }: Use['target']): unknown {
  return document.listsAt(list.start + 1).find(({ head }) => head !== 'module' && head !== 'rec');
}
