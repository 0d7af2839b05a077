import type { StructType } from '../../../runtime/internal.ts';
import type { Shower } from '../show-value.ts';
import type { Part, Shown, Value } from '../value.ts';
import { behind } from './cells.ts';
import { baseName } from './names.ts';

/** Values in values whose fields are displayed in the text of the outermost. */
const MAX_DEPTH = 3;

/** Structures, tuples, and enums by their variants. */
export async function showStruct(
  shower: Shower,
  value: Value,
  type: StructType,
  depth: number,
): Promise<Shown | null> {
  if (type.form === 'union') return null;
  if (type.variantPart !== null) return await showVariant(shower, value, type, depth);
  const name = type.name ?? '';
  if (name === 'Process' || name.startsWith('Process<')) {
    const process = await showProcess(shower, value, type);
    if (process !== null) return process;
  }
  // What a method of an abstract process of the crate `lunatic` gets.
  if (type.scope[0] === 'lunatic' && baseName(type) === 'State') {
    const state = await behind(shower, await shower.reader.member(value, 'state'), depth);
    if (state !== null) return state;
  }
  return await fieldsOf(shower, value, type, isTuple(name) ? '' : shortName(type), depth);
}

const isTuple = (name: string) => name.startsWith('(');

/** Closures have no name that anybody has given them. */
function shortName(type: StructType): string {
  const name = baseName(type);
  return name.startsWith('{closure_env') ? 'closure ' : name;
}

/** The fields with the name before them: `Point {x: 3, y: -4}`, `Meters(1.5)`, `(1, 2.5)`. */
async function fieldsOf(
  shower: Shower,
  value: Value,
  type: StructType,
  name: string,
  depth: number,
): Promise<Shown> {
  return await partsShown(shower, await shower.members(value, type), name, depth);
}

/** A structure with the parts that it has. */
export async function fieldsShown(
  shower: Shower,
  type: StructType,
  parts: readonly Part[],
  depth: number,
): Promise<Shown> {
  return await partsShown(shower, parts, shortName(type), depth);
}

async function partsShown(
  shower: Shower,
  members: readonly Part[],
  name: string,
  depth: number,
): Promise<Shown> {
  if (members.length === 0) return { text: name === '' ? '()' : name.trimEnd() };
  const isNumbered = members.every((member, i) => member.name === `__${i}`);
  const parts: readonly Part[] = isNumbered
    ? members.map(({ value: part }, i) => ({ name: String(i), value: part, path: `.${i}` }))
    : members;
  const named = async () => parts;
  if (depth >= MAX_DEPTH) return { text: isNumbered ? `${name}(…)` : `${name} {…}`, named };
  const list = await shower.list(parts, depth, !isNumbered);
  const space = name === '' || name.endsWith(' ') ? '' : ' ';
  return { text: isNumbered ? `${name}(${list})` : `${name}${space}{${list}}`, named };
}

async function showVariant(
  shower: Shower,
  value: Value,
  type: StructType,
  depth: number,
): Promise<Shown | null> {
  const member = await shower.reader.variant(value, type);
  const name = member?.name ?? null;
  if (member === null || name === null) return { text: 'a variant that is not described' };
  const part = shower.reader.part(value, member);
  const inner = part === null ? null : await shower.reader.typeOf(part);
  if (part === null || inner?.kind !== 'struct') return { text: name };
  const machine = machineName(type);
  if (machine !== null) return await showMachine(shower, part, inner, machine, member.line, depth);
  return { ...(await fieldsOf(shower, part, inner, name, depth)), isMade: true };
}

/** What an async function or block is called in its source; null for other enums. */
function machineName({ name, scope }: StructType): string | null {
  const [, kind, what] =
    /^\{(?:async_(fn|block|closure)|(?:gen|coroutine|generator)\w*)_env#(\d+)\}/.exec(name ?? '') ?? [];
  if (what === undefined) return null;
  return kind === 'fn' ? (scope.at(-1) ?? 'async fn') : `async ${kind ?? 'block'}`;
}

/** An async function or block, which has one variant for each place where it may wait. */
async function showMachine(
  shower: Shower,
  value: Value,
  state: StructType,
  name: string,
  line: number | null,
  depth: number,
): Promise<Shown> {
  if (state.name === 'Returned' || state.name === 'Panicked')
    return { text: `${name}, ${state.name === 'Returned' ? 'done' : 'panicked'}`, isMade: true };
  const where =
    state.name === 'Unresumed' ? 'not started' : line === null ? 'waiting' : `waiting at line ${line}`;
  // A parameter that was moved into a variable of its name has nothing more to tell.
  const names = new Set<string>();
  const parts = (await shower.members(value, state)).filter(
    (part) => !names.has(part.name) && names.add(part.name),
  );
  return { ...(await partsShown(shower, parts, `${name}, ${where}`, depth)), isMade: true };
}

/** A process as the SDK knows it. */
async function showProcess(shower: Shower, value: Value, { scope }: StructType): Promise<Shown | null> {
  if (scope[0] !== 'lunatic') return null;
  const id = await shower.reader.number(await shower.reader.member(value, 'id'));
  if (id === null) return null;
  return { text: await shower.reader.processText(id), isMade: true };
}
