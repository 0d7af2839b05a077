import { firstFrom, lowest } from './ascending.ts';
import { type FrameLayout, frameLayout, MOST_KEPT } from './frame-layout.ts';
import { InstructionReader } from './instruction-reader.ts';
import type { WasmModule } from './module.ts';
import { Op } from './opcodes.ts';
import { FRAMES_LIMIT, FRAMES_SIZE } from './probe-parts.ts';

const FIRST_LOAD = 0x28;
const LAST_LOAD = 0x35;
/** The last of the conversions and the sign extensions. */
const LAST_NUMERIC = 0xc4;

/**
 * Bytes that sites may add to a function: V8 refuses those of more than 7.6 MB. What a site takes about, and what each local that
 * is kept takes there.
 */
const MOST_ADDED = 6_000_000;
const SITE_SIZE = 20;
const HANDED_SIZE = 20;

/** Where a module is to be probed. */
export interface ProbeSites {
  /**
   * Offsets in the module of the instructions before which a process can be stopped. They ascend. What stands before the
   * first instruction of a function, as the head of a function does in debug information, means that instruction.
   */
  readonly offsets: Uint32Array;
  /** Indices of the locals that a function, counted from the first defined one, keeps in its frames. Default: all that can be. */
  localsOf?(defined: number): readonly number[] | undefined;
  /** Whether nothing but the bytes of the module tells them, so that they can be kept beside these. Default: no. */
  readonly ofBytes?: boolean;
}

/** Where the functions of a module are, by number. */
export interface FunctionRanges {
  readonly bodyStart: Int32Array;
  /** Where their first instructions are. */
  readonly codeStart: Int32Array;
  readonly bodyEnd: Int32Array;
}

/** A call that a process is in. */
export interface KeptFrame {
  /** Offset in the module of the call that it makes, or of the site at which it is. */
  readonly site: number;
  /** Number of the function, counted from the first defined one. */
  readonly defined: number;
  /** Address in the memory of frames. */
  readonly at: number;
  readonly layout: FrameLayout;
}

/** The sites of a module, and how its functions keep their frames. */
export class ProbeMap {
  readonly offsets: Uint32Array;
  /** By function, counted from the first defined one. */
  readonly layouts: readonly FrameLayout[];
  readonly ranges: FunctionRanges;
  /** See `ProbeSites`. */
  readonly ofBytes: boolean;

  /** @param offsets of the sites, all of them in code, ascending */
  constructor(
    ranges: FunctionRanges,
    layouts: readonly FrameLayout[],
    offsets: Uint32Array,
    ofBytes: boolean,
  ) {
    this.ranges = ranges;
    this.layouts = layouts;
    this.offsets = offsets;
    this.ofBytes = ofBytes;
  }

  static of(module: WasmModule, sites: ProbeSites): ProbeMap {
    const { code, functions } = module;
    // The survey of a large module is freed.
    const ranges = {
      bodyStart: code.bodyStart.slice(0, functions.length),
      codeStart: code.codeStart.slice(0, functions.length),
      bodyEnd: code.bodyEnd.slice(0, functions.length),
    };
    const all = distinct(sites.offsets.map((offset) => inCode(ranges, offset)));
    const offsets = new Uint32Array(all.length);
    let next = 0;
    let count = 0;
    const layouts = Array.from(functions, (_, defined) => {
      const end = ranges.bodyEnd[defined] ?? 0;
      const first = next;
      while ((all[next] ?? Number.POSITIVE_INFINITY) < end) next++;
      const most = mostKept(next - first);
      if (most >= 0) {
        offsets.set(all.subarray(first, next), count);
        count += next - first;
      }
      return frameLayout(module, defined, sites.localsOf?.(defined), Math.max(most, 0));
    });
    return new ProbeMap(ranges, layouts, offsets.slice(0, count), sites.ofBytes ?? false);
  }

  /** The number of the function, counted from the first defined one, whose code has this offset; -1 if none has. */
  functionAt(offset: number): number {
    const found = firstBehind(this.ranges, offset);
    return offset >= (this.ranges.codeStart[found] ?? Number.POSITIVE_INFINITY) ? found : -1;
  }

  /** The first site at or behind an offset that is in the same function; undefined if there is none. */
  siteFrom(offset: number): number | undefined {
    const from = inCode(this.ranges, offset);
    const defined = this.functionAt(from);
    const site = this.offsets[firstFrom(this.offsets, from)];
    return defined >= 0 && site !== undefined && site < (this.ranges.bodyEnd[defined] ?? 0)
      ? site
      : undefined;
  }

  /**
   * Reads the calls that a process is in, outermost first.
   * @param start address of its first frame
   * @param end address behind its last one
   * @returns what can be told: of calls that nest too deeply, only the outer ones
   */
  read(frames: DataView, start: number, end: number): KeptFrame[] {
    const found: KeptFrame[] = [];
    const limit = Math.min(end, start + FRAMES_LIMIT, frames.byteLength);
    for (let at = start; at + 4 <= limit; ) {
      const frame = this.frameAt(frames, at);
      if (frame === undefined) break;
      found.push(frame);
      at += frame.layout.size;
    }
    return found;
  }

  /** The frame at an address; undefined if what is there is none. */
  frameAt(frames: DataView, at: number): KeptFrame | undefined {
    const site = frames.getUint32(at, true);
    const defined = this.functionAt(site);
    const layout = this.layouts[defined];
    return layout === undefined ? undefined : { site, defined, at, layout };
  }
}

/** An offset in the code. What stands before the first instruction of a function becomes that. */
function inCode(ranges: FunctionRanges, offset: number): number {
  const found = firstBehind(ranges, offset);
  const first = ranges.codeStart[found] ?? 0;
  return offset < first && offset >= (ranges.bodyStart[found] ?? Number.POSITIVE_INFINITY) ? first : offset;
}

/** The number of the first function that ends behind an offset. */
function firstBehind({ bodyEnd }: FunctionRanges, offset: number): number {
  return lowest(bodyEnd.length, (i) => (bodyEnd[i] ?? 0) > offset);
}

/** The address of the frames that an address is among. */
export function framesOf(address: number): number {
  return address - (address % FRAMES_SIZE);
}

/** The offsets of all instructions. */
export function everyInstruction(module: WasmModule): Uint32Array {
  return instructions(module, () => true);
}

/**
 * The offsets where something a debugger shows may have changed, or code goes on somewhere else: of the first instructions of functions
 * and blocks, of those behind one that does more than compute a value, and of calls.
 */
export function statementStarts(module: WasmModule): Uint32Array {
  let isFirst = true;
  return instructions(module, ({ opcode }, opens) => {
    const isStart = opens || isFirst || isCall(opcode);
    isFirst = !isComputing(opcode);
    return isStart;
  });
}

/** @param isWanted is asked for each instruction, with whether it is the first one of a function */
function instructions(
  { bytes, code }: WasmModule,
  isWanted: (reader: InstructionReader, opens: boolean) => boolean,
): Uint32Array {
  const found: number[] = [];
  for (let i = 0; i < code.functionCount; i++) {
    const start = code.codeStart[i] ?? 0;
    const end = code.bodyEnd[i] ?? 0;
    const reader = new InstructionReader(bytes, start, end, 'code section');
    while (reader.position < end) {
      reader.next();
      if (isWanted(reader, reader.start === start)) found.push(reader.start);
    }
  }
  return Uint32Array.from(found);
}

function isCall(opcode: number): boolean {
  return opcode >= Op.call && opcode <= Op.returnCallRef;
}

/** Whether an instruction does nothing but to bring a value onto the stack of operands, if it does not trap. */
function isComputing(opcode: number): boolean {
  const isLoad = opcode >= FIRST_LOAD && opcode <= LAST_LOAD;
  return (
    isLoad ||
    opcode === Op.localGet ||
    opcode === Op.globalGet ||
    opcode === Op.select ||
    (opcode >= Op.i32Const && opcode <= LAST_NUMERIC)
  );
}

/** How many locals a function with so many sites can keep; below 0 if there is not even room for its sites. */
function mostKept(sites: number): number {
  return Math.min(MOST_KEPT, Math.floor((MOST_ADDED / sites - SITE_SIZE) / HANDED_SIZE));
}

/** Ascending numbers without those that come again. */
function distinct(ascending: Uint32Array): Uint32Array {
  return ascending.filter((offset, i) => offset !== ascending[i - 1]);
}
