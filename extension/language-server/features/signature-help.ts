import type { Position, SignatureHelp } from 'vscode-languageserver';
import type { List } from '../../../runtime/internal.ts';
import { meaningOf } from '../instruction-meaning.ts';
import { instructions } from '../instructions.ts';
import { commentAbove, labelOf } from '../naming.ts';
import type { WatDocument } from '../wat-document.ts';

interface Operands {
  readonly name: string;
  readonly params: readonly string[];
  readonly results: readonly string[];
  readonly documentation: string | undefined;
}

/** What the instruction in parentheses around a position takes, and which operand is being written. */
export function signatureHelpAt(document: WatDocument, position: Position): SignatureHelp | null {
  const offset = document.offsetAt(position);
  for (const list of document.listsAt(offset).toReversed()) {
    const operands = operandsOf(document, list);
    if (operands !== undefined) return helpFor(operands, operandAt(list, offset));
    if (/^(?:func|block|loop|if|then|else)$/.test(list.head)) return null;
  }
  return null;
}

/** The number of the operand at an offset, from 0. */
function operandAt(list: List, offset: number): number {
  return list.items.filter((item) => item.kind === 'list' && item.end <= offset && !isImmediate(item)).length;
}

function isImmediate({ head }: List): boolean {
  return /^(?:type|param|result|ref)$/.test(head);
}

function operandsOf(document: WatDocument, list: List): Operands | undefined {
  if (/^(?:return_)?call$/.test(list.head)) return calledOperands(document, list);
  if (/^(?:return_)?call_(?:indirect|ref)$/.test(list.head)) return typedOperands(document, list);
  if (list.head === 'struct.new') return fieldOperands(document, list);
  const effect = instructions().get(list.head)?.effect;
  if (effect === undefined || effect.operands.length === 0) return undefined;
  const { scope } = document.analysis;
  return {
    name: list.head,
    params: effect.operands.map((type) => scope.typeText(type)),
    results: effect.results.map((type) => scope.typeText(type)),
    documentation: meaningOf(list.head),
  };
}

function calledOperands(document: WatDocument, list: List): Operands | undefined {
  const { scope } = document.analysis;
  const at = list.items[1];
  if (at?.kind !== 'identifier' && at?.kind !== 'number') return undefined;
  const index = scope.find('function', at);
  const declaration = index === undefined ? undefined : scope.declaration('function', index);
  const type = index === undefined ? undefined : scope.functions[index];
  const shape = type === undefined ? undefined : scope.types.get(type)?.shape;
  if (declaration === undefined || shape?.kind !== 'func') return undefined;
  const names = declaration.list.items
    .filter((item) => item.kind === 'list' && item.head === 'param')
    .flatMap((item) => (item.kind === 'list' ? namesIn(document, item) : []));
  const comment = commentAbove(document, declaration);
  return {
    name: `${list.head} ${labelOf(document, declaration)}`,
    params: shape.params.map((one, i) =>
      [names[i], scope.typeText(one)].filter((part) => part !== undefined).join(': '),
    ),
    results: shape.results.map((one) => scope.typeText(one)),
    documentation: comment === '' ? undefined : comment,
  };
}

/** What a call of a function takes that only its type tells of: its operands, and what is called. */
function typedOperands(document: WatDocument, list: List): Operands | undefined {
  const { scope } = document.analysis;
  const use = list.items.find((item) => item.kind === 'list' && item.head === 'type');
  const isByReference = list.head.endsWith('_ref');
  const at = isByReference ? list.items[1] : use?.kind === 'list' ? use.items[1] : undefined;
  if (at?.kind !== 'identifier' && at?.kind !== 'number') return undefined;
  const index = scope.find('type', at);
  const shape = index === undefined ? undefined : scope.types.get(index)?.shape;
  if (shape?.kind !== 'func') return undefined;
  const name = document.textOf(at);
  return {
    name: isByReference ? `${list.head} ${name}` : `${list.head} (type ${name})`,
    params: [
      ...shape.params.map((one) => scope.typeText(one)),
      isByReference ? `function: (ref null ${name})` : 'index in the table',
    ],
    results: shape.results.map((one) => scope.typeText(one)),
    documentation: meaningOf(list.head),
  };
}

/** The fields of a struct that is made. */
function fieldOperands(document: WatDocument, list: List): Operands | undefined {
  const { scope } = document.analysis;
  const at = list.items[1];
  if (at?.kind !== 'identifier' && at?.kind !== 'number') return undefined;
  const type = scope.find('type', at);
  const fields = type === undefined ? undefined : scope.fields.get(type);
  if (fields === undefined) return undefined;
  return {
    name: `${list.head} ${document.textOf(at)}`,
    params: fields.map(({ identifier, type: one }) =>
      [identifier && document.textOf(identifier), scope.typeText(one)]
        .filter((part) => part !== undefined)
        .join(': '),
    ),
    results: [`(ref ${document.textOf(at)})`],
    documentation: meaningOf(list.head),
  };
}

/** The names of the parameters that a list declares; undefined for each that has none. */
function namesIn(document: WatDocument, { items }: List): (string | undefined)[] {
  const [, first] = items;
  return first?.kind === 'identifier' ? [document.textOf(first)] : items.slice(1).map(() => undefined);
}

function helpFor({ name, params, results, documentation }: Operands, active: number): SignatureHelp {
  let label = name;
  const parameters = params.map((param) => {
    const start = label.length + 2;
    label += ` (${param})`;
    return { label: [start, start + param.length] as [number, number] };
  });
  if (results.length > 0) label += ` -> ${results.join(' ')}`;
  return {
    signatures: [{ label, parameters, ...(documentation === undefined ? {} : { documentation }) }],
    activeSignature: 0,
    activeParameter: active,
  };
}
