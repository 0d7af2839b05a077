import { printable } from '../../text/printable.ts';
import { isDroppedData } from '../dwarf/addresses.ts';
import { ByteCache } from '../dwarf/byte-cache.ts';
import { ByteCursor, DwarfError, unlessMalformed } from '../dwarf/byte-cursor.ts';
import { At, Tag } from '../dwarf/constants.ts';
import type { Die } from '../dwarf/die.ts';
import type { Dwarf, FunctionAt } from '../dwarf/dwarf.ts';
import { evaluate } from '../dwarf/expression.ts';
import type { FrameValues, Location } from '../dwarf/location.ts';
import { scopePath } from '../dwarf/scope-path.ts';
import type { Unit } from '../dwarf/unit.ts';
import { skipDie } from '../dwarf/walk.ts';
import { ClassFinder } from './class-finder.ts';
import { DieIndex, type IsWanted, isNamedType, isStatic } from './die-index.ts';
import { FrameMemory } from './frame-memory.ts';
import { languageOf } from './language.ts';
import { type PlaceRule, placeRule } from './place-rule.ts';
import type { TypeId, TypeInfo } from './type-info.ts';
import { TypeReader } from './type-reader.ts';
import { typesAround } from './types-around.ts';
import type { FrameState, FrameVariables, Place, Statics, VariableInfo } from './variable-info.ts';

/** Variables of one frame. */
const MAX_VARIABLES = 2000;
const MAX_STATICS = 1000;
const MAX_NAME = 512;
const MAX_PIECES = 64;
/** Operations of all expressions of a frame. Those of a variable are a handful. */
const MAX_OPERATIONS = 100_000;

/** The name of the static that is a vtable. */
const VTABLE = /\{vtable(_type)?\}$|(?:^|::)_vtable\$$/;

const NOTHING: FrameVariables = {
  language: 'other',
  producer: '',
  variables: [],
  types: new Map(),
  missing: [],
};

/** Reads the variables of a module that has debug information. No method throws because of what the module says. */
export class VariableReader {
  readonly #dwarf: Dwarf;
  readonly #types: TypeReader;
  readonly #codeStart: number;
  readonly #statics: ByteCache<Unit, DieIndex>;
  readonly #namedTypes: ByteCache<Unit, DieIndex>;
  readonly #classes: ClassFinder;
  readonly #concrete = new Map<number, TypeId | null>();

  constructor(dwarf: Dwarf, codeStart: number) {
    this.#dwarf = dwarf;
    this.#types = new TypeReader(dwarf);
    this.#codeStart = codeStart;
    const mostIndexed = dwarf.file.sections.info.length / 8 + 2 ** 18;
    this.#statics = new ByteCache(mostIndexed);
    this.#namedTypes = new ByteCache(mostIndexed);
    this.#classes = new ClassFinder(dwarf, this.#types);
  }

  /** The parameters and locals of a frame, as far as they are in scope at its place. */
  variablesOf(state: FrameState): FrameVariables {
    return unlessMalformed(() => this.#variablesOf(state), NOTHING);
  }

  /** The statics of the source unit, or of the crate, that an offset of the module is in. */
  staticsOf(offset: number): Statics {
    const variables: VariableInfo[] = [];
    const unit = unlessMalformed(() => this.#dwarf.unitAt(offset - this.#codeStart), null);
    if (unit === null) return { variables, types: new Map() };
    for (const sibling of this.#siblings(unit)) this.#addStatics(sibling, variables, () => true);
    return { variables, types: this.#typesOf(variables) };
  }

  /** The statics that have this name, whatever their unit, those of the unit of an offset first. */
  staticsNamed(name: string, offset: number): Statics {
    const variables: VariableInfo[] = [];
    for (const unit of this.#unitsFrom(offset)) {
      this.#addStatics(unit, variables, (die) => die.name === name);
      if (variables.some(isThere)) break;
    }
    // What one unit has lost, another one may have.
    variables.sort((a, b) => Number(isThere(b)) - Number(isThere(a)));
    return { variables, types: this.#typesOf(variables) };
  }

  types(ids: readonly TypeId[]): ReadonlyMap<TypeId, TypeInfo> {
    return typesAround(ids, (id) => this.#types.read(id));
  }

  /** The dynamic type of a trait object, by the address of its vtable in the memory. */
  concreteType(vtable: number, offset: number): TypeId | null {
    let type = this.#concrete.get(vtable);
    if (type === undefined) {
      type = null;
      for (const unit of this.#unitsFrom(offset)) {
        type = this.#vtableType(unit, vtable);
        if (type !== null) break;
      }
      if (this.#concrete.size > 4096) this.#concrete.clear();
      this.#concrete.set(vtable, type);
    }
    return type;
  }

  /**
   * A class of C++ by the name that its run-time type information has, as in `N4shop5AppleE`. Null if there is none, or if there are
   * several that may be meant, as when two sources have classes of this name in anonymous namespaces.
   */
  classNamed(name: string): TypeId | null {
    return this.#classes.find(name);
  }

  /** A type by its name, or by the end of its path as in `shop::Item`, that of the source of an offset first; null if there is none. */
  typeNamed(path: string, offset: number): TypeId | null {
    const parts = pathParts(path);
    const name = parts.pop();
    for (const unit of this.#unitsFrom(offset)) {
      for (const die of diesIn(unit, this.#namedTypes, isNamedType)) {
        const found = unlessMalformed(() => {
          if (die.name !== name || die.flag(At.declaration)) return null;
          const scope = parts.length === 0 ? [] : scopePath(this.#dwarf, unit, die).slice(-parts.length);
          return scope.join('::') === parts.join('::')
            ? this.#types.idOf(die, this.#types.fileOf(unit))
            : null;
        }, null);
        if (found !== null) return found;
      }
    }
    return null;
  }

  #variablesOf(state: FrameState): FrameVariables {
    const address = state.offset - this.#codeStart;
    const calls = this.#dwarf.functionsAt(address);
    const call = calls[state.inlined];
    const outermost = calls.at(-1);
    if (call === undefined || outermost === undefined) return NOTHING;
    const frame = new FrameMemory(state);
    const walk = new FrameWalk(call, outermost, address, frame, this.#types);
    const variables = walk.run();
    const { language, producer } = languageOf(call.unit);
    return { language, producer, variables, types: this.#typesOf(variables), missing: frame.missing };
  }

  #typesOf(variables: readonly VariableInfo[]): ReadonlyMap<TypeId, TypeInfo> {
    return this.types(variables.flatMap(({ type }) => type ?? []));
  }

  /** The units that the compiler has made of one crate; a unit of other languages is alone. */
  #siblings(unit: Unit): Unit[] {
    const crate = crateOf(unit);
    if (crate === null) return [unit];
    return [unit, ...this.#units().filter((other) => other !== unit && crateOf(other) === crate)];
  }

  *#unitsFrom(offset: number): Generator<Unit> {
    const first = unlessMalformed(() => this.#dwarf.unitAt(offset - this.#codeStart), null);
    const siblings = first === null ? [] : this.#siblings(first);
    yield* siblings;
    for (const unit of this.#units()) if (!siblings.includes(unit)) yield unit;
  }

  #units(): Unit[] {
    return this.#dwarf.file.units.map((unit) => this.#dwarf.whole(unit));
  }

  #addStatics(unit: Unit, variables: VariableInfo[], isWanted: (die: Die) => boolean): void {
    const frame = new FrameMemory({ offset: 0, inlined: 0, locals: NONE, globals: NONE, memory: [] });
    for (const die of diesIn(unit, this.#statics, isStatic)) {
      if (variables.length === MAX_STATICS) return;
      unlessMalformed(() => {
        const { name } = die;
        if (name === null || VTABLE.test(name) || die.flag(At.declaration) || !isWanted(die)) return;
        const place = placeOf(die, 0, frame);
        if (place.kind !== 'memory' && place.kind !== 'value' && place.kind !== 'nowhere') return;
        const type = this.#types.typeOf(die, this.#types.fileOf(unit));
        const scope = scopePath(this.#dwarf, unit, die);
        const rule = ruleOf(die, 0, null);
        variables.push({
          name: shown(name),
          kind: 'static',
          type,
          place,
          rule,
          scope,
          line: lineOf(die),
          depth: 0,
        });
      }, undefined);
    }
  }

  #vtableType(unit: Unit, vtable: number): TypeId | null {
    const frame = new FrameMemory({ offset: 0, inlined: 0, locals: NONE, globals: NONE, memory: [] });
    for (const die of diesIn(unit, this.#statics, isStatic)) {
      const found = unlessMalformed(() => {
        const place = placeOf(die, 0, frame);
        if (place.kind !== 'memory' || place.address !== vtable) return null;
        const concrete = die.type?.reference(At.containingType) ?? null;
        return concrete === null ? null : this.#types.idOf(concrete, this.#types.fileOf(unit));
      }, null);
      if (found !== null) return found;
    }
    return null;
  }
}

/** The entries of a unit that are wanted. The unit is walked once for all questions. */
function* diesIn(unit: Unit, indexes: ByteCache<Unit, DieIndex>, isWanted: IsWanted): Generator<Die> {
  const { dies } = indexes.get(unit, () => new DieIndex(unit, isWanted));
  for (const offset of dies) {
    const die = unlessMalformed(() => unit.dieAt(offset >>> 0), null);
    if (die !== null) yield die;
  }
}

const NOWHERE: Place = { kind: 'nowhere' };
const MALFORMED: Place = { kind: 'unknown', why: 'the debug information about it is malformed' };
const NONE: ReadonlyMap<number, Uint8Array> = new Map();

/** Collects the variables of one call. */
class FrameWalk {
  readonly #call: FunctionAt;
  readonly #address: number;
  readonly #frame: FrameValues;
  readonly #frameBase: Uint8Array | null;
  readonly #types: TypeReader;
  readonly #budget = { left: MAX_OPERATIONS };
  readonly #found: VariableInfo[] = [];
  /** Declarations of the function that its copy here has. */
  readonly #declared = new Set<number>();

  constructor(
    call: FunctionAt,
    outermost: FunctionAt,
    address: number,
    frame: FrameValues,
    types: TypeReader,
  ) {
    this.#call = call;
    this.#address = address;
    this.#frame = frame;
    this.#types = types;
    this.#frameBase = unlessMalformed(() => outermost.die.expression(At.frameBase, address), null);
  }

  run(): VariableInfo[] {
    const { die } = this.#call;
    // What stands before a break is good.
    unlessMalformed(() => this.#addAll(die), undefined);
    this.#addDropped(die);
    const parameters = this.#found.filter(({ kind }) => kind === 'parameter');
    const others = this.#found.filter(({ kind }) => kind !== 'parameter');
    return [...parameters, ...others.sort((a, b) => a.depth - b.depth)];
  }

  /** Adds what is in a function and in those of its blocks that are executed. In Rust, each `let` begins a block. */
  #addAll({ unit, firstChild }: Die): void {
    const cursor = new ByteCursor(unit.bytes, Math.max(0, firstChild), unit.end);
    for (let depth = 0; firstChild >= 0 && depth >= 0 && this.#found.length < MAX_VARIABLES; ) {
      const child = unit.dieAt(cursor.position);
      if (child === null) {
        cursor.skipLeb();
        depth--;
        continue;
      }
      if (child.tag === Tag.formalParameter || child.tag === Tag.variable) this.#add(child, depth);
      else if (child.tag === Tag.lexicalBlock && child.hasChildren && this.#isHere(child)) {
        cursor.position = child.firstChild;
        depth++;
        continue;
      }
      skipDie(cursor, unit);
    }
  }

  /** A block whose code is not told is that of the function. */
  #isHere(block: Die): boolean {
    if (!block.has(At.lowPc) && !block.has(At.ranges)) return true;
    const pairs = unlessMalformed(() => block.ranges(), []);
    for (let i = 0; i + 1 < pairs.length; i += 2) {
      if ((pairs[i] ?? 0) <= this.#address && this.#address < (pairs[i + 1] ?? 0)) return true;
    }
    return false;
  }

  #add(die: Die, depth: number): void {
    const origin = unlessMalformed(() => die.reference(At.abstractOrigin), null);
    if (origin !== null) this.#declared.add(origin.offset);
    this.#push(
      die,
      depth,
      unlessMalformed(
        () => placeOf(die, this.#address, this.#frame, this.#frameBase, this.#budget),
        MALFORMED,
      ),
    );
  }

  #push(die: Die, depth: number, place: Place): void {
    unlessMalformed(() => {
      const { name } = die;
      // Rust names nothing of what it has made itself.
      if (name === null || name === '') return;
      const { unit } = this.#call;
      this.#found.push({
        name: shown(name),
        kind: die.tag === Tag.formalParameter ? 'parameter' : 'local',
        type: this.#types.typeOf(die, this.#types.fileOf(unit)),
        place,
        rule: ruleOf(die, this.#address, this.#frameBase),
        scope: [],
        line: lineOf(die),
        depth,
      });
    }, undefined);
  }

  /** Adds parameters and variables of which the copy of the function here has nothing left, and its statics. */
  #addDropped(die: Die): void {
    const origin = unlessMalformed(() => die.reference(At.abstractOrigin), null);
    if (origin === null) return;
    unlessMalformed(() => {
      for (const child of origin.children()) {
        if (this.#found.length >= MAX_VARIABLES) return;
        if (child.tag !== Tag.formalParameter && child.tag !== Tag.variable) continue;
        if (this.#declared.has(child.offset)) continue;
        this.#push(
          child,
          0,
          unlessMalformed(() => placeOf(child, this.#address, this.#frame), NOWHERE),
        );
      }
    }, undefined);
  }
}

/** @throws DwarfError */
function placeOf(
  die: Die,
  address: number,
  frame: FrameValues,
  frameBase: Uint8Array | null = null,
  budget?: { left: number },
): Place {
  const expression = die.expression(At.location, address);
  if (expression !== null) {
    const place = plain(evaluate(expression, { unit: die.unit, frame, frameBase, budget }), MAX_PIECES);
    return place.kind === 'memory' && isDroppedData(place.address) ? NOWHERE : place;
  }
  const bytes = die.block(At.constValue);
  if (bytes !== null) return { kind: 'value', bytes };
  const constant = die.bigint(At.constValue, true);
  if (constant === null) return NOWHERE;
  const view = new DataView(new ArrayBuffer(16));
  view.setBigUint64(0, BigInt.asUintN(64, constant), true);
  view.setBigUint64(8, BigInt.asUintN(64, constant >> 64n), true);
  return { kind: 'value', bytes: new Uint8Array(view.buffer) };
}

/** What stands between the `::` of a path, but for those of arguments: `std`, `list<std::string>`. */
function pathParts(path: string): string[] {
  const parts = [''];
  let depth = 0;
  for (const part of path.split(/(::|[<>])/)) {
    if (part === '<') depth++;
    else if (part === '>') depth--;
    if (part === '::' && depth === 0) parts.push('');
    else parts.push((parts.pop() ?? '') + part);
  }
  return parts;
}

function ruleOf(die: Die, address: number, frameBase: Uint8Array | null): PlaceRule | null {
  const expression = unlessMalformed(() => die.expression(At.location, address), null);
  return expression === null ? null : placeRule(expression, frameBase, die.unit);
}

/** A location as plain data. */
function plain(location: Location, maxPieces: number): Place {
  if (location.kind === 'pointer') return { kind: 'unknown', why: 'the pointer was optimised away' };
  if (location.kind !== 'pieces') return location;
  if (location.pieces.length > maxPieces) throw new DwarfError('too many pieces');
  const pieces = location.pieces.map(({ location: of, bits, bitOffset }) => ({
    place: plain(of, 0),
    bits,
    bitOffset,
  }));
  return { kind: 'pieces', pieces };
}

function isThere({ place }: VariableInfo): boolean {
  return place.kind !== 'nowhere';
}

function shown(name: string): string {
  return printable(name.slice(0, MAX_NAME));
}

function lineOf(die: Die): number {
  for (const origin of die.origins()) {
    const line = origin.number(At.declLine);
    if (line !== null) return line;
  }
  return 0;
}

/** The crate that a unit of Rust is a part of, as its compiler says it before the name of the part; null for others. */
function crateOf(unit: Unit): string | null {
  const name = unlessMalformed(() => unit.root.string(At.name), null);
  const end = name?.indexOf('/@/') ?? -1;
  return name === null || end < 0 ? null : `${unit.compDir}\n${name.slice(0, end)}`;
}
