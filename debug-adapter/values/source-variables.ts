import type { DebugProtocol } from '@vscode/debugprotocol';
import {
  ExpressionError,
  floatText,
  InspectClosedError,
  InspectRequestError,
  type VariableInfo,
} from '../../runtime/internal.ts';
import type { Debuggee } from '../debuggee.ts';
import { AdapterError, ErrorId } from '../errors.ts';
import type { Container, FrameRef, Ids } from '../ids.ts';
import { memoryReference } from '../memory-reference.ts';
import { evaluateExpression } from './evaluate.ts';
import { joined } from './evaluate-name.ts';
import { evaluateThere } from './evaluate-there.ts';
import type { SourceFrame } from './frames.ts';
import { Names } from './names.ts';
import { isLiteral, writeScalar } from './set-value.ts';
import { typeName } from './type-names.ts';
import { addressOf, type Part, type Shown, type Value } from './value.ts';
import { codeOf, NO_MEMORY } from './value-code.ts';

/** Steps for one variable of several: one that takes too many leaves enough for the others. */
const STEPS_OF_ONE = 100_000;
/** Clang has the length of an array whose length the program decides in a variable of its own. */
const LENGTH = /^__vla_expr\d+$/;
/** Parts that are looked at together. */
const PAGE = 1000;

/** The containers of variables of the source. */
export type SourceContainer = Extract<Container, { readonly kind: 'variables' | 'statics' | 'value' }>;

/** Which parts of a container are wanted. */
export interface PartRange {
  readonly start: number;
  readonly count: number;
  /** `indexed` or `named`; undefined for all. */
  readonly filter: string | undefined;
}

/** The variables of a frame, the statics of its source, or the parts of one of them. */
export async function sourceVariables(
  debuggee: Debuggee,
  ids: Ids,
  container: SourceContainer,
  range: PartRange,
): Promise<DebugProtocol.Variable[]> {
  const frame = await frameOf(debuggee, container);
  if (container.kind === 'variables' && frame.missing !== null) return [note(frame.missing)];
  const parts = await partsOf(frame, container, range);
  return await Promise.all(parts.map((part) => variableOrNote(frame, ids, container, part)));
}

/** Sets one of them. Returns its new value. */
export async function setSourceVariable(
  debuggee: Debuggee,
  ids: Ids,
  container: SourceContainer,
  name: string,
  text: string,
): Promise<DebugProtocol.Variable> {
  const frame = await frameOf(debuggee, container);
  const part = await partNamed(frame, container, name);
  if (part === undefined)
    throw new AdapterError(ErrorId.NoVariables, `There is no variable ${name} any more`);
  if (typeof part.value === 'string') throw new AdapterError(ErrorId.BadValue, `${name} cannot be set`);
  await setValue(debuggee, container, frame, part.value, name, text);
  const after = await frameOf(debuggee, container);
  return await variableOf(after, ids, container, (await partNamed(after, container, name)) ?? part);
}

/** A part by its name. Those of an array are called by their numbers, and those of a table by their keys. */
async function partNamed(
  frame: SourceFrame,
  container: SourceContainer,
  name: string,
): Promise<Part | undefined> {
  const isIt = (part: Part) => part.name === name;
  const named = (await partsOf(frame, container, { start: 0, count: 0, filter: undefined })).find(isIt);
  if (named !== undefined || container.kind !== 'value') return named;
  const index = /^\[(\d{1,9})\]$/.exec(name)?.[1];
  const page = (start: number, count: number) =>
    partsOf(frame, container, { start, count, filter: 'indexed' });
  const numbered = index === undefined ? undefined : (await page(Number(index), 1)).find(isIt);
  if (numbered !== undefined) return numbered;
  // What is not called by its key would have been found by its number.
  if ((await frame.shower.show(container.value)).keys === undefined) return undefined;
  for (let start = 0; ; start += PAGE) {
    const parts = await page(start, PAGE);
    const found = parts.find(isIt);
    if (found !== undefined || parts.length < PAGE) return found;
  }
}

/** Sets a value that can be set. What was read of the process is read anew. */
export async function setValue(
  debuggee: Debuggee,
  of: FrameRef,
  frame: SourceFrame,
  value: Value,
  name: string,
  text: string,
): Promise<void> {
  const { scalar } = await frame.shower.show(value);
  if (scalar === undefined) throw new AdapterError(ErrorId.BadValue, `${name} cannot be set as a whole`);
  const literal = (await isLiteral(frame.reader, scalar, text))
    ? text
    : ((await calculatedText(debuggee, of, frame, text)) ?? text);
  await writeScalar(debuggee.client, of, frame.reader, scalar, name, literal);
  debuggee.frames.forget(of.process);
}

/** The value of an expression as a number; null if it has none. */
async function calculatedText(
  debuggee: Debuggee,
  of: FrameRef,
  frame: SourceFrame,
  text: string,
): Promise<string | null> {
  try {
    const names = new Names(debuggee, of, frame);
    const found = await evaluateExpression(text, names, frame.shower);
    if (found.kind === 'result') return found.text;
    const { value } = await codeOf(frame.shower, found.value, false);
    const number = value?.(NO_MEMORY);
    return typeof number === 'number' ? floatText(number) : (number?.toString() ?? null);
  } catch (error) {
    if (!(error instanceof ExpressionError)) throw error;
    const there = await evaluateThere(debuggee, of, text);
    return there === null || 'problem' in there ? null : there.text;
  }
}

/** What is found of a value, as clients display it. */
export async function describedValue(
  frame: SourceFrame,
  ids: Ids,
  of: FrameRef,
  value: Value,
  path: string | null,
): Promise<Omit<DebugProtocol.Variable, 'name'>> {
  const { name: _, ...described } = await variableOf(
    frame,
    ids,
    { ...of, path: '' },
    { name: '', value, path },
  );
  return described;
}

async function frameOf(debuggee: Debuggee, container: FrameRef): Promise<SourceFrame> {
  const frame = await debuggee.frames.of(container);
  if (frame === null)
    throw new AdapterError(ErrorId.NoVariables, 'The variables of this call are not known any more');
  return frame;
}

async function partsOf(
  frame: SourceFrame,
  container: SourceContainer,
  { start, count, filter }: PartRange,
): Promise<readonly Part[]> {
  switch (container.kind) {
    case 'variables':
      return filter === 'indexed' ? [] : namedVariables(frame.variables);
    case 'statics':
      return filter === 'indexed' ? [] : await staticsOf(frame);
    case 'value': {
      const shown = await frame.shower.show(container.value);
      const named = filter === 'indexed' ? [] : await namedParts(shown, container.value);
      const left = Math.max(0, Math.min(count, (shown.count ?? 0) - start));
      const indexed = filter === 'named' || left === 0 ? [] : ((await shown.page?.(start, left)) ?? []);
      return [...indexed, ...named];
    }
  }
}

async function namedParts(shown: Shown, value: Value): Promise<readonly Part[]> {
  const named = (await shown.named?.()) ?? [];
  if (shown.isMade !== true) return named;
  return [...named, { name: '[raw]', value: { ...value, isRaw: true }, path: null }];
}

/** Variables of a frame by name: those of inner blocks hide others, which are there nevertheless. */
export function namedVariables(variables: readonly VariableInfo[]): Part[] {
  const left = new Map<string, number>();
  for (const { name } of variables) left.set(name, (left.get(name) ?? 0) + 1);
  return variables
    .filter(({ name }) => !LENGTH.test(name))
    .map(({ name, type, place }) => {
      const inner = (left.get(name) ?? 1) - 1;
      left.set(name, inner);
      const isHidden = inner > 0;
      return {
        name: isHidden ? `${name} (hidden${inner > 1 ? ` ${inner}` : ''})` : name,
        value: { type, place, offset: 0 },
        path: isHidden ? null : name,
      };
    });
}

async function staticsOf({ symbols, offset, reader, language }: SourceFrame): Promise<Part[]> {
  const found = await symbols.staticsOf(offset);
  if (found === null) return [];
  reader.types.add(found.types);
  const byName = new Map<string, Part>();
  for (const { name, scope, type, place } of found.variables) {
    // Those of the library, which headers bring to all files, are nobody's.
    if (language === 'C++' && scope[0] === 'std') continue;
    const short = byName.has(name) ? [...scope, name].join('::') : name;
    byName.set(short, { name: short, value: { type, place, offset: 0 }, path: short });
  }
  return [...byName.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** A variable, or what is wrong with it: the others are displayed anyway. */
async function variableOrNote(
  frame: SourceFrame,
  ids: Ids,
  container: SourceContainer,
  part: Part,
): Promise<DebugProtocol.Variable> {
  const shower = frame.shower.with(frame.reader.steps.some(STEPS_OF_ONE));
  try {
    return await variableOf({ ...frame, shower, reader: shower.reader }, ids, container, part);
  } catch (error) {
    if (error instanceof InspectRequestError || error instanceof InspectClosedError) throw error;
    const why = error instanceof Error ? error.message : String(error);
    return { ...note(`not known: ${why.charAt(0).toLowerCase()}${why.slice(1)}`), name: part.name };
  }
}

async function variableOf(
  frame: SourceFrame,
  ids: Ids,
  whole: FrameRef & { readonly path?: string | null },
  { name, value, path }: Part,
): Promise<DebugProtocol.Variable> {
  if (typeof value === 'string') return { ...note(value), name };
  const { process, depth, inlined } = whole;
  const { reader, language } = frame;
  const shown = await frame.shower.show(value);
  const evaluateName = joined(whole.path ?? '', path);
  const hasParts = shown.named !== undefined || (shown.count ?? 0) > 0 || shown.isMade === true;
  const label = value.type === null ? 'void' : (await reader.types.get(value.type))?.label;
  const address = addressOf(shown.target ?? value);
  return {
    name,
    value: shown.text,
    ...(label === undefined ? {} : { type: typeName(rowLabel(label, value.dimension), language) }),
    ...(evaluateName === null ? {} : { evaluateName }),
    variablesReference: hasParts
      ? ids.container({ kind: 'value', process, depth, inlined, value, path: evaluateName })
      : 0,
    ...(hasParts && shown.count !== undefined
      ? { indexedVariables: shown.count, namedVariables: shown.isMade === true ? 1 : 0 }
      : {}),
    ...(address === null ? {} : { memoryReference: memoryReference(process, address) }),
    ...(shown.scalar === undefined ? { presentationHint: { attributes: ['readOnly'] } } : {}),
  };
}

/** The type of a row of an array of several dimensions: of `int[2][3]` it is `int[3]`. */
function rowLabel(label: string, dimension = 0): string {
  const [, element, counts = ''] = /^(.*?)((?:\[[^[\]]*\])+)$/.exec(label) ?? [];
  if (dimension === 0 || element === undefined) return label;
  return (
    element +
    counts
      .split(/(?<=\])/)
      .slice(dimension)
      .join('')
  );
}

function note(text: string): DebugProtocol.Variable {
  return { name: '', value: text, variablesReference: 0, presentationHint: { attributes: ['readOnly'] } };
}
