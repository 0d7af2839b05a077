/** What the inspection protocol says of breakpoints and steps, and of the expressions in them. */
import type { ProcessInfo, ProcessKey, StackFrame } from './processes.ts';

/**
 * How far a process goes: to the next place in its code, over calls that it makes, out of the function that it is in, or past
 * that to its caller or to the next function which this calls.
 */
export type StepKind = 'into' | 'over' | 'out' | 'past';

/** Where a variable is that an expression names. Types are places in the list `types`. */
export type VariablePlace =
  /** Of the function in which the expression stands. Without a type it is as WebAssembly has it. */
  | {
      readonly kind: 'local' | 'global';
      readonly index: number;
      readonly type?: number;
      /** The part of it that the name means: of `this`, in a method. */
      readonly member?: string;
    }
  /** At an address that counts from the value of a local or global, or from 0. */
  | {
      readonly kind: 'memory';
      readonly base: { readonly store: 'local' | 'global'; readonly index: number } | null;
      readonly offset: number;
      readonly type: number;
      readonly member?: string;
    }
  /** A constant of an enum: an integer in decimal. */
  | { readonly kind: 'constant'; readonly value: string }
  /** A type of so many bytes; in casts its place in the list. */
  | { readonly kind: 'type'; readonly bytes: number; readonly type?: number }
  /** It is there, and has no value that could be read. */
  | { readonly kind: 'unreadable'; readonly why: string };

/** A type as expressions use it. Types in it are places in the same list. */
export type ValueType =
  | {
      readonly kind: 'integer';
      readonly bytes: 1 | 2 | 4 | 8 | 16;
      readonly isSigned: boolean;
      /** Whether it is a `char` or a wide character of C, which is displayed with its character. */
      readonly isCharacter?: boolean;
      /** Of an enum of C: its constants, with their values in decimal. */
      readonly constants?: readonly { readonly name: string; readonly value: string }[];
    }
  | { readonly kind: 'float'; readonly bytes: 4 | 8 }
  | { readonly kind: 'boolean' }
  /** A code point in four bytes. */
  | { readonly kind: 'character' }
  /** A reference stands for what it leads to. */
  | {
      readonly kind: 'pointer';
      readonly to: number;
      /** Bytes from the address that it has to what it means: counters of what is shared. */
      readonly skip?: number;
      readonly isReference?: boolean;
      readonly isFunction?: boolean;
      /** Whether keys, elements and length are those of a collection that it leads to: of a smart pointer of C++. */
      readonly isOwner?: boolean;
    }
  | { readonly kind: 'array'; readonly of: number; readonly count?: number }
  /** Where in a structure the address of its first element is, and how many there are. Of bytes of a text, it is a text. */
  | {
      readonly kind: 'list';
      readonly name: string;
      readonly start: number;
      readonly count: number;
      readonly of: number;
      readonly isText: boolean;
      /** Of a text of wide characters: bytes of each. */
      readonly characterBytes?: 2 | 4;
      /** Whether `count` is where the address behind the last element is. */
      readonly isEnd?: boolean;
      /**
       * Of texts of C++: where one that is short is, and the byte with its length. Another bit of this byte tells one that is not short:
       * the lowest one where the byte is the first of the structure, else the highest one.
       */
      readonly inside?: { readonly at: number; readonly length: number };
      /** Bytes from the address of the first element to it. */
      readonly skip?: number;
      readonly bytes?: number;
    }
  /** Values that have keys. */
  | {
      readonly kind: 'map';
      readonly name: string;
      readonly bytes?: number;
      /** Where in a structure the number of its entries is. */
      readonly length: number;
      readonly key: number;
      readonly value: number;
      readonly entries: MapEntries;
    }
  | {
      readonly kind: 'record';
      readonly name: string;
      readonly bytes?: number;
      /** Of a collection: where in it its number of elements is. */
      readonly length?: number;
      readonly members: readonly { readonly name: string; readonly at: number; readonly type: number }[];
      /** What stands before its parts where these are displayed: the name of a type of Rust. Without it they are not. */
      readonly title?: string;
      /** Of a process as the SDK has it: where its id is. */
      readonly process?: number;
      /** The part that it stands for: what is in a cell, what a guard or a smart pointer leads to. */
      readonly inner?: { readonly at: number; readonly type: number };
    }
  /** An enum whose variants have parts: each is a record. */
  | {
      readonly kind: 'enum';
      readonly name: string;
      readonly bytes?: number;
      /** What tells which one it is, an integer without a sign; missing if there is only one. */
      readonly tag?: { readonly at: number; readonly bytes: 1 | 2 | 4 | 8 };
      readonly variants: readonly {
        readonly name: string;
        readonly at: number;
        readonly type: number;
        /** The values of the tag that mean it, in decimal; missing for the one that all others mean. */
        readonly tags?: readonly string[];
      }[];
    }
  /** A number that is the address of an object of AssemblyScript if an object is there, which tells of which class it is. */
  | {
      readonly kind: 'object';
      /** By their numbers. */
      readonly classes: readonly {
        readonly id: number;
        readonly name: string;
        readonly fields: readonly ObjectField[];
      }[];
      /** The index of the global with the address at which the runtime of the language describes its classes. */
      readonly typeInfo: number;
    };

/** Where the entries of a map are. All are bytes from the beginning of the map, or of what it points to. */
export type MapEntries =
  /**
   * Hash tables of Rust. Behind the address at `control` stands a byte for each place of the table, whose highest bit says that nothing is
   * there; before it, from the last to the first, stand the places themselves. At `mask` is the number of the last one.
   */
  | ({
      readonly form: 'table';
      readonly control: number;
      readonly mask: number;
      readonly stride: number;
    } & InEntry)
  /** B-trees of Rust. Nodes have at most 11 entries; where their height is not 0, they have pointers to those between which these stand. */
  | ({
      readonly form: 'b-tree';
      readonly root: number;
      readonly height: number;
      /** In a node: two bytes with the number of its entries, and the pointers. */
      readonly count: number;
      readonly edges: number;
      readonly keyBytes: number;
      readonly valueBytes: number;
    } & InEntry)
  /** Nodes with one to the left and one to the right. */
  | ({
      readonly form: 'tree';
      readonly root: number;
      readonly left: number;
      readonly right: number;
    } & InEntry)
  /** Nodes one behind the other. */
  | ({ readonly form: 'chain'; readonly first: number; readonly next: number } & InEntry);

/** In a place or a node: where its key, or its first one, and its value are. */
interface InEntry {
  readonly keyAt: number;
  readonly valueAt: number;
}

/** A field of an object of AssemblyScript. */
export interface ObjectField {
  readonly name: string;
  /** Bytes from the beginning of the object. */
  readonly at: number;
  readonly type: 'i8' | 'u8' | 'i16' | 'u16' | 'i32' | 'i64' | 'f32' | 'f64';
  /** Whether it is no object for certain. */
  readonly isNumber?: boolean;
}

/** What makes a breakpoint more than a place where processes stop. */
export interface BreakpointTerms {
  /** The client's own number for it. Hits count for all places of the same number. */
  readonly id?: number;
  /** An expression: processes stop only where it is true. */
  readonly condition?: string;
  /** Which hits stop: `5` for the fifth, `>= 5` and the like, or `% 3` for each third. */
  readonly hits?: string;
  /** Processes do not stop. Instead this is told as `logged`, with the values of the expressions that stand in braces in it. */
  readonly log?: string;
  /** What the names in its expressions stand for. */
  readonly names?: Readonly<Record<string, VariablePlace>>;
  readonly types?: readonly ValueType[];
  /**
   * Index of an imported function. Processes stop where the instruction at the offset is about to call it, through a table or a
   * reference. With the offset `ANY_CALL`, that is wherever it is called so, unless a breakpoint of the same number is at that call.
   */
  readonly imported?: number;
  /** Whether all places of the same number are on one line: a process that comes from one of them to the next has passed it once. */
  readonly isOfLine?: boolean;
}

/** What may happen to a process that is no place in its code. */
export type EventKind =
  /** It is about to begin, or to end: by a trap, with an exit code other than 0, normally, or killed. */
  | 'spawn'
  | 'trap'
  | 'failed-exit'
  | 'normal-exit'
  | 'kill'
  /** It sends a message, or has received one. */
  | 'send'
  | 'receive'
  /** It makes or breaks a link or a monitor, or a process has ended that it was linked to or monitored. */
  | 'tie'
  /** It registers a name. */
  | 'name'
  /** A message is about to come into its mailbox. */
  | 'mailbox'
  /** It waits. Its condition says for how long: `waited`, in milliseconds. */
  | 'wait';

/** A breakpoint on something that happens to processes. */
export interface EventBreakpoint {
  /** The client's own number for it. */
  readonly id: number;
  readonly on: EventKind;
  /** Only of these processes. */
  readonly only?: readonly ProcessPattern[];
  /** An expression: processes stop only where it is true. Its names are those of the kind, and `process`. */
  readonly condition?: string;
}

/** A breakpoint on what is at a place of a process: it stops behind the line that changes it. */
export interface DataBreakpoint {
  /** The client's own number for it. */
  readonly id: number;
  readonly process: ProcessKey;
  readonly place:
    | { readonly kind: 'memory'; readonly address: number; readonly bytes: number }
    | { readonly kind: 'global'; readonly index: number };
  /** What is there: `u8`, `f32`, `bool`, `char`, `*u8` and the like. Anything else is an integer with a sign. */
  readonly type?: string;
  /** An expression in which `before` and `after` are what was there, and is there. */
  readonly condition?: string;
  /** Which changes stop, as for other breakpoints. */
  readonly hits?: string;
}

/** A change at which a process has stopped. Bytes have the lowest first. */
export interface DataChange {
  /** The number of the breakpoint. */
  readonly breakpoint: number;
  readonly before: string;
  readonly after: string;
  /** The line that has made it, if that is known. */
  readonly store?: StackFrame;
}

/** What a log point prints. */
export interface LogLine {
  /** The breakpoint's number. */
  readonly id?: number;
  readonly process: Pick<ProcessInfo, 'key' | 'id' | 'environment' | 'names' | 'entry'>;
  readonly text: string;
}

/**
 * Processes by their id, by a registered name, by the entry function, or those that descend from the one with an id or a name.
 */
export interface ProcessPattern {
  readonly by: 'id' | 'name' | 'entry' | 'descent';
  readonly value: string;
}
