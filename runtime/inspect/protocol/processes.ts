/** What the inspection protocol tells of processes, their calls and their modules. */

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
  /** The scheduler that it is on; missing for the first one, which is 0. */
  readonly scheduler?: number;
  /**
   * Null for a root process, and for a child whose parent has ended. If the two are on different schedulers, the parent may have ended
   * nevertheless.
   */
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
  /** Whether SQL may take long while others wait; missing for no. */
  readonly can_run_long_sql?: boolean;
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
  /** How many calls around these are not told, of those that are known; missing if it is none. */
  readonly outer?: number;
  /** Why there are none, where there are none: it has not started, it is running. */
  readonly missing?: string;
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
