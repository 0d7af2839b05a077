/**
 * The inspection protocol: how debugger, process tree, test explorer, web page and command line look at a running
 * system. JSON-RPC 2.0, one message a WebSocket text frame, on loopback, behind a random token.
 *
 * Types and names only: nothing here needs the runtime. Bytes travel as base64, times as milliseconds. What is asked
 * about a process that has gone is answered with the error `NoProcess`.
 */

/** Peers whose versions differ in the first number do not understand each other. */
export const PROTOCOL_VERSION = '2.1';

declare const brand: unique symbol;

/**
 * Names one process of the running system. It is opaque: `process-key.ts` makes and reads it, everybody else compares it and
 * passes it on. A `ProcessInfo` tells the environment and the id.
 */
export type ProcessKey = string & { readonly [brand]: 'process' };

/** A key that was a text in between, as in the address of a document. The server refuses what is none. */
export function keyFromText(text: string): ProcessKey {
  return text as ProcessKey;
}

/** Names one loaded module, as in `m1`. The first is the program's own. */
export type ModuleKey = string;

/** Codes of JSON-RPC errors beside those that the standard defines. */
export const InspectError = {
  /** The process does not exist, or no longer. */
  NoProcess: 1,
  NoModule: 2,
  /** It cannot be done to the process as it is: memory of one that has none, a message to one that ended. */
  Refused: 3,
  /** It cannot be done to what a core dump has kept of a process. Runtimes do not answer this. */
  NotRunning: 4,
} as const;

export type ProcessState =
  /** Its start section has not run yet. */
  | 'initializing'
  | 'ready'
  | 'running'
  | 'waiting'
  /** It gets no turn until a client resumes it. */
  | 'paused'
  /** It has failed and is kept as it was then. Resuming it lets it end. */
  | 'held';

/** What a waiting process waits for. */
export type WaitReason = 'message' | 'sleep' | 'spawn' | 'turn' | 'event';

export interface ProcessInfo {
  readonly key: ProcessKey;
  /** Its id as guests see it. */
  readonly id: number;
  readonly environment: number;
  /** Null for a root process, and for a child whose parent the environment does not know. */
  readonly parent: ProcessKey | null;
  /** Names under which it is registered, fit to be shown; some of them where there are many. */
  readonly names: readonly string[];
  readonly state: ProcessState;
  /** Only of a waiting process, also of a paused one that waits. */
  readonly waitsFor?: WaitReason;
  /** Since when the state was seen, as a Unix time. */
  readonly since: number;
  readonly module: ModuleKey;
  /** The exported function it runs. */
  readonly entry: string;
  /** Messages in its mailbox. */
  readonly mailbox: number;
  /** Bytes of its memory. */
  readonly memory: number;
  readonly links: number;
  readonly monitors: number;
  /** How it will end when it is resumed; only in the state `held`. */
  readonly end?: ProcessEnd;
}

/** How a process has ended. Texts are fit to be displayed, possibly of several lines. */
export type ProcessEnd =
  /** Its entry function has returned. */
  | { readonly kind: 'returned' }
  /** `proc_exit`, with what the process had printed about the reason: an AssemblyScript guest that throws. */
  | { readonly kind: 'exited'; readonly code: number; readonly panic?: string }
  /** By a signal, or because a process that it was linked to had died. */
  | { readonly kind: 'killed' }
  /** A trap, with the message of the panic that led to it. */
  | { readonly kind: 'trapped'; readonly message: string; readonly panic?: string }
  /** Its entry function is missing or of another type. */
  | { readonly kind: 'not-started'; readonly message: string }
  /** An error in the runtime itself. */
  | { readonly kind: 'bug'; readonly message: string };

export interface EndedProcess {
  readonly process: ProcessKey;
  readonly end: ProcessEnd;
  /** When the end was noticed, as a Unix time. */
  readonly time: number;
  /** The process as it was at last, where the client has not been told of it: it failed soon after its start. */
  readonly last?: ProcessInfo;
}

export interface ProcessFilter {
  /** In the id, in a registered name, or in the entry function's name. */
  readonly text?: string;
  readonly states?: readonly ProcessState[];
  /** Children of this process only; null for root processes. */
  readonly parent?: ProcessKey | null;
}

/** A page of processes, oldest first. */
export interface ProcessPage {
  readonly processes: readonly ProcessInfo[];
  /** Give it as `after` for the next page; missing on the last. */
  readonly next?: ProcessKey;
  /** Live processes in all, whatever the filter. */
  readonly total: number;
}

/** Another process, with what its name is made of. */
export type PeerInfo = Pick<ProcessInfo, 'key' | 'id' | 'environment' | 'names' | 'entry'>;

/** Processes linked to one, and those that monitor it. */
export interface ProcessPeers {
  /** The tag under which the process sees the peer's death, as decimal digits; `0` for none. */
  readonly links: readonly { readonly peer: PeerInfo; readonly tag: string }[];
  readonly monitors: readonly PeerInfo[];
}

/** Permissions and limits of a process, under the names that the host API has for them. */
export interface ConfigInfo {
  /** Bytes. */
  readonly max_memory: number;
  /** Units of 100,000 instructions; 0 for no limit. */
  readonly max_fuel: number;
  /** Missing for no limit. */
  readonly max_processes?: number;
  /** Bytes of unread messages; missing for no limit. */
  readonly max_mailbox?: number;
  readonly can_compile_modules: boolean;
  readonly can_create_configs: boolean;
  readonly can_spawn_processes: boolean;
  /** As in `data -> /home/me/data`: the path that the process sees, and where it is. */
  readonly preopened_directories: readonly string[];
  readonly arguments: readonly string[];
  /** Names alone: the values may be secrets. */
  readonly environment_variables: readonly string[];
  /** Names of the programs of the operating system that it may start. */
  readonly commands: readonly string[];
  /** Environment variables that it may set for them. */
  readonly command_variables?: readonly string[];
  /** Host functions that its modules may import, and may not; each is missing where there is no such restriction. */
  readonly may_import?: readonly string[];
  readonly may_not_import?: readonly string[];
  /** Whether its modules may import only what lists of its parents allow, too. */
  readonly imports_also_restricted_by_parent?: boolean;
  /** Network rules; each is missing where there is no such restriction. */
  readonly may_connect?: readonly string[];
  readonly may_not_connect?: readonly string[];
  readonly may_listen?: readonly string[];
  /** Whether the rules of its parent count besides. */
  readonly network_also_restricted_by_parent: boolean;
}

export interface MessageInfo {
  readonly kind: 'data' | 'link-died' | 'process-died';
  /** As decimal digits: an i64. `0` for none. */
  readonly tag: string;
  /** Bytes of data. */
  readonly size: number;
  /** The first bytes, at most `MESSAGE_PREVIEW` of them. */
  readonly data: string;
  /** What else it carries, as in `module`. */
  readonly resources: readonly string[];
  /** Who died; only of `process-died`. */
  readonly process?: number;
}

/** Bytes of a message that are shown without asking for more. */
export const MESSAGE_PREVIEW = 4096;

export interface StackFrame {
  /** Index in the module as its author compiled it. */
  readonly functionIndex: number;
  /** Demangled name, where the module has names. */
  readonly functionName?: string;
  /** Byte offset of the instruction in the module as its author compiled it. */
  readonly offset: number;
  readonly module: ModuleKey;
}

export interface Stack {
  /** Innermost call first. */
  readonly frames: readonly StackFrame[];
  /** Why there are none, where there are none: it has not started, it is running. */
  readonly missing?: string;
}

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
  /** It is there, and has no value that could be read. */
  | { readonly kind: 'unreadable'; readonly why: string };

/** A type as expressions use it. Types in it are places in the same list. */
export type ValueType =
  | { readonly kind: 'integer'; readonly bytes: 1 | 2 | 4 | 8 | 16; readonly isSigned: boolean }
  | { readonly kind: 'float'; readonly bytes: 4 | 8 }
  | { readonly kind: 'boolean' }
  /** A code point in four bytes. */
  | { readonly kind: 'character' }
  | { readonly kind: 'pointer'; readonly to: number }
  | { readonly kind: 'array'; readonly of: number; readonly count?: number }
  /** Where in a structure the address of its first element is, and how many there are. Of bytes of a text, it is a text. */
  | {
      readonly kind: 'list';
      readonly name: string;
      readonly start: number;
      readonly count: number;
      readonly of: number;
      readonly isText: boolean;
      /** Whether `count` is where the address behind the last element is. */
      readonly isEnd?: boolean;
      readonly bytes?: number;
    }
  | {
      readonly kind: 'record';
      readonly name: string;
      readonly bytes?: number;
      /** Of a collection: where in it its number of elements is. */
      readonly length?: number;
      readonly members: readonly { readonly name: string; readonly at: number; readonly type: number }[];
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

/** A local of a function in a call that a process is in. */
export interface LocalInfo {
  /** Index in the function. */
  readonly index: number;
  readonly type: 'i32' | 'i64' | 'f32' | 'f64' | 'v128';
  /** Its bytes, the lowest first. */
  readonly data: string;
}

/** A global of the module of a process. */
export interface GlobalInfo {
  /** Index in the module. */
  readonly index: number;
  readonly type: 'i32' | 'i64' | 'f32' | 'f64';
  readonly mutable: boolean;
  /** Its bytes, the lowest first. */
  readonly data: string;
}

export interface ModuleInfo {
  readonly key: ModuleKey;
  /** Path or other origin, where it has one. */
  readonly origin?: string;
  /** Bytes of the module as its author compiled it. */
  readonly size: number;
  readonly exports: readonly { readonly name: string; readonly kind: string; readonly type?: string }[];
}

/** Who and what answers. */
export interface Welcome {
  readonly version: string;
  /** As in `lunatic 0.1.0`. */
  readonly runtime: string;
  /** The operating system's id of the runtime's process. */
  readonly pid: number;
  /** Path of the program. */
  readonly program: string;
  readonly arguments: readonly string[];
  /** The folder in which it runs, from which a relative path of the program counts. Missing in older runtimes. */
  readonly cwd?: string;
  /** It has not begun and waits for `start`. */
  readonly waiting: boolean;
  /** Whether it was started for debugging: breakpoints and steps are possible, and frames have locals. Missing in older runtimes. */
  readonly debug?: boolean;
}

/** Requests by name: parameters and result of each. */
export interface Requests {
  /** Must come first. */
  initialize: { params: { readonly version: string; readonly client: string }; result: Welcome };
  /** Lets a program that waits for its inspector begin. With `pauseRoot` its first process is paused before it runs. */
  start: { params: { readonly pauseRoot?: boolean }; result: null };

  'process/list': {
    params: { readonly after?: ProcessKey; readonly limit?: number; readonly filter?: ProcessFilter };
    result: ProcessPage;
  };
  'process/get': { params: { readonly process: ProcessKey }; result: ProcessInfo };
  'process/peers': { params: { readonly process: ProcessKey }; result: ProcessPeers };
  'process/config': { params: { readonly process: ProcessKey }; result: ConfigInfo };
  /** Works for a process that waits, is paused or held, without letting it go on. */
  'process/stack': { params: { readonly process: ProcessKey }; result: Stack };
  'process/mailbox': {
    params: { readonly process: ProcessKey; readonly start?: number; readonly count?: number };
    result: { readonly messages: readonly MessageInfo[]; readonly length: number };
  };
  /** Fewer bytes than asked for where the memory ends. */
  'process/memory': {
    params: { readonly process: ProcessKey; readonly offset: number; readonly count: number };
    result: { readonly data: string; readonly size: number };
  };
  /** Writes bytes to the memory of a process that stands still. */
  'process/set-memory': {
    params: { readonly process: ProcessKey; readonly offset: number; readonly data: string };
    result: null;
  };
  /** Takes effect at once. The process stands still until a client resumes it, or those that paused it have gone. */
  'process/pause': { params: { readonly process: ProcessKey }; result: null };
  /** Also where it is held for another client. */
  'process/resume': { params: { readonly process: ProcessKey }; result: null };
  /** Pauses every process at one moment. */
  'processes/pause': { params: Record<string, never>; result: null };
  /** Lets every paused process go on, also those that another client has paused. Those that failed stay held. */
  'processes/resume': { params: Record<string, never>; result: null };
  /**
   * Lets a process that stands still go on to another place, where it stops with `process/stopped`. As with all stops, the
   * program must have been started for debugging.
   * `within` are offsets of the code at which it is, from a start up to an end: a step in the same function leaves them.
   */
  'process/step': {
    params: {
      readonly process: ProcessKey;
      readonly kind: StepKind;
      readonly within?: readonly (readonly [start: number, end: number])[];
    };
    result: null;
  };
  /** The locals of a call, by its place in `process/stack`, if they are kept. */
  'process/locals': {
    params: { readonly process: ProcessKey; readonly frame: number };
    result: { readonly locals: readonly LocalInfo[]; readonly missing?: string };
  };
  /** Sets a local of the innermost call of a process that stands still at a place of its code. */
  'process/set-local': {
    params: { readonly process: ProcessKey; readonly local: number; readonly data: string };
    result: null;
  };
  /** The globals of a process whose program was started for debugging: numbers that its module defines, at most 100. */
  'process/globals': {
    params: { readonly process: ProcessKey };
    result: { readonly globals: readonly GlobalInfo[] };
  };
  /** Sets a mutable global of a process that stands still. */
  'process/set-global': {
    params: { readonly process: ProcessKey; readonly global: number; readonly data: string };
    result: null;
  };
  /**
   * Evaluates an expression in a call, by its place in `process/stack`. What is in memory has an address and a number of bytes.
   */
  'process/evaluate': {
    params: {
      readonly process: ProcessKey;
      readonly frame: number;
      readonly expression: string;
      readonly names?: BreakpointTerms['names'];
      readonly types?: BreakpointTerms['types'];
    };
    result: {
      readonly text: string;
      readonly type: string;
      readonly address?: number;
      readonly bytes?: number;
    };
  };
  /**
   * Which changes of data stop their process, in place of what this client said before; until the client has gone.
   * The result has what is wrong with each of them, or null.
   */
  'process/data-breakpoints': {
    params: { readonly breakpoints: readonly DataBreakpoint[] };
    result: { readonly problems: readonly (string | null)[] };
  };
  'process/kill': { params: { readonly process: ProcessKey }; result: null };
  /**
   * Begins a process anew that stands still: with the id, messages, links, monitors and names that it has, and with all else as at its
   * beginning. It stops at its first line with `process/stopped`; where the program was not started for debugging, before it.
   */
  'process/restart': { params: { readonly process: ProcessKey }; result: null };
  'process/send': {
    params: { readonly process: ProcessKey; readonly tag?: string; readonly data: string };
    result: null;
  };

  'module/get': { params: { readonly module: ModuleKey }; result: ModuleInfo };
  /**
   * Where processes of a module stop, in place of what this client said before; until the client has gone.
   * The result has for each offset the one where they will stop: the next place in the same function where that is possible, or
   * null if there is none.
   * `terms` has the terms of each offset, in the same order. `problems` then has what is wrong with them, or null: such a
   * breakpoint stops every time.
   */
  'module/breakpoints': {
    params: {
      readonly module: ModuleKey;
      readonly offsets: readonly number[];
      readonly terms?: readonly BreakpointTerms[];
      /** What is meant by types in terms that have no list of their own: what many terms share is sent once. */
      readonly types?: readonly ValueType[];
    };
    result: { readonly sites: readonly (number | null)[]; readonly problems?: readonly (string | null)[] };
  };
  /**
   * In which processes breakpoints and failures stop for this client, in place of what it said before: those that one of `only`
   * means, or all, but none that one of `except` means.
   */
  'processes/choose': {
    params: { readonly only?: readonly ProcessPattern[]; readonly except?: readonly ProcessPattern[] };
    result: null;
  };
  /**
   * What stops processes besides places in their code, in place of what this client said before; until the client has gone.
   * The result has what is wrong with each of them, or null.
   */
  'events/breakpoints': {
    params: { readonly breakpoints: readonly EventBreakpoint[] };
    result: { readonly problems: readonly (string | null)[] };
  };
  /** This client has set its breakpoints in a module: processes of it need not wait for that. */
  'module/ready': { params: { readonly module: ModuleKey }; result: null };
  /** The module as its author compiled it. */
  'module/bytes': { params: { readonly module: ModuleKey }; result: { readonly data: string } };

  /** From now on sends what the flags name, to this client. */
  watch: {
    params: {
      /** `processes/changed`, at most so many milliseconds apart. */
      readonly processes?: number | false;
      /** `output`. */
      readonly output?: boolean;
      /** Holds processes that trap, or those of some patterns, and says so with `process/stopped`. As with a pause, until the client has gone. */
      readonly traps?: boolean | readonly ProcessPattern[];
      /** The same for processes that end with an exit code other than 0. */
      readonly failedExits?: boolean | readonly ProcessPattern[];
      /** Keeps new processes from their first instruction, and says so. */
      readonly spawns?: boolean | readonly ProcessPattern[];
      /** `module/added`. */
      readonly modules?: boolean;
    };
    result: null;
  };
}

/** Why a process stands still. */
export type StopReason = 'entry' | 'restart' | 'pause' | 'failure' | 'breakpoint' | 'step' | 'data' | 'event';

/** Notifications by name, from the runtime. */
export interface Notifications {
  /**
   * What is different since the last one. A process that came and went in between is in none of the lists, except for one
   * that failed: it is in `ended`. At most `MAX_CHANGES` in each; the rest comes with the next.
   */
  'processes/changed': {
    readonly started: readonly ProcessInfo[];
    readonly changed: readonly ProcessInfo[];
    readonly ended: readonly EndedProcess[];
    readonly total: number;
  };
  /**
   * A process stands still: it was paused, before its first instruction or later, has come to a breakpoint or to the end of a
   * step, or it has failed and is held. `breakpoints` are the numbers of this client's breakpoints that it has hit.
   */
  'process/stopped': {
    readonly process: ProcessInfo;
    readonly why: StopReason;
    readonly breakpoints?: readonly number[];
    /** Only where `why` is `data`. */
    readonly change?: DataChange;
    /** What has happened to it, in words, if it has stopped for that. */
    readonly event?: string;
  };
  /**
   * A process is about to run a module for the first time, of a program that was started for debugging. It, and all others of the
   * module, wait until this client has said `module/ready`.
   */
  'module/added': { readonly module: ModuleKey };
  /** What log points have printed. `leftOut` is the number of lines that were too many. */
  logged: { readonly lines: readonly LogLine[]; readonly leftOut: number };
  /** The condition of a breakpoint cannot be evaluated, which is told once. The process stops. */
  'breakpoint/failed': { readonly id: number; readonly problem: string };
  /** A process that stood still goes on. */
  'process/continued': { readonly process: ProcessKey };
  /** Every process stands still, so many: there is no `process/stopped` for each. */
  'processes/stopped': { readonly total: number };
  /** All go on, except for those that have failed. */
  'processes/continued': Record<string, never>;
  output: { readonly stream: 'stdout' | 'stderr'; readonly data: string };
  /** The program has ended. The connection closes after this. */
  ended: { readonly exitCode: number; readonly reason: string };
}

/** Changes of one kind that a notification carries at most. */
export const MAX_CHANGES = 500;
/** Processes that a page holds at most. */
export const MAX_PAGE = 1000;
/** Bytes of memory that one request reads at most. */
export const MAX_MEMORY_READ = 2 ** 20;

/** What the runtime writes to stderr, followed by the URL, when it can be inspected. */
export const INSPECTOR_ANNOUNCEMENT = 'Inspector listens on ';
