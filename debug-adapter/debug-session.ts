import { createHash, timingSafeEqual } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { Writable } from 'node:stream';
import { DebugSession, OutputEvent, Response, TerminatedEvent } from '@vscode/debugadapter';
import type { DebugProtocol } from '@vscode/debugprotocol';
import { Arguments } from './arguments.ts';
import type { Debuggee } from './debuggee.ts';
import { displayAnswer, displayEvent, lines } from './displayed.ts';
import { AdapterError, adapterError, ErrorId } from './errors.ts';
import { Framing } from './framing.ts';
import { Ids } from './ids.ts';
import { LogFile } from './log-file.ts';
import { DimmedOutput } from './output.ts';
import { Progress } from './progress.ts';
import { cancelling } from './requests/cancellable.ts';
import { requests } from './requests/index.ts';
import type { RuntimeProcess } from './runtime-process.ts';
import type { Session, SessionDefaults, SessionState } from './session.ts';
import { SessionLog } from './session-log.ts';

/**
 * A debug session: translates between the Debug Adapter Protocol and the inspection protocol of one program.
 *
 * Over streams, `start` serves the protocol. Whoever holds a session within itself needs `handleMessage` and `onDidSendMessage`
 * alone.
 */
export class LunaticDebugSession extends DebugSession implements Session {
  readonly defaults: SessionDefaults;
  readonly ids = new Ids();
  readonly log: SessionLog;
  readonly progress = new Progress((event) => this.sendEvent(event));
  /** Requests that are being answered and can be given up, by their numbers: how each is. */
  readonly #pending = new Map<number, () => void>();
  readonly #closed = Promise.withResolvers<void>();
  readonly #admitted = Promise.withResolvers<void>();
  #state: SessionState = { kind: 'idle' };
  /** Whether the client has told the program to end, which may be just starting. */
  #isGivenUp = false;
  #isAdmitted: boolean;
  #isVSCode = false;
  /** Whether the client obeys escape sequences in what is output. */
  #hasStyles = false;
  #clientCounts: { readonly lines: 0 | 1; readonly columns: 0 | 1 } = { lines: 1, columns: 1 };
  #out: Writable | undefined;
  #trace: LogFile | undefined;

  constructor(defaults: SessionDefaults = {}, log = new SessionLog()) {
    super();
    this.defaults = defaults;
    this.log = log;
    this.#isAdmitted = defaults.token === undefined;
  }

  /** Resolves when the session is over and nothing of it is left. */
  get closed(): Promise<void> {
    return this.#closed.promise;
  }

  /** Resolves when the client has shown the token, where one is wanted. */
  get admitted(): Promise<void> {
    return this.#admitted.promise;
  }

  get state(): SessionState {
    return this.#state;
  }

  get debuggee(): Debuggee {
    const state = this.#state;
    if (state.kind !== 'running') throw wrongState(state, 'this');
    return state.debuggee;
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

  // -- its states --------------------------------------------------------------------------------------

  async open(start: (own: (process: RuntimeProcess) => void) => Promise<Debuggee>): Promise<void> {
    if (this.#state.kind !== 'idle') throw wrongState(this.#state, 'starting a program');
    this.#state = { kind: 'starting', process: undefined };
    this.#isGivenUp = false;
    let process: RuntimeProcess | undefined;
    try {
      const debuggee = await start((started) => {
        process = started;
        this.#state = { kind: 'starting', process };
      });
      if (this.#isWanted) {
        this.#state = { kind: 'running', process, debuggee };
        return;
      }
      debuggee.retire();
      await process?.end();
      await debuggee.detach();
      throw givenUp();
    } catch (error) {
      if (this.#isStarting) this.#state = { kind: 'idle' };
      throw error;
    }
  }

  /** It may be ended while it starts. */
  get #isStarting(): boolean {
    return this.#state.kind === 'starting';
  }

  get #isWanted(): boolean {
    return this.#isStarting && !this.#isGivenUp;
  }

  async terminate(): Promise<void> {
    const state = this.#state;
    this.#giveUp();
    if (state.kind !== 'running') return;
    this.#isGivenUp = true;
    if (state.process !== undefined) state.process.terminate();
    else await state.debuggee.end();
  }

  /** Ends what starts, and leaves alone what has started. */
  #giveUp(): void {
    const state = this.#state;
    if (state.kind !== 'starting') return;
    this.#isGivenUp = true;
    state.process?.terminate();
  }

  end(): Promise<void> {
    const state = this.#state;
    if (state.kind === 'ending') return state.done;
    if (state.kind === 'over') return Promise.resolve();
    const done = leave(state);
    this.#state = { kind: 'ending', done };
    return done;
  }

  async leaveProgram(): Promise<void> {
    const state = this.#state;
    if (state.kind !== 'running') throw wrongState(state, 'this');
    // Somebody else's restart may come after the user's stop.
    if (this.#isGivenUp) throw givenUp();
    state.debuggee.retire();
    // Whoever ends the session meanwhile waits for the old program.
    this.#state = { kind: 'starting', process: state.process };
    this.#isGivenUp = false;
    await leave(state);
    const isWanted = this.#isWanted;
    if (this.#isStarting) this.#state = { kind: 'idle' };
    if (!isWanted) throw givenUp();
  }

  cancel(requestId: number): void {
    this.#pending.get(requestId)?.();
  }

  finish(): void {
    this.#state = { kind: 'over' };
    this.log.settle();
    const close = this.#trace?.close() ?? Promise.resolve();
    close.then(this.#closed.resolve);
  }

  /** Ends what there is, and the session. */
  async close(): Promise<void> {
    await this.end();
    this.finish();
  }

  trace(wanted: true | string | undefined, folder: string): void {
    if (wanted !== undefined && this.#trace === undefined) {
      const isOurs = wanted === true;
      const path = isOurs ? join(tmpdir(), traceName()) : resolve(folder, wanted);
      this.#trace = new LogFile(path, isOurs, ({ message }) =>
        this.#say(`The log of this session cannot be written: ${message}`),
      );
      this.log.add(this.#trace);
      this.#say(`The log of this session is written to ${path}`);
    }
    this.log.settle();
  }

  #say(text: string): void {
    if (this.#state.kind !== 'over') this.sendEvent(new OutputEvent(`${text}\n`, 'console'));
  }

  // -- the library's side ------------------------------------------------------------------------------

  override start(inStream: NodeJS.ReadableStream, outStream: NodeJS.WritableStream): void {
    if (outStream instanceof Writable) this.#out = outStream;
    super.start(inStream, outStream);
    const framing = new Framing();
    inStream.on('data', (bytes: Buffer) => {
      const fault = this.#state.kind === 'over' ? null : framing.check(bytes);
      if (fault === null) return;
      // The library reads on from here, in vain.
      this.sendEvent(
        new OutputEvent(
          `The session ends: the header of a message cannot be read: ${lines(fault)}\n`,
          'stderr',
        ),
      );
      this.sendEvent(new TerminatedEvent());
      this.close();
    });
  }

  /** Called when the connection to the client is lost. */
  override shutdown(): void {
    this.close();
  }

  /** Called by whoever holds the session within itself and needs it no more. */
  override dispose(): void {
    this.close();
  }

  override handleMessage(message: DebugProtocol.ProtocolMessage): void {
    this.log.received(message);
    super.handleMessage(message);
  }

  override sendEvent(event: DebugProtocol.Event): void {
    displayEvent(event.event, event.body);
    if (event instanceof DimmedOutput && this.#hasStyles) event.dim();
    super.sendEvent(event);
    this.log.sent(event);
  }

  override sendResponse(response: DebugProtocol.Response): void {
    super.sendResponse(response);
    this.log.sent(response);
  }

  override dispatchRequest(message: DebugProtocol.Request): void {
    this.#answer(message);
  }

  async #answer(message: DebugProtocol.Request): Promise<void> {
    const { command } = message;
    const response: DebugProtocol.Response = new Response(message);
    let hasResponded = false;
    let isCancelled = false;
    try {
      const args = new Arguments(command, message.arguments);
      const how = cancelling(command, args);
      if (how !== 'done')
        this.#pending.set(message.seq, () => {
          if (isCancelled || hasResponded) return;
          isCancelled = true;
          if (how === 'given up') {
            this.#giveUp();
            return;
          }
          hasResponded = true;
          this.sendErrorResponse(response, cancelled().toMessage(command));
        });
      if (!this.#isAdmitted) this.#checkToken(command, args);
      const request = requests.get(command);
      if (request === undefined) {
        throw new AdapterError(ErrorId.UnknownRequest, `The request '${command}' is unknown`);
      }
      if (!request.states.has(this.#state.kind)) throw wrongState(this.#state, `'${command}'`);
      if (command === 'initialize') this.#meetClient(args);
      await request.run(this, args, (body) => {
        if (hasResponded) return;
        if (body !== null && body !== undefined) response.body = body;
        displayAnswer(command, response.body);
        hasResponded = true;
        this.sendResponse(response);
      });
    } catch (error) {
      const told = adapterError(error);
      // What a handler does after its response has no one left to tell.
      if (told.id === ErrorId.Internal || hasResponded) this.log.failed(command, error);
      if (!hasResponded)
        this.sendErrorResponse(response, (isCancelled ? cancelled() : told).toMessage(command));
    } finally {
      this.#pending.delete(message.seq);
    }
  }

  /**
   * A program is run with the rights of the adapter, so whoever connects to its port must show that they may do that.
   * @throws AdapterError for a request without the token that needs it
   */
  #checkToken(command: string, args: Arguments): void {
    if (command === 'initialize' || command === 'disconnect') return;
    const given = command === 'launch' || command === 'attach' ? args.optionalText('token') : undefined;
    if (!isSameSecret(given ?? '', this.defaults.token ?? '')) {
      const why =
        "'token' must be the one that `lunatic dap` has printed, or that of its variable LUNATIC_DAP_TOKEN";
      throw new AdapterError(ErrorId.NoToken, `${command}: ${why}`);
    }
    this.#isAdmitted = true;
    this.#admitted.resolve();
  }

  #meetClient(args: Arguments): void {
    if ((args.optionalText('pathFormat') ?? 'path') !== 'path') {
      throw new AdapterError(ErrorId.BadArguments, "initialize: 'pathFormat' must be 'path'");
    }
    this.#isVSCode = args.optionalText('clientID') === 'vscode';
    this.#hasStyles = args.optionalBoolean('supportsANSIStyling') ?? false;
    this.progress.isWanted = args.optionalBoolean('supportsProgressReporting') ?? false;
    this.#clientCounts = {
      lines: (args.optionalBoolean('linesStartAt1') ?? true) ? 1 : 0,
      columns: (args.optionalBoolean('columnsStartAt1') ?? true) ? 1 : 0,
    };
  }
}

/** Compares digests, since that takes the same time whatever differs. */
function isSameSecret(a: string, b: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(a), digest(b));
}

/** Ends what a session has started, or leaves alone what it has attached to. */
async function leave(state: SessionState): Promise<void> {
  if (state.kind === 'starting' || state.kind === 'running') await state.process?.end();
  if (state.kind === 'running') await state.debuggee.detach();
}

function cancelled(): AdapterError {
  return new AdapterError(ErrorId.Cancelled, 'cancelled');
}

function givenUp(): AdapterError {
  return new AdapterError(ErrorId.Cancelled, 'The session was ended before the program began');
}

/** @param what cannot be done */
function wrongState({ kind }: SessionState, what: string): AdapterError {
  switch (kind) {
    case 'idle':
      return new AdapterError(ErrorId.NotStarted, 'No program has been launched or attached to yet');
    case 'starting':
      return new AdapterError(ErrorId.Starting, `The program is still starting: ${what} must wait`);
    case 'running':
      return new AdapterError(ErrorId.AlreadyStarted, 'This session has its program already');
    case 'ending':
      return new AdapterError(ErrorId.Ending, `The session is ending: it is too late for ${what}`);
    case 'over':
      return new AdapterError(ErrorId.Over, `The session is over: it is too late for ${what}`);
  }
}

function traceName(): string {
  const time = new Date().toISOString().replaceAll(':', '-');
  return `lunatic-debug-${time}-${process.pid}.log`;
}
