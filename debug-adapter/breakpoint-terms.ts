import {
  ANY_CALL,
  type BreakpointTerms,
  type ModuleKey,
  type ValueType,
  type VariablePlace,
} from '../runtime/inspect/protocol.ts';
import {
  depthOf,
  dottedNamesIn,
  type Expression,
  ExpressionError,
  type ModuleSymbols,
  namesIn,
  parseExpression,
  parseHitCondition,
  parseLogMessage,
  sizedNamesIn,
  typeKey,
  type VariableInfo,
} from '../runtime/internal.ts';
import type { Arguments } from './arguments.ts';
import type { Disassemblies } from './disassembly.ts';
import { ExpressionTypes } from './expression-types.ts';
import type { ModuleSources } from './module-sources.ts';
import { type ManagedClasses, shortName, TYPE_INFO } from './values/managed/classes.ts';

/** What a client wants of a breakpoint besides its place. */
export interface WantedTerms {
  readonly condition?: string;
  readonly hits?: string;
  readonly log?: string;
}

export function termsIn(args: Arguments): WantedTerms {
  const condition = args.optionalText('condition')?.trim();
  const hits = args.optionalText('hitCondition')?.trim();
  const log = args.optionalText('logMessage');
  return {
    ...(condition ? { condition } : {}),
    ...(hits ? { hits } : {}),
    // Some clients send an empty text with each breakpoint.
    ...(log ? { log } : {}),
  };
}

/** What is wrong with them as such, wherever they stand; null if nothing is. */
export function faultIn({ condition, hits, log }: WantedTerms): string | null {
  const what: [name: string, read: () => unknown][] = [
    ['condition', () => condition === undefined || parseExpression(condition)],
    ['hit count', () => hits === undefined || parseHitCondition(hits)],
    ['log message', () => log === undefined || parseLogMessage(log)],
  ];
  for (const [name, read] of what) {
    try {
      read();
    } catch (error) {
      if (error instanceof ExpressionError) return `The ${name} cannot be read: ${error.message}`;
      throw error;
    }
  }
  return null;
}

/** The most classes, and fields of one, that expressions know. */
const MOST_CLASSES = 1000;
const MOST_FIELDS = 200;

/** How far what a log message prints goes into values. */
const SHOWN_LEVELS = 3;

/** Finds what the names in expressions stand for, as the runtime wants to be told. */
export class NameFinder {
  readonly #disassemblies: Disassemblies;
  readonly #sources: ModuleSources;
  readonly #classes: ManagedClasses;

  constructor(disassemblies: Disassemblies, sources: ModuleSources, classes: ManagedClasses) {
    this.#disassemblies = disassemblies;
    this.#sources = sources;
    this.#classes = classes;
  }

  /** An empty list of types of a module, which several expressions can share. */
  typesOf(module: ModuleKey): ExpressionTypes {
    const symbols = this.#sources.of(module);
    return new ExpressionTypes((ids) => symbols.types(ids));
  }

  /**
   * The terms as the runtime takes them at an offset, which may be `ANY_CALL`. Names that are not there are left out: the runtime
   * says so.
   * @param types gets the types of their names
   */
  async termsAt(
    id: number,
    { condition, hits, log }: WantedTerms,
    module: ModuleKey,
    offset: number,
    types: ExpressionTypes,
  ): Promise<BreakpointTerms> {
    const wanted = expressionsIn(condition, log);
    const shown = log === undefined ? 0 : SHOWN_LEVELS;
    let names = await this.#placesOf(wanted, module, offset, types, { shown });
    // What is displayed must not leave out what is named.
    if (shown > 0 && types.isCut) names = await this.#placesOf(wanted, module, offset, types);
    return {
      id,
      ...(condition === undefined ? {} : { condition }),
      ...(hits === undefined ? {} : { hits }),
      ...(log === undefined ? {} : { log }),
      ...(names.size === 0 ? {} : { names: Object.fromEntries(names) }),
    };
  }

  /**
   * What is told with an expression that is evaluated in a call at an offset. An expression that is none has no names.
   * @param inlined how many calls that were inlined are inside of the one that is meant
   */
  async namesFor(
    expression: string,
    module: ModuleKey,
    offset: number,
    inlined: number,
  ): Promise<Pick<BreakpointTerms, 'names' | 'types'>> {
    const wanted = faultIn({ condition: expression }) === null ? expressionsIn(expression, undefined) : [];
    const types = this.typesOf(module);
    const names = await this.#placesOf(wanted, module, offset, types, { inlined });
    return { names: Object.fromEntries(names), types: types.list };
  }

  /** The type of what may be an object of AssemblyScript; null in other modules. */
  async #objectType(module: ModuleKey, globals: Names): Promise<ValueType | null> {
    const typeInfo = indexOf(globals, TYPE_INFO);
    if (typeInfo === undefined) return null;
    const classes = await this.#classes.of(module);
    if (classes.size === 0) return null;
    const known = [...classes].slice(0, MOST_CLASSES).map(([id, { name, fields }]) => ({
      id,
      name: shortName(name),
      fields: fields.slice(0, MOST_FIELDS).map(({ name: field, offset, type, isManaged }) => ({
        name: field,
        at: offset,
        type,
        ...(isManaged === false ? { isNumber: true } : {}),
      })),
    }));
    return { kind: 'object', classes: known, typeInfo };
  }

  async #placesOf(
    expressions: readonly Expression[],
    module: ModuleKey,
    offset: number,
    types: ExpressionTypes,
    { inlined = 0, shown = 0 } = {},
  ): Promise<Map<string, VariablePlace>> {
    const names = new Map<string, VariablePlace>();
    const wanted = new Set(expressions.flatMap(namesIn));
    const sized = new Set(expressions.flatMap(sizedNamesIn));
    if (wanted.size === 0 || offset === ANY_CALL) return names;
    types.begin();
    const depth = Math.max(...expressions.map(depthOf)) + shown;
    const symbols = this.#sources.of(module);
    const variables = await symbols.variablesOf({ ...NO_FRAME, offset, inlined });
    types.know(variables?.types ?? new Map());
    types.language = variables?.language ?? 'other';
    const { locals, globals } = await this.#disassemblies.namesAt(module, offset);
    const objects = variables === null ? await this.#objectType(module, new Map(globals)) : null;
    // Numbers of AssemblyScript may be objects. A name with a sign means the number.
    const objectType = objects === null ? {} : { type: types.addObjects(objects) };
    if (objects !== null) for (const name of expressions.flatMap(dottedNamesIn)) wanted.add(name);
    for (const name of wanted) {
      if (name.startsWith(typeKey(''))) {
        const id = await symbols.typeNamed(name.slice(typeKey('').length), offset);
        const type = id === null ? null : await types.add(id, depth);
        if (type !== null) names.set(name, { kind: 'type', bytes: (await types.sizeOf(id)) ?? 0, type });
        continue;
      }
      const found =
        variables?.variables.findLast((variable) => variable.name === name) ??
        (variables === null ? undefined : await staticNamed(symbols, name, offset, types));
      const place =
        found === undefined
          ? withType(
              placeOf(name, new Map(locals), new Map(globals)) ??
                (objects === null ? undefined : globalBehindFile(name, new Map(globals))),
              name.startsWith('$') ? {} : objectType,
            )
          : await placeOfVariable(found, types, depth);
      if (found === undefined) {
        // In the order in which a watch looks for them, where the locals of WebAssembly come last.
        const own = await memberOfThis(name, variables?.variables ?? [], types, depth);
        const constant = types.constant(name.split('::').at(-1) ?? name);
        if (own !== undefined) names.set(name, own);
        else if (constant !== undefined) names.set(name, { kind: 'constant', value: String(constant) });
        if (names.has(name)) continue;
      }
      if (place !== undefined) names.set(name, place);
      else if (sized.has(name)) {
        const bytes = await types.sizeOf(await symbols.typeNamed(name, offset));
        if (bytes !== null) names.set(name, { kind: 'type', bytes });
      } else if (variables !== null && !name.startsWith('$')) {
        // A function is the number that pointers to it are.
        const index = await this.#disassemblies.placeInTable(module, name);
        if (index !== null) names.set(name, { kind: 'constant', value: String(index) });
      }
    }
    return names;
  }
}

function withType(
  place: VariablePlace | undefined,
  type: { readonly type?: number },
): VariablePlace | undefined {
  return place?.kind === 'local' || place?.kind === 'global' ? { ...place, ...type } : place;
}

/** A global of AssemblyScript, which is called by its file and its name. */
function globalBehindFile(name: string, globals: Names): VariablePlace | undefined {
  for (const [index, candidate] of globals)
    if (!candidate.startsWith('~lib/') && candidate.endsWith(`/${name}`)) return { kind: 'global', index };
  return undefined;
}

/** Places are asked for before a process is there. */
const NO_FRAME = { locals: new Map(), globals: new Map(), memory: [] };

/** A static by its name, or by the end of its path: `COUNT`, `shop::COUNT`. */
async function staticNamed(
  symbols: ModuleSymbols,
  path: string,
  offset: number,
  types: ExpressionTypes,
): Promise<VariableInfo | undefined> {
  const parts = path.split('::');
  const name = parts.pop() ?? '';
  if (name.startsWith('$') || name.includes(' ')) return undefined;
  const statics = await symbols.staticsNamed(name, offset);
  const found = statics?.variables.find(
    ({ scope }) => parts.length === 0 || scope.slice(-parts.length).join('::') === parts.join('::'),
  );
  if (found !== undefined) types.know(statics?.types ?? new Map());
  return found;
}

/** A part of the object of a method. */
async function memberOfThis(
  name: string,
  variables: readonly VariableInfo[],
  types: ExpressionTypes,
  depth: number,
): Promise<VariablePlace | undefined> {
  const self = variables.find((variable) => variable.name === 'this');
  if (self === undefined) return undefined;
  const place = await placeOfVariable(self, types, depth + 1);
  if (place.kind === 'type' || !('type' in place) || place.type === undefined) return undefined;
  const pointer = types.list[place.type];
  const object = pointer?.kind === 'pointer' ? types.list[pointer.to] : undefined;
  const isThere = object?.kind === 'record' && object.members.some((member) => member.name === name);
  return isThere ? { ...place, member: name } : undefined;
}

async function placeOfVariable(
  { rule, place, type }: VariableInfo,
  types: ExpressionTypes,
  depth: number,
): Promise<VariablePlace> {
  if (place.kind === 'nowhere') return { kind: 'unreadable', why: 'it is optimised away' };
  if (rule === null) return { kind: 'unreadable', why: 'where it is cannot be told in advance' };
  if (rule.kind === 'wasm')
    return { kind: rule.store, index: rule.index, type: await types.add(type, depth) };
  return { ...rule, type: await types.add(type, depth) };
}

type Names = ReadonlyMap<number, string>;

/** A local or global by its name, or by its index where it has none: `$count`, `$4`, `$global2`, `local 4`, `global 2`. */
function placeOf(name: string, locals: Names, globals: Names): VariablePlace | undefined {
  const plain = name.replace(/^\$/, '');
  const local = indexOf(locals, plain);
  if (local !== undefined) return { kind: 'local', index: local };
  const global = indexOf(globals, plain);
  if (global !== undefined) return { kind: 'global', index: global };
  const [, kind, digits] = /^(local |global |\$global|\$)(\d{1,9})$/.exec(name) ?? [];
  if (digits === undefined) return undefined;
  return { kind: kind?.includes('global') ? 'global' : 'local', index: Number(digits) };
}

function indexOf(names: Names, name: string): number | undefined {
  for (const [index, candidate] of names) if (candidate === name) return index;
  return undefined;
}

function expressionsIn(condition: string | undefined, log: string | undefined): Expression[] {
  const expressions: Expression[] = condition === undefined ? [] : [parseExpression(condition)];
  for (const part of log === undefined ? [] : parseLogMessage(log))
    if (typeof part !== 'string') expressions.push(part);
  return expressions;
}
