import { InstructionReader } from '../wasm/instruction-reader.ts';
import type { WasmModule } from '../wasm/module.ts';
import { Op, Shape } from '../wasm/opcodes.ts';
import { readValueType, type ValueType } from '../wasm/value-type.ts';
import { InstructionText } from './instruction-text.ts';
import { type ModuleIdentifiers, moduleIdentifiers } from './module-identifiers.ts';
import { quotedText, UniqueNames } from './quoted-text.ts';
import { declarationTexts } from './type-text.ts';

/** A function in the text format. */
export interface Disassembly {
  /** Lines, without a line break behind the last. */
  readonly text: string;
  /**
   * By line from 0: the offset in the module of the instruction on that line, or -1 if there is none, as in the
   * function's head. Offsets ascend. The `)` at the end stands for the function's last `end`. A comment that replaces
   * what is left out has the offset of the first instruction that it replaces.
   */
  readonly offsets: readonly number[];
}

/** More would keep editors busy for long, and functions of that size are not written by people. */
const MOST_LINES = 100_000;
const MOST_CHARACTERS = 10_000_000;

/** Engines refuse more parameters or locals than these. */
const MOST_PARAMETERS = 1_000;
const MOST_LOCALS = 50_000;

/** How many of the names under which one function is exported are shown. */
const MOST_EXPORTS = 16;

/** Blocks that are nested deeper than this are not indented any further. */
const DEEPEST_INDENT = 40;

const LINE_WIDTH = 100;

/**
 * Writes a function as text; an imported one as its import. The text is fit to be shown, whatever the module's names.
 *
 * Names are those of the name section. A function without one gets the name by which it is imported or exported. The
 * text is valid, apart from what had to be left out, and assembles to the same instructions. Names that are no
 * identifiers are in quotes, as in `$"<A as B>::c"`, which WebAssembly 3.0 allows and older assemblers do not know.
 *
 * This takes time by the function's size and, the first time for a module, by the number of the module's names.
 */
export function disassembleFunction(module: WasmModule, functionIndex: number): Disassembly {
  const total = module.importedFunctions + module.functions.length;
  if (!Number.isInteger(functionIndex) || functionIndex < 0 || functionIndex >= total) {
    return { text: `;; there is no function ${functionIndex}`, offsets: [-1] };
  }
  const lines = new FunctionLines(module, functionIndex);
  if (functionIndex < module.importedFunctions) lines.writeImport();
  else lines.writeDefinition();
  return { text: lines.lines.join('\n'), offsets: lines.offsets };
}

/** The head of a function: `func $name (;5;) (export "x") (type 3) (param $a i32) (result i32)`. */
export function functionHead(module: WasmModule, functionIndex: number): string {
  return new FunctionLines(module, functionIndex).head();
}

/** Writes a function as text, without its offsets. */
export function functionText(module: WasmModule, functionIndex: number): string {
  return disassembleFunction(module, functionIndex).text;
}

/**
 * Finds the line, from 0, of the instruction that covers an offset: the last one that starts at or before it. If there
 * is none, it is the first line.
 */
export function lineOf({ offsets }: Disassembly, offset: number): number {
  let low = 0;
  let high = offsets.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((offsets[middle] ?? 0) <= offset) low = middle + 1;
    else high = middle;
  }
  const line = low - 1;
  return (offsets[line] ?? -1) < 0 ? 0 : line;
}

class FunctionLines {
  readonly lines: string[] = [];
  readonly offsets: number[] = [];
  #characters = 0;
  readonly #module: WasmModule;
  readonly #index: number;
  readonly #identifiers: ModuleIdentifiers;
  readonly #locals = new UniqueNames();
  readonly #params: readonly ValueType[];
  readonly #results: readonly ValueType[];

  constructor(module: WasmModule, index: number) {
    this.#module = module;
    this.#index = index;
    this.#identifiers = moduleIdentifiers(module);
    const type = module.functionType(index);
    this.#params = type?.params ?? [];
    this.#results = type?.results ?? [];
  }

  writeImport(): void {
    const entry = this.#identifiers.imports[this.#index];
    const from = `${quotedText(entry?.module ?? '')} ${quotedText(entry?.name ?? '')}`;
    this.#add(`(import ${from} (${this.head()}))`, -1);
  }

  writeDefinition(): void {
    const module = this.#module;
    const defined = this.#index - module.importedFunctions;
    const { code } = module;
    const start = code.bodyStart[defined] ?? 0;
    const end = code.bodyEnd[defined] ?? 0;
    const reader = new InstructionReader(module.bytes, start, end, `function ${this.#index}`);
    const declared = this.#readLocals(reader);
    this.#nameLocals(declared.types.length);
    this.#add(`(${this.head()}`, -1);
    this.#writeLocals(declared);
    this.#writeBody(reader);
  }

  #add(line: string, offset: number): void {
    this.lines.push(line);
    this.offsets.push(offset);
    this.#characters += line.length + 1;
  }

  get #showsSignature(): boolean {
    return this.#params.length + this.#results.length <= MOST_PARAMETERS;
  }

  /** `func $name (;5;) (export "x") (type 3) (param $a i32) (result i32)` */
  head(): string {
    const index = this.#index;
    const identifiers = this.#identifiers;
    const params = this.#params;
    const results = this.#results;
    const imported = index < this.#module.importedFunctions;
    const names = identifiers.exportsOf(index);
    const words = ['func', identifiers.get('function', index) ?? '', `(;${index};)`];
    if (!imported) words.push(...names.slice(0, MOST_EXPORTS).map((name) => `(export ${quotedText(name)})`));
    if (!imported && names.length > MOST_EXPORTS)
      words.push(`(; ${names.length - MOST_EXPORTS} more exports ;)`);
    words.push(`(type ${this.#module.functionTypeIndex(index) ?? 0})`);
    if (this.#showsSignature) {
      words.push(...declarationTexts('param', params, (i) => this.#locals.get(i)));
      words.push(...declarationTexts('result', results));
    } else {
      words.push(`(; ${params.length} parameters, ${results.length} results ;)`);
    }
    return words.filter((word) => word !== '').join(' ');
  }

  /** Reads the types of the locals that are shown, and how many locals there are in all. */
  #readLocals(reader: InstructionReader): { types: ValueType[]; total: number } {
    const types: ValueType[] = [];
    let total = 0;
    for (let groups = reader.u32('groups of locals'); groups > 0; groups--) {
      const count = reader.u32('a number of locals');
      const type = readValueType(reader);
      for (let i = Math.min(count, MOST_LOCALS - types.length); i > 0; i--) types.push(type);
      total += count;
    }
    return { types, total };
  }

  /** Names only the locals that the text declares. */
  #nameLocals(declared: number): void {
    const params = this.#params;
    const locals = this.#locals;
    const first = this.#showsSignature ? 0 : params.length;
    for (const [index, name] of this.#identifiers.names.locals(this.#index)) {
      if (index >= first && index < params.length + declared) locals.add(index, name);
    }
  }

  #writeLocals({ types, total }: { types: readonly ValueType[]; total: number }): void {
    const first = this.#params.length;
    let line = '';
    for (const text of declarationTexts('local', types, (i) => this.#locals.get(first + i))) {
      if (line.length + text.length > LINE_WIDTH && line !== '') {
        this.#add(line, -1);
        line = '';
      }
      line += line === '' ? `  ${text}` : ` ${text}`;
    }
    if (line !== '') this.#add(line, -1);
    if (total > types.length) this.#add(`  ;; ${total - types.length} more locals`, -1);
  }

  #writeBody(reader: InstructionReader): void {
    const text = new InstructionText(this.#module, this.#identifiers, this.#locals, reader);
    const lastEnd = reader.end - 1;
    // How many labels are open, the function's own among them.
    let depth = 1;
    while (reader.position < lastEnd) {
      if (this.lines.length >= MOST_LINES - 2 || this.#characters > MOST_CHARACTERS) {
        this.#leaveOut(reader, lastEnd);
        break;
      }
      reader.next();
      const { opcode } = reader;
      if (opcode === Op.end || opcode === Op.delegate) depth--;
      const between = opcode === Op.else || opcode === Op.catch || opcode === Op.catchAll;
      this.#add(indent(between ? depth - 1 : depth) + text.read(depth), reader.start);
      if (reader.shape === Shape.blockType || reader.shape === Shape.tryTable) depth++;
    }
    this.#add(')', lastEnd);
  }

  #leaveOut(reader: InstructionReader, lastEnd: number): void {
    const first = reader.position;
    let count = 0;
    for (; reader.position < lastEnd; count++) reader.next();
    this.#add(`  ;; ${count} more instructions`, first);
  }
}

function indent(depth: number): string {
  return '  '.repeat(Math.min(depth, DEEPEST_INDENT));
}
