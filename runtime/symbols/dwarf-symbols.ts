import { printable } from '../text/printable.ts';
import { Op } from '../wasm/opcodes.ts';
import { arrivalsIn } from './code-reading.ts';
import { demangle } from './demangle.ts';
import { ByteCache } from './dwarf/byte-cache.ts';
import { unlessMalformed } from './dwarf/byte-cursor.ts';
import { At } from './dwarf/constants.ts';
import type { Die } from './dwarf/die.ts';
import type { Dwarf } from './dwarf/dwarf.ts';
import type { LineHeader } from './dwarf/line-header.ts';
import type { LineTable } from './dwarf/line-table.ts';
import { scopePath } from './dwarf/scope-path.ts';
import type { Unit, UnitHome } from './dwarf/unit.ts';
import { FileLines, LineStartList } from './file-lines.ts';
import { isRenamedMain, nameTest } from './function-names.ts';
import { inlinedCallStarts } from './inlined-calls.ts';
import type { ModuleParts } from './module-parts.ts';
import type { NameSymbols } from './name-symbols.ts';
import { Prologues } from './prologues.ts';
import type { LineStart, SourcePlace, SymbolFrame, Symbols } from './symbols.ts';
import { VariableReader } from './variables/variable-reader.ts';

/** Names that are kept: those of the functions that are looked up again and again. */
const MAX_NAMES = 4096;

/** Longer names are cut. */
const MAX_NAME_LENGTH = 4096;

/** Characters of all paths that are kept. Entries of a few bytes can name a long one. */
const MAX_PATHS_LENGTH = 2 ** 26;
/** What a path that is malformed or too long counts: making it has taken as long as many others. */
const FAILED_PATH_LENGTH = 2 ** 16;

/** Files whose lines are kept take this many bytes. */
const MAX_LINES_SIZE = 2 ** 22;

/** Rows of a line, one behind the other, that are looked at. */
const MOST_ROWS = 256;

/** Inlined calls around one another. */
const MAX_DEPTH = 200;

interface FunctionNames {
  readonly functionName: string | null;
  readonly linkageName: string | null;
}

const UNKNOWN: FunctionNames = { functionName: null, linkageName: null };

/** Symbols from debug information in the format DWARF. What it does not know comes from the names of the module. */
export class DwarfSymbols implements Symbols {
  readonly source = 'dwarf';
  readonly dwarf: Dwarf;
  readonly variables: VariableReader;
  readonly #parts: ModuleParts;
  readonly #names: NameSymbols;
  readonly #prologues: Prologues;
  /** By file, and the offset of the function's entry there. */
  readonly #functionNames = new Map<UnitHome, Map<number, FunctionNames>>();
  readonly #lines = new ByteCache<string, FileLines>(MAX_LINES_SIZE);
  /** By path: the units that name the file, and its index there, in turns. */
  #files: Map<string, number[]> | null = null;

  constructor(dwarf: Dwarf, parts: ModuleParts, names: NameSymbols) {
    this.dwarf = dwarf;
    this.variables = new VariableReader(dwarf, parts.codeStart);
    this.#prologues = new Prologues(dwarf, parts);
    this.#parts = parts;
    this.#names = names;
  }

  framesAt(offset: number): readonly SymbolFrame[] {
    const { codeStart, codeEnd } = this.#parts;
    if (!(offset >= codeStart && offset < codeEnd)) return [];
    const frames = unlessMalformed(() => this.#framesAt(offset - codeStart), []);
    return frames.length > 0 ? this.#named(frames, offset) : this.#names.framesAt(offset);
  }

  files(): readonly string[] {
    return [...this.#fileIndex().keys()];
  }

  linesOf(file: string): readonly number[] {
    return this.#linesOf(file).lines();
  }

  startsOf(file: string, line: number): readonly LineStart[] {
    const found = new Map<number, LineStart>();
    for (const start of this.#linesOf(file).startsOf(line)) {
      const behind = this.#behindHead(start, file);
      // The head of a function is passed once in a call, also if it begins with a loop.
      const offsets = behind === start ? this.#arrivalsIn(...this.#runAt(start.offset)) : [behind.offset];
      for (const offset of offsets) found.set(offset, { ...behind, offset });
    }
    return [...found.values()];
  }

  functionsNamed(name: string): readonly number[] {
    const isMeant = nameTest(name);
    const { codeStart } = this.#parts;
    const found = new Set<number>();
    for (const unit of this.dwarf.file.units) {
      const whole = this.dwarf.whole(unit);
      const functions = this.dwarf.functionsOf(whole);
      const known = new Set<number>();
      functions.forEachRange((low, _high, index) => {
        // The code of a function is in several pieces where others are inlined into it.
        if (functions.caller(index) >= 0 || known.has(index)) return;
        known.add(index);
        const named = this.#names.linkageNameAt(codeStart + low);
        if (named !== null && !isRenamedMain(named)) return;
        const die = whole.dieAt(functions.die(index));
        if (die !== null && isMeant(this.#namesOf(whole, die).functionName ?? '')) found.add(codeStart + low);
      });
    }
    return [...found];
  }

  inlinedCallsOf(name: string): readonly number[] {
    const isMeant = nameTest(name);
    // Units that share a program could make much of little.
    let budget = 4 * this.dwarf.file.sections.line.length;
    const found = new Set<number>();
    for (const unit of this.dwarf.file.units) {
      const lines = budget < 0 ? null : this.dwarf.linesOf(unit);
      if (lines === null) continue;
      budget -= lines.header.end - lines.header.start;
      const whole = this.dwarf.whole(unit);
      for (const offset of unlessMalformed(() => this.#inlinedCallsIn(whole, lines, isMeant), []))
        found.add(offset);
    }
    return [...found];
  }

  prologueEnd(offset: number): number | null {
    return this.#prologues.endOf(offset);
  }

  allStarts(): Iterable<number> {
    const starts = new Set<number>();
    const { codeStart } = this.#parts;
    // Programs that overlap could make much of little.
    let budget = 4 * this.dwarf.file.sections.line.length;
    let codeBudget = 4 * this.#parts.code.length;
    const known = new Set<number>();
    for (const unit of this.dwarf.file.units) {
      const offset = this.dwarf.lineOffset(unit);
      if (offset === null || known.has(offset) || budget < 0) continue;
      known.add(offset);
      const table = this.dwarf.linesOf(unit);
      if (table === null) continue;
      budget -= table.header.end - table.header.start;
      /** Where the code of the present line begins; below 0 if it is none that begins. */
      let run = -1;
      const endRun = (end: number) => {
        if (run < 0) return;
        const arrivals = codeBudget < 0 ? [codeStart + run] : this.#arrivalsIn(run, end);
        codeBudget -= Math.max(0, end - run);
        for (const arrival of arrivals) starts.add(arrival);
        const start = codeStart + run;
        if (!arrivals.includes(start) && this.#isPassedOnce(start)) starts.add(start);
        run = -1;
      };
      table.forEachRow((row, file, line) => {
        // The first row of a sequence has none before it.
        if (file < 0) endRun(this.#endOfBody(run));
        if (row.prologueEnd) starts.add(codeStart + row.address);
        if (row.file === file && row.line === line) return;
        endRun(row.address);
        if (row.isStmt && row.line > 0) run = row.address;
      });
      endRun(this.#endOfBody(run));
    }
    return starts;
  }

  forEachRow(visit: (offset: number, file: string, line: number, column: number) => void): void {
    const { codeStart } = this.#parts;
    // Programs that overlap could make much of little.
    let budget = 4 * this.dwarf.file.sections.line.length;
    const known = new Set<number>();
    for (const unit of this.dwarf.file.units) {
      const at = this.dwarf.lineOffset(unit);
      if (at === null || known.has(at) || budget < 0) continue;
      known.add(at);
      const table = this.dwarf.linesOf(unit);
      if (table === null) continue;
      const { header } = table;
      budget -= header.end - header.start;
      const { compDir } = unit;
      table.forEachRow((row, file, line) => {
        // Of what begins in the midst of a statement, only the column is of interest.
        if (!row.isStmt && row.line > 0 && (row.file !== file || row.line !== line)) return;
        visit(codeStart + row.address, header.fileName(row.file, compDir) ?? '', row.line, row.column);
      });
    }
  }

  startsAround(offset: number): readonly number[] {
    const functionIndex = this.#parts.functionAt(offset);
    if (functionIndex < 0) return [];
    const { start, end } = this.#parts.bodyOf(functionIndex);
    const { codeStart } = this.#parts;
    return unlessMalformed(() => {
      const unit = this.dwarf.unitAt(offset - codeStart);
      const starts: number[] = [];
      if (unit === null) return starts;
      this.dwarf.linesOf(unit)?.forEachRow((row, file, line) => {
        const at = codeStart + row.address;
        if (row.isStmt && at >= start && at < end && (row.file !== file || row.line !== line))
          starts.push(at);
      });
      return starts.sort((a, b) => a - b);
    }, []);
  }

  contentOf(): null {
    return null;
  }

  /** Where a process stops for a line that is the head of a function: where that has its parameters. */
  #behindHead(start: LineStart, file: string): LineStart {
    if (!this.#parts.isBody(start.offset)) return start;
    const offset = this.#prologues.endOf(start.offset);
    if (offset === null) return start;
    const place = this.framesAt(offset)[0]?.place;
    return place?.file === file && place.line > 0
      ? { offset, line: place.line, column: place.column }
      : { ...start, offset };
  }

  /** The piece of the code from an offset on that belongs to the same line; addresses. */
  #runAt(offset: number): readonly [start: number, end: number] {
    const { codeStart } = this.#parts;
    const start = offset - codeStart;
    const bodyEnd = this.#endOfBody(start);
    const unit = this.dwarf.unitAt(start);
    const lines = unit === null ? null : this.dwarf.linesOf(unit);
    let first: { readonly file: number; readonly line: number } | null = null;
    let count = 0;
    for (const { address, file, line } of lines?.rowsFrom(start, bodyEnd) ?? []) {
      first ??= { file, line };
      if (file !== first.file || line !== first.line || count++ === MOST_ROWS) return [start, address];
    }
    return [start, bodyEnd];
  }

  #inlinedCallsIn(unit: Unit, lines: LineTable, isMeant: (name: string) => boolean): number[] {
    const { codeStart } = this.#parts;
    const functions = this.dwarf.functionsOf(unit);
    const known = new Map<number, boolean>();
    const isWanted = (index: number): boolean => {
      const die = functions.caller(index) < 0 ? null : unit.dieAt(functions.die(index));
      if (die === null) return false;
      // All calls of a function have the name of one entry.
      const { offset } = unlessMalformed(() => die.reference(At.abstractOrigin), null) ?? die;
      const answer = known.get(offset) ?? isMeant(this.#namesOf(unit, die).functionName ?? '');
      known.set(offset, answer);
      return answer;
    };
    // The head of a function is no line of what is called there, though the code of both may begin at one place.
    const isLine = (address: number) => !this.#parts.isBody(codeStart + address);
    return [...inlinedCallStarts(functions, lines, isWanted, isLine)].map((address) => {
      const start = codeStart + address;
      return this.#isPassedOnce(start) ? start : (this.#arrivalsIn(...this.#runAt(start))[0] ?? start);
    });
  }

  /** Whether a line that may begin with a loop ends a prologue or begins an inlined call: it is passed once in a call then. */
  #isPassedOnce(start: number): boolean {
    if (this.#prologues.endOf(start) === start) return true;
    const { code, codeStart } = this.#parts;
    const address = start - codeStart;
    const opcode = code[address];
    const unit = opcode === Op.loop || opcode === Op.block ? this.dwarf.unitAt(address) : null;
    if (unit === null) return false;
    const functions = this.dwarf.functionsOf(unit);
    const index = functions.at(address);
    return functions.caller(index) >= 0 && functions.at(address - 1) !== index;
  }

  /** Where the function ends that an address is in; addresses. */
  #endOfBody(address: number): number {
    const { codeStart } = this.#parts;
    return this.#parts.bodyOf(this.#parts.functionAt(codeStart + address)).end - codeStart;
  }

  /** Offsets where processes come to a piece of the code. */
  #arrivalsIn(start: number, end: number): number[] {
    const { code, codeStart } = this.#parts;
    // A body begins with its locals.
    if (this.#parts.isBody(codeStart + start)) return [codeStart + start];
    return arrivalsIn(code, start, end).map((arrival) => codeStart + arrival);
  }

  #framesAt(address: number): SymbolFrame[] {
    const unit = this.dwarf.unitAt(address);
    if (unit === null) return [];
    const table = this.dwarf.linesOf(unit);
    const row = table?.rowAt(address) ?? null;
    let place =
      row === null || table === null ? null : placeOf(table.header, unit, row.file, row.line, row.column);
    const functions = this.dwarf.functionsOf(unit);
    const frames: SymbolFrame[] = [];
    let index = functions.at(address);
    while (index >= 0 && frames.length < MAX_DEPTH) {
      const die = unit.dieAt(functions.die(index));
      const caller = functions.caller(index);
      if (die === null) break;
      frames.push({ ...this.#namesOf(unit, die), place, isInlined: caller >= 0 });
      place = table === null ? null : unlessMalformed(() => callPlace(table.header, unit, die), null);
      index = caller;
    }
    if (frames.length === 0 && place !== null) {
      frames.push({ functionName: null, linkageName: null, place, isInlined: false });
    }
    return frames;
  }

  /** A function without an entry gets its name from the module. */
  #named(frames: SymbolFrame[], offset: number): SymbolFrame[] {
    const outermost = frames.at(-1);
    if (outermost === undefined || outermost.functionName !== null) return frames;
    const [named] = this.#names.framesAt(offset);
    if (named === undefined) return frames;
    const { functionName, linkageName } = named;
    return [...frames.slice(0, -1), { ...outermost, functionName, linkageName }];
  }

  #namesOf(unit: Unit, die: Die): FunctionNames {
    let names = this.#functionNames.get(unit.home);
    if (names === undefined || names.size === MAX_NAMES) {
      names = new Map();
      this.#functionNames.set(unit.home, names);
    }
    let known = names.get(die.offset);
    if (known === undefined) {
      known = unlessMalformed(() => this.#readNames(unit, die), UNKNOWN);
      names.set(die.offset, known);
    }
    return known;
  }

  #readNames(unit: Unit, die: Die): FunctionNames {
    const { name, linkageName } = die;
    if (linkageName !== null) {
      const path = demangle(linkageName);
      if (path !== printable(linkageName)) return cut(path, linkageName);
    }
    if (name === null) return cut(linkageName, linkageName);
    // With what is around the function's declaration: `shop::Basket::add`.
    return cut([...scopePath(this.dwarf, unit, die), printable(name)].join('::'), linkageName);
  }

  #linesOf(file: string): FileLines {
    return this.#lines.get(file, () => {
      const starts = new LineStartList();
      const places = this.#fileIndex().get(file) ?? [];
      const { units } = this.dwarf.file;
      // A unit may name the file several times, and its rows use any of the names.
      let names = new Set<number>();
      for (let i = 0; i + 1 < places.length; i += 2) {
        const unit = units[places[i] ?? -1];
        names.add(places[i + 1] ?? 0);
        if (unit === undefined || places[i] === places[i + 2]) continue;
        this.#addStarts(unit, names, starts);
        names = new Set();
      }
      return new FileLines(starts);
    });
  }

  /** Adds where lines of a file begin: the first row of each run of rows of one line that is a statement. */
  #addStarts(unit: Unit, names: ReadonlySet<number>, starts: LineStartList): void {
    const table = this.dwarf.linesOf(unit);
    if (table === null) return;
    const { codeStart } = this.#parts;
    table.forEachRow((row, previousFile, previousLine) => {
      if (!row.isStmt || !names.has(row.file)) return;
      if (previousLine === row.line && names.has(previousFile)) return;
      starts.add(row.line, row.column, codeStart + row.address);
    });
  }

  #fileIndex(): Map<string, number[]> {
    if (this.#files !== null) return this.#files;
    const files = new Map<string, number[]>();
    this.#files = files;
    // Headers that overlap could make much of little.
    let budget = 4 * this.dwarf.file.sections.line.length + 2 ** 16;
    let length = 0;
    const known = new Set<number>();
    for (const [unitIndex, unit] of this.dwarf.file.units.entries()) {
      const offset = this.dwarf.lineOffset(unit);
      if (offset === null || known.has(offset) || budget < 0) continue;
      known.add(offset);
      const header = this.dwarf.filesOf(unit);
      if (header === null) continue;
      budget -= header.end - header.start;
      const compDir = unit.compDir;
      for (let i = 0; i < header.fileCount; i++) {
        const path = header.fileName(header.firstFile + i, compDir);
        length += path?.length ?? FAILED_PATH_LENGTH;
        if (length > MAX_PATHS_LENGTH) break;
        if (path === null) continue;
        const places = files.get(path);
        if (places === undefined) files.set(path, [unitIndex, header.firstFile + i]);
        else places.push(unitIndex, header.firstFile + i);
      }
    }
    return files;
  }
}

function placeOf(
  header: LineHeader,
  unit: Unit,
  file: number,
  line: number,
  column: number,
): SourcePlace | null {
  const path = header.fileName(file, unit.compDir);
  return path === null ? null : { file: path, line, column };
}

function cut(functionName: string | null, linkageName: string | null): FunctionNames {
  return {
    functionName: functionName?.slice(0, MAX_NAME_LENGTH) ?? null,
    linkageName: linkageName?.slice(0, MAX_NAME_LENGTH) ?? null,
  };
}

/** Where an inlined call stands. */
function callPlace(header: LineHeader, unit: Unit, die: Die): SourcePlace | null {
  const file = die.number(At.callFile);
  return file === null
    ? null
    : placeOf(header, unit, file, die.number(At.callLine) ?? 0, die.number(At.callColumn) ?? 0);
}
