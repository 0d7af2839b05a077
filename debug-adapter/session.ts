import type { DebugProtocol } from '@vscode/debugprotocol';
import type { Debuggee } from './debuggee.ts';
import type { Ids } from './ids.ts';
import type { Progress } from './progress.ts';
import type { RuntimeProcess } from './runtime-process.ts';
import type { SessionLog } from './session-log.ts';

/** What `launch` uses where it is told nothing else. */
export interface SessionDefaults {
  /** The Node executable that runs the runtime. */
  readonly runtime?: string;
  /** Path of `lunatic.cjs`. */
  readonly lunatic?: string;
  /** What clients must show in `launch` or `attach` before anything is done for them. Undefined where there is one client alone. */
  readonly token?: string;
}

/**
 *             launch, attach            connected              disconnect, connection lost
 *     idle ------------------> starting ---------> running --------------------------------> ending ----> over
 *      ^                          |  |                                                          ^
 *      `------ it fails ----------'  `------------------- disconnect ---------------------------'
 */
export type SessionState =
  | { readonly kind: 'idle' }
  /** A program starts, in an OS process if it was launched; or one ends that is to be launched anew. */
  | { readonly kind: 'starting'; readonly process: RuntimeProcess | undefined }
  /** There is a program, which may have ended meanwhile. */
  | {
      readonly kind: 'running';
      readonly process: RuntimeProcess | undefined;
      readonly debuggee: Debuggee;
    }
  /** What was launched ends; what was attached to is left alone. Settles when nothing is left. */
  | { readonly kind: 'ending'; readonly done: Promise<void> }
  | { readonly kind: 'over' };

/** What the handlers of requests know of the session that they serve. */
export interface Session {
  readonly defaults: SessionDefaults;
  readonly ids: Ids;
  readonly log: SessionLog;
  /** @throws AdapterError unless the session is running */
  readonly debuggee: Debuggee;
  readonly state: SessionState;
  /** Whether the client is VS Code, or an editor made of it. */
  readonly isVSCode: boolean;
  /** A line or column as the client counts it. */
  toClientLine(lineFromZero: number): number;
  toClientColumn(columnFromZero: number): number;
  sendEvent(event: DebugProtocol.Event): void;
  /** Tells the client what takes long. */
  readonly progress: Progress;
  /** Gives up a request that is being answered, if it changes nothing or starts a program. */
  cancel(requestId: number): void;
  /** Calls back once the client has read so much that more can be sent. False if it can be sent now. */
  whenDrained(callback: () => void): boolean;
  /**
   * Starts a program: the session is `starting`, then `running`, or `idle` again if that fails.
   * @param start is given a function to call with the runtime that it starts, which ends with the session
   * @throws AdapterError if it is given up meanwhile
   */
  open(start: (own: (process: RuntimeProcess) => void) => Promise<Debuggee>): Promise<void>;
  /** Writes a log if the client wants one, and tells where. */
  trace(wanted: true | string | undefined, folder: string): void;
  /** Tells the program to end, also one that is about to start. */
  terminate(): Promise<void>;
  /** Ends what was launched, or leaves alone what was attached to. Resolves when nothing is left. */
  end(): Promise<void>;
  /**
   * Ends what was launched, so that the session is `idle` again, without a word to the client.
   * @throws AdapterError if the session is ended meanwhile, or what follows is given up
   */
  leaveProgram(): Promise<void>;
  /** The session is over, and the client has been told. */
  finish(): void;
}
