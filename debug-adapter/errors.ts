import type { DebugProtocol } from '@vscode/debugprotocol';
import { InspectError } from '../runtime/inspect/protocol.ts';
import {
  type ConnectFailure,
  InspectClosedError,
  InspectConnectError,
  InspectRequestError,
} from '../runtime/internal.ts';
import { lines } from './displayed.ts';

/** Numbers of errors, as clients and bug reports name them. They never change their meaning. */
export const ErrorId = {
  BadArguments: 1000,
  UnknownRequest: 1001,
  NotStarted: 1002,
  AlreadyStarted: 1003,
  NotSupported: 1004,
  BadCommand: 1005,
  Starting: 1006,
  Ending: 1007,
  Over: 1008,
  NoToken: 1009,
  Internal: 1099,

  ProgramNotFound: 2001,
  ProgramIsFolder: 2002,
  ProgramUnreadable: 2003,
  FolderNotFound: 2004,
  RuntimeNotFound: 2005,
  RuntimeWithoutJspi: 2006,
  /** The runtime ended before the program could begin: the module is malformed, or does not link. */
  ProgramNotStarted: 2007,
  Cancelled: 2008,
  InputUnreadable: 2009,
  BadValue: 2010,
  /** The core dump cannot be read, or is none. */
  BadCoreDump: 2011,
  /** The module of a core dump is not found, or is of another build. */
  OtherModule: 2012,
  DumpNotWritten: 2013,

  BadUrl: 2101,
  Unreachable: 2102,
  WrongToken: 2103,
  OtherVersion: 2104,
  NoAnswer: 2105,

  NoThread: 3001,
  NoFrame: 3002,
  NoVariables: 3003,
  NoSource: 3004,
  NoMessage: 3005,
  ProcessGone: 3006,
  Refused: 3007,
  RuntimeGone: 3008,
} as const;

export type ErrorId = (typeof ErrorId)[keyof typeof ErrorId];

/** Errors of what a user typed into the console or asked to be ended, and of what came too early or too late. */
const QUIET: ReadonlySet<ErrorId> = new Set([
  ErrorId.Cancelled,
  ErrorId.BadCommand,
  ErrorId.Starting,
  ErrorId.Ending,
  ErrorId.Over,
]);

/** Requests whose errors clients show where the answer would be: in the console, beside a variable, in the list of calls. */
const SHOWN_IN_PLACE: ReadonlySet<string> = new Set([
  'completions',
  'evaluate',
  'exceptionInfo',
  'scopes',
  'setExpression',
  'setVariable',
  'source',
  'stackTrace',
  'variables',
]);

/** A request cannot be done; the message is for the user. */
export class AdapterError extends Error {
  override readonly name = 'AdapterError';
  readonly id: ErrorId;

  constructor(id: ErrorId, message: string, options?: ErrorOptions) {
    super(message, options);
    this.id = id;
  }

  /**
   * The error as the protocol has it. The message stands in a variable, since braces in a format mean something. Clients
   * show users why a session could not start; that a process has gone meanwhile is no news to interrupt them with, nor is what they
   * show in its place anyway.
   * @param command the request
   */
  toMessage(command: string): DebugProtocol.Message {
    const showUser = this.id < ErrorId.NoThread && !QUIET.has(this.id) && !SHOWN_IN_PLACE.has(command);
    return { id: this.id, format: '{_message}', variables: { _message: lines(this.message) }, showUser };
  }
}

const CONNECT_ERRORS: Readonly<Record<ConnectFailure, ErrorId>> = {
  'bad-url': ErrorId.BadUrl,
  unreachable: ErrorId.Unreachable,
  'wrong-token': ErrorId.WrongToken,
  version: ErrorId.OtherVersion,
  timeout: ErrorId.NoAnswer,
};

const REQUEST_ERRORS: ReadonlyMap<number, ErrorId> = new Map([
  [InspectError.NoProcess, ErrorId.ProcessGone],
  [InspectError.NotRunning, ErrorId.NotSupported],
  // As JSON-RPC has it: invalid parameters.
  [-32_602, ErrorId.BadArguments],
]);

/** Whatever was thrown, as what the client is told. */
export function adapterError(error: unknown): AdapterError {
  if (error instanceof AdapterError) return error;
  const cause = { cause: error };
  const message = error instanceof Error ? error.message : String(error);
  if (error instanceof InspectConnectError)
    return new AdapterError(CONNECT_ERRORS[error.code], message, cause);
  if (error instanceof InspectClosedError)
    return new AdapterError(ErrorId.RuntimeGone, 'The program has ended', cause);
  if (error instanceof InspectRequestError) {
    return new AdapterError(REQUEST_ERRORS.get(error.code) ?? ErrorId.Refused, message, cause);
  }
  return new AdapterError(ErrorId.Internal, `Error in the debug adapter: ${message}`, cause);
}
