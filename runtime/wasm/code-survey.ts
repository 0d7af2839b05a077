import type { BulkKind } from './bulk-kind.ts';
import type { CountedLoops } from './counted-loops.ts';
import type { IntList } from './int-list.ts';
import type { PathWeights } from './path-weights.ts';
import type { Tries } from './tries.ts';

/** What is known of a function's body; a bit set. */
export const BodyFlag = {
  /** Holds an instruction that names a function. */
  namesFunctions: 1,
  loops: 2,
  /** A branch table jumps back to a loop. */
  tableToLoop: 4,
  /** Holds an instruction with a length operand (memory.fill, array.new, memory.grow, ...). */
  bulk: 8,
  throws: 16,
  /** Holds `memory.grow` or `table.grow`. */
  grows: 32,
} as const;

/** What is known of a loop; a bit set. */
export const LoopFlag = {
  params: 1,
  /** An instruction other than br, br_if and br_table branches to it. */
  oddBranch: 2,
  nested: 4,
  /** Some instruction branches to it. Otherwise it runs once. */
  branched: 16,
  /** It takes as many turns each time, few enough that the path around it counts them all. */
  steady: 32,
  /** Only a test at its end decides whether it goes on. */
  testedAtEnd: 64,
} as const;

/** What is known of a call; a bit set. */
export const CallFlag = {
  /** Every turn of the innermost loop around it that goes on to another one makes this call. */
  everyTurn: 1,
  /** `unreachable` follows: the execution does not go on, unless the call throws. */
  ends: 2,
} as const;

/** What a call counts on a path, and the least that is charged for one. */
export const CALL_WEIGHT = 10;

/** An edge target below zero stands for an indirect call through the type `~target`. */
export const NO_LOOP = -1;

/**
 * The code section in columns: the first block has an entry for each function, the others for each loop and each call.
 * Loops of function `i` are `firstLoop[i]` up to `firstLoop[i + 1]`, in the order in which they open; so do its calls, and
 * the blocks that catch exceptions.
 */
export interface CodeSurvey {
  /** Number of functions that have a body. */
  readonly functionCount: number;
  /** Whether any instruction changes a table or drops a segment. */
  readonly changesTables: boolean;
  /** Offset of the body's size. */
  readonly sizeAt: Int32Array;
  /** Offset of the body: its local declarations. */
  readonly bodyStart: Int32Array;
  /** Offset of the first instruction. */
  readonly codeStart: Int32Array;
  readonly bodyEnd: Int32Array;
  /** Declared locals, without parameters. */
  readonly localCount: Uint32Array;
  readonly flags: Uint8Array;
  /** The most labels of a branch table that stands in a loop of the function; 0 if there is none. */
  readonly dispatched: Uint32Array;
  /** States that an engine keeps of the function when it compiles it, at most: two for a block of any kind, one for each label of a branch. */
  readonly states: Int32Array;
  /** By defined function: the fields of all objects that `struct.new_default` makes. */
  readonly defaultFields: Float64Array;
  /** The lightest path through the function and the heaviest one, each with `CALL_WEIGHT` for a call. */
  readonly leastWeight: Int32Array;
  readonly mostWeight: Int32Array;
  /** The most calls on a path through the function. */
  readonly mostCalls: Int32Array;
  /** Accesses to memory in the function, on all of its paths, with all turns of steady loops. */
  readonly accesses: Int32Array;
  readonly firstLoop: Int32Array;
  readonly firstCall: Int32Array;
  readonly firstTry: Int32Array;
  readonly loopFlags: IntList;
  /** The loop right around the loop, or `NO_LOOP`. */
  readonly loopParent: IntList;
  /** By loop: the paths of one turn. */
  readonly paths: PathWeights;
  /** By loop: accesses to memory in one turn, those of loops in it included. */
  readonly loopAccesses: IntList;
  /** Loops whose number of turns is known when they begin. */
  readonly counted: CountedLoops;
  /** Callee's function index, or `~typeIndex` for an indirect call. */
  readonly callTarget: IntList;
  /** The innermost loop around the call, counted over the module, or `NO_LOOP`. */
  readonly callLoop: IntList;
  readonly callFlags: IntList;
  /** The blocks that catch exceptions. */
  readonly tries: Tries;
  /** The bulk instructions that there are, one of each kind. */
  readonly bulk: Iterable<BulkKind>;
  /** Frees most of it at once. Nothing may be asked for afterwards. */
  discard(): void;
}
