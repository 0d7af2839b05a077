import type {
  ConfigInfo,
  LocalInfo,
  MessageInfo,
  ModuleKey,
  ProcessInfo,
  ProcessPeers,
} from '../protocol.ts';

/** The number of the form of our own sections. Readers refuse a later one. */
export const DUMP_VERSION = 1;

/** The custom sections of a core dump. Source: WebAssembly tool conventions, Coredump.md. */
export const DumpSection = {
  Core: 'core',
  Modules: 'coremodules',
  Instances: 'coreinstances',
  Stack: 'corestack',
  /** What the conventions have no place for, as JSON behind a byte with `DUMP_VERSION`: a `DumpedProcess`. */
  Process: 'lunatic.process',
  /** Messages, likewise: an array of `MessageInfo`. */
  Mailbox: 'lunatic.mailbox',
  /** The module, behind such a byte, if it is not in a file as it is. */
  Module: 'lunatic.module',
} as const;

/** How the types of values are written, and what stands for a value that is not known. */
export const VALUE_CODES = { i32: 0x7f, i64: 0x7e, f32: 0x7d, f64: 0x7c } as const;
export const MISSING_VALUE = 0x01;

/** Bytes from `start` up to `end`. */
export type ByteRange = readonly [start: number, end: number];

/** A call, the innermost first. */
export interface DumpedFrame {
  readonly functionIndex: number;
  /** Offset of the instruction in the code of the function, as the conventions have it. */
  readonly codeOffset: number;
  /** By index; null for one whose value is not known. */
  readonly locals: readonly (Pick<LocalInfo, 'type' | 'data'> | null)[];
}

/** What our own section says of the process that was dumped. */
export interface DumpedProcess {
  /** As in `lunatic 0.1.0`. */
  readonly runtime: string;
  /** When the dump was made, as a Unix time. */
  readonly time: number;
  readonly program: string;
  readonly arguments: readonly string[];
  /** From here relative paths count. */
  readonly cwd?: string;
  readonly process: ProcessInfo;
  readonly peers: ProcessPeers;
  readonly config: ConfigInfo;
  readonly module: {
    /** SHA-256 of the module as its author compiled it, in hex digits. */
    readonly digest: string;
    readonly size: number;
    /** Its file; missing for one that the program has compiled. */
    readonly file?: string;
  };
  /** Why there are no calls, where there are none. */
  readonly stackMissing?: string;
  /** By call: its offset in the module, its name, and why its locals are not known, if that is so. */
  readonly frames: readonly {
    readonly offset: number;
    readonly functionName?: string;
    readonly localsMissing?: string;
  }[];
  /** Indices of the globals whose values are known. */
  readonly globals: readonly number[];
  /** Parts of the first memory that were too large. */
  readonly leftOut: readonly ByteRange[];
  /** The same of the other memories, in the order of their indices. Missing if there is only one, and in dumps of older runtimes. */
  readonly leftOutOfOthers?: readonly (readonly ByteRange[])[];
}

/** A memory: what is in none of the pieces is zero, or left out. */
export interface DumpedMemory {
  readonly pages: number;
  readonly is64: boolean;
  readonly pieces: readonly { readonly address: number; readonly bytes: Uint8Array }[];
}

/** A global of an instance, in the order of their indices. */
export interface DumpedGlobal {
  readonly type: string;
  /** Its bytes in base64, the lowest first; null if they are not known. */
  readonly data: string | null;
}

/** All that is in a core dump. */
export interface DumpContent {
  readonly about: DumpedProcess;
  readonly messages: readonly MessageInfo[];
  readonly frames: readonly DumpedFrame[];
  readonly globals: readonly DumpedGlobal[];
  readonly memories: readonly DumpedMemory[];
  /** The module itself, if nobody could find it elsewhere. */
  readonly module: Uint8Array | null;
}

/** The key of the module of a dump. */
export const MAIN_KEY: ModuleKey = 'm1';
