/**
 * The inspection protocol: how debugger, process tree, test explorer, web page and command line look at a running
 * system. JSON-RPC 2.0, one message a WebSocket text frame, on loopback, behind a random token.
 *
 * Types and names only: nothing here needs the runtime. Bytes travel as base64, times as milliseconds. What is asked
 * about a process that has gone is answered with the error `NoProcess`.
 */
import type {
  BreakpointTerms,
  DataBreakpoint,
  DataChange,
  EventBreakpoint,
  LogLine,
  ProcessPattern,
  StepKind,
  ValueType,
} from './protocol/breakpoints.ts';
import type {
  ConfigInfo,
  EndedProcess,
  GlobalInfo,
  LocalInfo,
  MessageInfo,
  ModuleInfo,
  ModuleKey,
  ProcessEnd,
  ProcessFilter,
  ProcessInfo,
  ProcessKey,
  ProcessPage,
  ProcessPeers,
  Stack,
} from './protocol/processes.ts';

export type * from './protocol/breakpoints.ts';
export * from './protocol/processes.ts';

/** Peers whose versions differ in the first number do not understand each other. */
export const PROTOCOL_VERSION = '2.3';

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

/** Bytes of a message that are shown without asking for more. */
export const MESSAGE_PREVIEW = 4096;

/** Who and what answers. */
export interface Welcome {
  readonly version: string;
  /** As in `lunatic 0.1.0`. */
  readonly runtime: string;
  /** The operating system's id of the runtime's process; that of the first scheduler, if there are several. */
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
    params: {
      readonly process: ProcessKey;
      readonly offset: number;
      readonly count: number;
      /** Which one of several, by its index in the module; default: the first. */
      readonly memory?: number;
    };
    /** The size is that of the whole memory. */
    result: { readonly data: string; readonly size: number };
  };
  /** Writes bytes to a memory of a process that stands still. */
  'process/set-memory': {
    params: {
      readonly process: ProcessKey;
      readonly offset: number;
      readonly data: string;
      /** As in `process/memory`. */
      readonly memory?: number;
    };
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
      /** `process/trapped`. */
      readonly trapped?: boolean;
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
  /**
   * A process has ended with a trap: what it was at last, and its innermost calls. At most 20 in a second. A client that has got one
   * may ask for modules also after `ended`, until it closes the connection itself, for half a second at most.
   */
  'process/trapped': { readonly process: ProcessInfo; readonly end: ProcessEnd; readonly stack: Stack };
  /** A process that stood still goes on. */
  'process/continued': { readonly process: ProcessKey };
  /** Every process stands still, so many: there is no `process/stopped` for each. */
  'processes/stopped': { readonly total: number };
  /** All go on, except for those that have failed. */
  'processes/continued': Record<string, never>;
  output: { readonly stream: 'stdout' | 'stderr'; readonly data: string };
  /**
   * The program would have ended, as `reason` tells, but processes stand still or step for clients: it ends when the last of these has
   * gone on.
   */
  'end/put-off': { readonly reason: string };
  /** The program has ended. The connection closes after this, but see `process/trapped`. */
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

/** In `module/breakpoints`, in place of the offset of a call of an import: all calls that have no breakpoint of the same number. */
export const ANY_CALL = 0;
