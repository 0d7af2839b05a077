import { type CompletionItem, CompletionItemKind, type Position } from 'vscode-languageserver';
import {
  FIELDS,
  HEAP_NAMES,
  type Named,
  type NameSpace,
  VALUE_TYPE_NAMES,
} from '../../../runtime/internal.ts';
import { type CodeAt, codeAt } from '../code-state.ts';
import { type Cursor, cursorAt, type Expected, expectedAt } from '../cursor.ts';
import { meaningOf } from '../instruction-meaning.ts';
import { type Instruction, instructions } from '../instructions.ts';
import { declarationText, labelOf, signatureOf } from '../naming.ts';
import type { WatDocument } from '../wat-document.ts';
import { importCompletionsAt, importingCompletions } from './host-completion.ts';

/** Items that fit the values on the stack come first. */
const Order = { fits: '0', neutral: '1', other: '2' } as const;

const KINDS: Readonly<Record<NameSpace, CompletionItemKind>> = {
  type: CompletionItemKind.Class,
  function: CompletionItemKind.Function,
  table: CompletionItemKind.Variable,
  memory: CompletionItemKind.Variable,
  global: CompletionItemKind.Variable,
  tag: CompletionItemKind.Event,
  data: CompletionItemKind.Constant,
  element: CompletionItemKind.Constant,
  local: CompletionItemKind.Variable,
  label: CompletionItemKind.Reference,
  field: CompletionItemKind.Field,
};

/** Words of lists that stand in code or in the head of a function. */
const IN_FUNCTIONS = ['param', 'result', 'local', 'type', 'export', 'import'];

/** What may stand at a position: names, types, instructions, fields of the module. */
export function completionsAt(document: WatDocument, position: Position): CompletionItem[] {
  const offset = document.offsetAt(position);
  if (document.isInComment(offset)) return [];
  const cursor = cursorAt(document, offset);
  const imports = importCompletionsAt(document, cursor);
  if (imports !== undefined || cursor.word?.kind === 'string') return imports ?? [];
  const range = document.rangeOf({ start: cursor.start, end: cursor.word?.end ?? offset });
  const expected = expectedAt(document, cursor);
  const items = itemsFor(document, cursor, expected);
  // What begins a list gets the parenthesis that is not there yet.
  const beginsList = expected.what === 'field' || expected.what === 'inside';
  const isOpen = cursor.before.length === 0 && cursor.lists.length > 0;
  const open = beginsList && !isOpen ? '(' : '';
  for (const item of items) {
    item.filterText = item.label;
    item.textEdit = { range, newText: `${open}${item.label}` };
  }
  return items;
}

/** Adds what an item means, which is not sent for hundreds of them. */
export function resolveCompletion(item: CompletionItem): CompletionItem {
  const meaning = item.kind === CompletionItemKind.Keyword ? meaningOf(item.label) : undefined;
  return meaning === undefined ? item : { ...item, documentation: meaning };
}

function itemsFor(document: WatDocument, cursor: Cursor, expected: Expected): CompletionItem[] {
  switch (expected.what) {
    case 'name':
      return namesFor(document, cursor, expected);
    case 'value type':
      return words(VALUE_TYPE_NAMES);
    case 'storage type':
      return words(['i8', 'i16', ...VALUE_TYPE_NAMES]);
    case 'heap type':
      // Only in `(ref ...)` may `null` stand before it.
      return [
        ...words([...(cursor.lists.at(-1)?.head === 'ref' ? ['null'] : []), ...HEAP_NAMES.keys()]),
        ...declared(document, 'type'),
      ];
    case 'field':
      return words([...FIELDS]);
    case 'inside':
      return words(expected.head.split(' '));
    case 'instruction':
      return instructionsFor(document, cursor);
  }
}

function words(found: readonly string[]): CompletionItem[] {
  return found.map((label) => ({ label, kind: CompletionItemKind.Keyword }));
}

function declared(
  document: WatDocument,
  space: Exclude<NameSpace, 'local' | 'label' | 'field'>,
): CompletionItem[] {
  return document.analysis.scope.declared(space).map((declaration) => ({
    ...itemOf(document, declaration),
    detail: signatureOf(document, declaration),
    documentation: declarationText(document, declaration),
  }));
}

function itemOf(document: WatDocument, target: Named): CompletionItem {
  return {
    label: target.identifier === undefined ? String(target.index) : labelOf(document, target),
    kind: KINDS[target.space],
  };
}

function namesFor(
  document: WatDocument,
  cursor: Cursor,
  { space, instruction, behind, executed }: Extract<Expected, { what: 'name' }>,
): CompletionItem[] {
  const { scope } = document.analysis;
  switch (space) {
    case 'local': {
      const code = codeAt(document, executed);
      const wanted = instruction === 'local.get' ? expectedOperand(document, cursor) : code?.stack.at(-1);
      return (code?.locals ?? []).map((local) => ({
        ...itemOf(document, local),
        detail: scope.typeText(local.type),
        sortText: order(
          wanted === undefined ? undefined : scope.types.matches(local.type, wanted),
          local.index,
        ),
      }));
    }
    case 'label':
      return (codeAt(document, executed)?.labels ?? []).map(({ target, word, types }, depth) => ({
        label: target.identifier === undefined ? String(depth) : labelOf(document, target),
        kind: KINDS.label,
        detail: `${word} ${scope.typesText(types)}`,
        sortText: order(undefined, depth),
      }));
    case 'field': {
      const type = behind[0] && scope.find('type', behind[0]);
      return (type === undefined ? [] : (scope.fields.get(type) ?? [])).map((field) => ({
        ...itemOf(document, field),
        detail: scope.typeText(field.type),
      }));
    }
    case 'function':
      return functionsFor(document, executed, instruction);
    default:
      return declared(document, space);
  }
}

/** Functions, those first whose parameters are on the stack. */
function functionsFor(document: WatDocument, executed: number, instruction: string): CompletionItem[] {
  const { scope } = document.analysis;
  const items = declared(document, 'function');
  const code = /^(?:return_)?call$/.test(instruction) ? codeAt(document, executed) : undefined;
  if (code === undefined) return items;
  const fitting = items.map((item, index) => {
    const type = scope.functions[index];
    const shape = type === undefined ? undefined : scope.types.get(type)?.shape;
    const fits =
      shape?.kind === 'func' && shape.params.length > 0 && code.stack.length > 0
        ? holds(document, code, shape.params)
        : undefined;
    return { ...item, sortText: order(fits, index) };
  });
  return [...fitting, ...importingCompletions(document, new Set(items.map(({ label }) => label)))];
}

/** All instructions, in the order in which they fit what is on the stack, or the operand that is wanted in parentheses. */
function instructionsFor(document: WatDocument, cursor: Cursor): CompletionItem[] {
  const code = codeAt(document, cursor.start);
  const isFolded = cursor.before.length === 0 && cursor.lists.length > 1;
  const wanted = isFolded ? expectedOperand(document, cursor) : undefined;
  const items = Array.from(instructions().values(), (instruction) => {
    const { mnemonic: label, effectText } = instruction;
    // Those of shared memories are rarely meant.
    const rank = label.includes('.atomic.') ? 1 : 0;
    const sortText = order(fitsAt(document, instruction, code, isFolded, wanted), rank) + label;
    const item: CompletionItem = { label, kind: CompletionItemKind.Keyword, sortText };
    if (effectText !== undefined) item.detail = effectText;
    return item;
  });
  return isFolded ? [...items, ...words([...IN_FUNCTIONS, 'then', 'else'])] : items;
}

function fitsAt(
  document: WatDocument,
  { effect }: Instruction,
  code: CodeAt | undefined,
  isFolded: boolean,
  wanted: number | undefined,
): boolean | undefined {
  if (effect === undefined || code === undefined) return undefined;
  const { types } = document.analysis.scope;
  if (isFolded)
    return wanted === undefined || effect.results[0] === undefined
      ? undefined
      : types.matches(effect.results[0], wanted);
  if (effect.operands.length === 0) return undefined;
  return code.stack.length === 0 && code.anything ? undefined : holds(document, code, effect.operands);
}

/** Whether the topmost values have these types. */
function holds(document: WatDocument, { stack, anything }: CodeAt, expected: readonly number[]): boolean {
  const { types } = document.analysis.scope;
  const found = stack.slice(-expected.length || stack.length);
  if (found.length < expected.length && !anything) return false;
  return found.every((type, i) => {
    const wanted = expected[expected.length - found.length + i];
    return wanted === undefined || types.matches(type, wanted);
  });
}

/** The type of the operand that a list is, of the instruction around it. */
function expectedOperand(document: WatDocument, { lists }: Cursor): number | undefined {
  const list = lists.at(-1);
  const around = lists.at(-2);
  const operands = around === undefined ? undefined : instructions().get(around.head)?.effect?.operands;
  if (list === undefined || around === undefined || operands === undefined) return undefined;
  const place = around.items.filter((item) => item.kind === 'list').indexOf(list);
  return document.text[list.start] === '(' ? operands[place] : undefined;
}

function order(fits: boolean | undefined, index: number): string {
  const group = fits === undefined ? Order.neutral : fits ? Order.fits : Order.other;
  return `${group}${String(index).padStart(6, '0')}`;
}
