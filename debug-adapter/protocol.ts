/** What the adapter speaks beside the Debug Adapter Protocol. Types and names only. */
import type { DebugProtocol } from '@vscode/debugprotocol';
import type {
  Notifications,
  ProcessEnd,
  ProcessInfo,
  ProcessKey,
  Requests,
  StackFrame,
} from '../runtime/inspect/protocol.ts';

/** Arguments of `launch`. */
export interface LaunchArguments {
  /** The module to run: a `.wasm` or `.wat` file, relative to `cwd`. With `coreDump`, that of the dump, if it is not where it was. */
  readonly program?: string;
  /** A core dump to look at, relative to `cwd`: nothing is run. */
  readonly coreDump?: string;
  /** Arguments of the program. */
  readonly args?: readonly string[];
  /** Variables besides those of the adapter; null takes one away. */
  readonly env?: Readonly<Record<string, string | null>>;
  /** Default: the program's folder. */
  readonly cwd?: string;
  /** Further options of `lunatic run`: permissions, limits, plugins, metrics. */
  readonly runtimeArgs?: readonly string[];
  /** Folders that the program may use besides `cwd`. */
  readonly dirs?: readonly string[];
  /** File that is the program's standard input, relative to `cwd`. Default: what the console's `input` gives it. */
  readonly stdin?: string;
  /** The exported function that the root process calls. Default: `_start`. */
  readonly entry?: string;
  readonly stopOnEntry?: boolean;
  readonly noDebug?: boolean;
  /** Where sources are: folders or files as the module names them, and as they are on this machine. */
  readonly sourceFileMap?: Readonly<Record<string, string>>;
  /** The only processes that stop: `id 5`, `name db`, `entry worker`, or `under 5` for those that descend from it. Default: all. */
  readonly stopIn?: readonly string[];
  /** Those that do not. */
  readonly stopNotIn?: readonly string[];
  /** The Node executable that runs the runtime. Default: the adapter's own. */
  readonly runtime?: string;
  /** Path of `lunatic.cjs`. Default: the one beside the adapter. */
  readonly lunatic?: string;
  /** That of the adapter, if it is on a port. */
  readonly token?: string;
  /** Writes a log of the session: true for a file that the console names, or the path of one, relative to `cwd`. */
  readonly trace?: boolean | string;
}

/** Arguments of `attach`. */
export interface AttachArguments {
  /** As `lunatic run --inspect` prints it. */
  readonly url: string;
  readonly stopOnEntry?: boolean;
  readonly noDebug?: boolean;
  /** Where sources are: folders or files as the module names them, and as they are on this machine. */
  readonly sourceFileMap?: Readonly<Record<string, string>>;
  /** The only processes that stop: `id 5`, `name db`, `entry worker`, or `under 5` for those that descend from it. Default: all. */
  readonly stopIn?: readonly string[];
  /** Those that do not. */
  readonly stopNotIn?: readonly string[];
  /** That of the adapter, if it is on a port. */
  readonly token?: string;
  /** Writes a log of the session: true for a file that the console names, or the absolute path of one. */
  readonly trace?: boolean | string;
}

/** Custom requests that the inspection protocol answers, as they are: the name here, and the name there. */
export interface InspectionRequests {
  'lunatic/processes': 'process/list';
  'lunatic/process': 'process/get';
  'lunatic/mailbox': 'process/mailbox';
  'lunatic/stack': 'process/stack';
  'lunatic/peers': 'process/peers';
  'lunatic/config': 'process/config';
  'lunatic/memory': 'process/memory';
  'lunatic/pause': 'process/pause';
  'lunatic/resume': 'process/resume';
  'lunatic/pauseAll': 'processes/pause';
  'lunatic/resumeAll': 'processes/resume';
  'lunatic/kill': 'process/kill';
  'lunatic/restart': 'process/restart';
  'lunatic/send': 'process/send';
  'lunatic/module': 'module/get';
}

type PassedOn = { [Name in keyof InspectionRequests]: Requests[InspectionRequests[Name]] };

/** Custom requests by name: parameters and result of each. */
export interface CustomRequests extends PassedOn {
  /** The thread of a process, also of one that is not shown as one yet. */
  'lunatic/thread': { params: { readonly process: ProcessKey }; result: { readonly threadId: number } };
  /** The process of a thread. */
  'lunatic/processOf': { params: { readonly threadId: number }; result: { readonly process: ProcessKey } };
  /** Writes a core dump of a process that stands still to an absolute path. */
  'lunatic/saveCoreDump': {
    params: { readonly process: ProcessKey; readonly path: string };
    result: null;
  };
  /** Where a frame of `lunatic/stack` is in the text of its function. Lines and columns count as the client does. */
  'lunatic/source': {
    params: Pick<StackFrame, 'module' | 'functionIndex' | 'functionName' | 'offset'>;
    result: { readonly source: DebugProtocol.Source; readonly line: number; readonly column: number };
  };
}

/** Custom events by name. */
export interface CustomEvents {
  /** What is different since the last one, in all processes, whether they are shown as threads or not. */
  'lunatic/processesChanged': Notifications['processes/changed'];
  /** A process has trapped; where many do at the same time, some are told. */
  'lunatic/trapped': {
    readonly process: ProcessInfo;
    readonly end: ProcessEnd;
    /** Its calls, innermost first, as far as they are known. Lines and columns count as the client does. */
    readonly calls: readonly TrappedCall[];
  };
}

/** A call of a process that has trapped. */
export interface TrappedCall {
  readonly functionName: string;
  /** The source file; missing if there is none. */
  readonly path?: string;
  readonly line: number;
  readonly column: number;
  /** Whether it is in code that came with the language, or of which there is no source. */
  readonly isForeign: boolean;
}
