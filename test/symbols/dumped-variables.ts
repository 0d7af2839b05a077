/** The variables of functions as `llvm-dwarfdump` describes them. */
import { spawnSync } from 'node:child_process';

interface Entry {
  readonly tag: string;
  readonly attributes: ReadonlyMap<string, string>;
  readonly ranges: readonly (readonly [low: number, high: number])[];
  readonly children: Entry[];
}

/** What is in scope where a function, an inlined call or a block begins. */
export interface VariablesAt {
  /** In the code section. */
  readonly address: number;
  /** By frame, the innermost first: `parameter name: type`. */
  readonly frames: readonly (readonly string[])[];
}

/** A line for each address, for each frame there, and for each variable. */
export function variablesText(all: readonly VariablesAt[]): string {
  const lines = all.flatMap(({ address, frames }) => [
    `at ${address}`,
    ...frames.flatMap((frame, i) => [`  frame ${i}`, ...frame.map((variable) => `    ${variable}`)]),
  ]);
  return lines.map((line) => `${line}\n`).join('');
}

/** Reads that text. */
export function readVariablesText(text: string): VariablesAt[] {
  return text
    .split(/^at /m)
    .slice(1)
    .map((part) => {
      const [address, ...frames] = part.split(/\n {2}frame \d+/);
      return {
        address: Number(address),
        frames: frames.map((frame) => frame.match(/(?<=\n {4})\S.*/g) ?? []),
      };
    });
}

const FUNCTIONS = new Set(['DW_TAG_subprogram', 'DW_TAG_inlined_subroutine']);
const SCOPES = new Set([...FUNCTIONS, 'DW_TAG_lexical_block']);

/** The variables at the beginnings of all scopes of a module that have code. */
export function dumpedVariables(tool: string, module: string): VariablesAt[] {
  const { stdout } = spawnSync(tool, ['--debug-info', module], { encoding: 'utf8', maxBuffer: 2 ** 32 });
  const entries = new Map<number, Entry>();
  const roots = readEntries(stdout, entries);
  const addresses = new Set<number>();
  const visit = (entry: Entry) => {
    if (SCOPES.has(entry.tag)) for (const [low] of entry.ranges) addresses.add(low);
    entry.children.forEach(visit);
  };
  roots.forEach(visit);
  return [...addresses]
    .sort((a, b) => a - b)
    .map((address) => ({ address, frames: framesAt(roots, address, entries) }));
}

function framesAt(roots: readonly Entry[], address: number, entries: ReadonlyMap<number, Entry>): string[][] {
  const frames: string[][] = [];
  const isHere = ({ ranges }: Entry) => ranges.some(([low, high]) => low <= address && address < high);
  const enter = (entry: Entry, frame: string[]) => {
    for (const child of entry.children) {
      if (child.tag === 'DW_TAG_formal_parameter' || child.tag === 'DW_TAG_variable') {
        const text = variableText(child, entries);
        if (text !== null) frame.push(text);
      } else if (child.tag === 'DW_TAG_lexical_block' && isHere(child)) enter(child, frame);
      else if (child.tag === 'DW_TAG_inlined_subroutine' && isHere(child)) begin(child);
    }
  };
  const begin = (entry: Entry) => {
    const frame: string[] = [];
    frames.unshift(frame);
    enter(entry, frame);
  };
  const look = (entry: Entry): void => {
    if (entry.tag === 'DW_TAG_subprogram' && isHere(entry)) begin(entry);
    else if (entry.tag !== 'DW_TAG_subprogram') entry.children.forEach(look);
  };
  roots.forEach(look);
  return frames.map((frame) => frame.sort());
}

function variableText(entry: Entry, entries: ReadonlyMap<number, Entry>): string | null {
  const name = inherited(entry, 'DW_AT_name', entries);
  if (name === null || name === '') return null;
  const type = inherited(entry, 'DW_AT_type', entries);
  return `${entry.tag === 'DW_TAG_variable' ? 'local' : 'parameter'} ${name}: ${type ?? 'void'}`;
}

/** The text in quotes of an attribute of an entry, or of what it stands for. */
function inherited(entry: Entry, attribute: string, entries: ReadonlyMap<number, Entry>): string | null {
  let at: Entry | undefined = entry;
  while (at !== undefined) {
    const value = at.attributes.get(attribute);
    if (value !== undefined) return /"(.*)"/.exec(value)?.[1] ?? null;
    const origin: string | undefined = at.attributes.get('DW_AT_abstract_origin');
    at = origin === undefined ? undefined : entries.get(Number(/0x[\da-f]+/.exec(origin)?.[0]));
  }
  return null;
}

function readEntries(text: string, entries: Map<number, Entry>): Entry[] {
  const roots: Entry[] = [];
  const open: Entry[] = [];
  for (const block of text.split(/\n(?=0x[\da-f]{8}:)/)) {
    const [, offset = '', indent = '', tag = ''] = /^0x([\da-f]+):( +)(\w+)/.exec(block) ?? [];
    if (tag === 'NULL') open.pop();
    if (!tag.startsWith('DW_TAG_')) continue;
    const attributes = new Map(
      block.split(/\n +(?=DW_AT_)/).map((text) => {
        const [, name = '', value = ''] = /^(\w+)\s*\((.*)\)/s.exec(text) ?? [];
        return [name, value];
      }),
    );
    const entry: Entry = { tag, attributes, ranges: rangesOf(attributes), children: [] };
    entries.set(Number.parseInt(offset, 16), entry);
    const depth = (indent.length - 1) / 2;
    open.length = depth;
    const around = open[depth - 1];
    (around?.children ?? roots).push(entry);
    open.push(entry);
  }
  return roots;
}

function rangesOf(attributes: ReadonlyMap<string, string>): [number, number][] {
  const list = attributes.get('DW_AT_ranges');
  if (list !== undefined)
    return [...list.matchAll(/\[(0x[\da-f]+), (0x[\da-f]+)\)/g)].map(([, low, high]) => [
      Number(low),
      Number(high),
    ]);
  const low = Number(attributes.get('DW_AT_low_pc') ?? 0);
  const high = Number(attributes.get('DW_AT_high_pc') ?? 0);
  return low > 0 && high > low && low < 0xfffffffe ? [[low, high]] : [];
}
