import { Writable } from 'node:stream';
import { DebugSession, Response } from '@vscode/debugadapter';
import type { DebugProtocol } from '@vscode/debugprotocol';
import { Arguments } from './arguments.ts';
import type { Debuggee } from './debuggee.ts';
import { AdapterError, adapterError, ErrorId } from './errors.ts';
import { Ids } from './ids.ts';
import { requests } from './requests/index.ts';
import type { RuntimeProcess } from './runtime-process.ts';

/** What `launch` uses where it is told nothing else. */
export interface SessionDefaults {
  /** The Node executable that runs the runtime. */
  readonly runtime?: string;
  /** Path of `lunatic.js`. */
  readonly lunatic?: string;
}

/** What the handlers of requests know of the session that they serve. */
export interface Session {
  readonly defaults: SessionDefaults;
  readonly ids: Ids;
  /** @throws AdapterError before a program has been launched or attached to */
  readonly debuggee: Debuggee;
  readonly hasDebuggee: boolean;
  /** Whether the client is VS Code, or an editor made of it. */
  readonly isVSCode: boolean;
  /** A line or column as the client counts it. */
  toClientLine(lineFromZero: number): number;
  toClientColumn(columnFromZero: number): number;
  sendEvent(event: DebugProtocol.Event): void;
  /** Calls back once the client has read so much that more can be sent. False where it can be sent now. */
  whenDrained(callback: () => void): boolean;
  /** @throws AdapterError at the second time: a session has one program */
  begin(): void;
  /** A program that starts. It ends with the session. */
  own(process: RuntimeProcess): void;
  use(debuggee: Debuggee): void;
  /** Tells the program to end, also one that is about to start. */
  terminate(): Promise<void>;
  /** Ends what was launched, or leaves alone what was attached to. Resolves when nothing is left. */
  end(): Promise<void>;
  /** The session is over, and the client has been told. */
  finish(): void;
}

/**
 * A debug session: translates between the Debug Adapter Protocol and the inspection protocol of one program.
 *
 * In an extension host its `handleMessage` and `onDidSendMessage` are all that is needed (`DebugAdapterInlineImplementation`);
 * over streams, `start` serves the protocol.
 */
export class LunaticDebugSession extends DebugSession implements Session {
  readonly defaults: SessionDefaults;
  readonly ids = new Ids();
  /** Resolves when the session is over and nothing of it is left. */
  readonly closed: Promise<void>;
  #finish: () => void = () => {};
  #ending: Promise<void> | undefined;
  #hasBegun = false;
  #process: RuntimeProcess | undefined;
  #debuggee: Debuggee | undefined;
  #isVSCode = false;
  #clientCounts: { readonly lines: 0 | 1; readonly columns: 0 | 1 } = { lines: 1, columns: 1 };
  #out: Writable | undefined;

  constructor(defaults: SessionDefaults = {}) {
    super();
    this.defaults = defaults;
    // Not `Promise.withResolvers`: extension hosts with Node 20 do not have it.
    this.closed = new Promise((done) => {
      this.#finish = done;
    });
  }

  get debuggee(): Debuggee {
    if (this.#debuggee === undefined) {
      throw new AdapterError(ErrorId.NotStarted, 'No program has been launched or attached to yet');
    }
    return this.#debuggee;
  }

  get hasDebuggee(): boolean {
    return this.#debuggee !== undefined;
  }

  get isVSCode(): boolean {
    return this.#isVSCode;
  }

  toClientLine(lineFromZero: number): number {
    return lineFromZero + this.#clientCounts.lines;
  }

  toClientColumn(columnFromZero: number): number {
    return columnFromZero + this.#clientCounts.columns;
  }

  whenDrained(callback: () => void): boolean {
    if (this.#out?.writableNeedDrain !== true) return false;
    this.#out.once('drain', callback);
    return true;
  }

  begin(): void {
    if (this.#hasBegun)
      throw new AdapterError(ErrorId.AlreadyStarted, 'This session has its program already');
    this.#hasBegun = true;
  }

  own(process: RuntimeProcess): void {
    this.#process = process;
    if (this.#ending !== undefined) process.terminate();
  }

  use(debuggee: Debuggee): void {
    this.#debuggee = debuggee;
    if (this.#ending !== undefined) debuggee.detach();
  }

  async terminate(): Promise<void> {
    if (this.#process !== undefined) this.#process.terminate();
    else await this.#debuggee?.end();
  }

  end(): Promise<void> {
    this.#ending ??= this.#end();
    return this.#ending;
  }

  async #end(): Promise<void> {
    await this.#process?.end();
    await this.#debuggee?.detach();
  }

  finish(): void {
    this.#finish();
  }

  /** Ends what there is, and the session. */
  async close(): Promise<void> {
    await this.end();
    this.finish();
  }

  // -- the library's side ------------------------------------------------------------------------------

  override start(inStream: NodeJS.ReadableStream, outStream: NodeJS.WritableStream): void {
    if (outStream instanceof Writable) this.#out = outStream;
    super.start(inStream, outStream);
  }

  /** Called when the connection to the client is lost. */
  override shutdown(): void {
    this.close();
  }

  /** Called by an extension host when it needs the session no more. */
  override dispose(): void {
    this.close();
  }

  protected override dispatchRequest(message: DebugProtocol.Request): void {
    this.#answer(message);
  }

  async #answer(message: DebugProtocol.Request): Promise<void> {
    const { command } = message;
    const response: DebugProtocol.Response = new Response(message);
    let hasResponded = false;
    try {
      const request = requests.get(command);
      if (request === undefined) {
        throw new AdapterError(ErrorId.UnknownRequest, `The request '${command}' is unknown`);
      }
      const args = new Arguments(command, message.arguments);
      if (command === 'initialize') this.#meetClient(args);
      await request.run(this, args, (body) => {
        if (body !== null && body !== undefined) response.body = body;
        hasResponded = true;
        this.sendResponse(response);
      });
    } catch (error) {
      // What a handler does after its response has no one left to tell.
      if (!hasResponded) this.sendErrorResponse(response, adapterError(error).toMessage());
    }
  }

  #meetClient(args: Arguments): void {
    if ((args.optionalText('pathFormat') ?? 'path') !== 'path') {
      throw new AdapterError(ErrorId.BadArguments, "initialize: 'pathFormat' must be 'path'");
    }
    this.#isVSCode = args.optionalText('clientID') === 'vscode';
    this.#clientCounts = {
      lines: (args.optionalBoolean('linesStartAt1') ?? true) ? 1 : 0,
      columns: (args.optionalBoolean('columnsStartAt1') ?? true) ? 1 : 0,
    };
  }
}
