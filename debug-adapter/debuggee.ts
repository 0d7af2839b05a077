import {
  ContinuedEvent,
  Event,
  ExitedEvent,
  ModuleEvent,
  OutputEvent,
  TerminatedEvent,
} from '@vscode/debugadapter';
import type { DebugProtocol } from '@vscode/debugprotocol';
import type {
  DataChange,
  ModuleKey,
  Notifications,
  ProcessKey,
  Stack,
  StepKind,
} from '../runtime/inspect/protocol.ts';
import { printableLines, processName } from '../runtime/inspect/view/index.ts';
import {
  DUMP_REFUSAL,
  InspectClosedError,
  type Inspected,
  InspectRequestError,
} from '../runtime/internal.ts';
import { BreakpointFinder } from './breakpoint-finder.ts';
import { breakpointInfo, type ClientCounts } from './breakpoint-info.ts';
import { NameFinder } from './breakpoint-terms.ts';
import { Breakpoints } from './breakpoints.ts';
import { Calls } from './calls.ts';
import { type ChangeText, DataBreakpoints } from './data-breakpoints.ts';
import type { Names } from './disassembler.ts';
import { Disassemblies } from './disassembly.ts';
import { AdapterError, ErrorId } from './errors.ts';
import { EventFilters } from './event-filters.ts';
import { type HeldEvents, NO_EVENTS } from './event-kinds.ts';
import { FIRST_FRAMES, Held } from './held.ts';
import type { Ids } from './ids.ts';
import { logEvents } from './log-events.ts';
import { MAIN_MODULE, ModuleSources, moduleName } from './module-sources.ts';
import { NewerSources } from './newer-sources.ts';
import type { Output } from './output.ts';
import type { ChosenProcesses } from './process-patterns.ts';
import { programEnd } from './program-end.ts';
import type { ProgramFile } from './program-file.ts';
import type { Progress } from './progress.ts';
import type { CustomEvents } from './protocol.ts';
import type { RuntimeProcess } from './runtime-process.ts';
import type { SessionLog } from './session-log.ts';
import { SourceFiles } from './source-files.ts';
import type { SourcesAhead } from './sources-ahead.ts';
import { Stepping } from './stepping.ts';
import { processStopped, stoppedEvent } from './stopped-event.ts';
import { Threads } from './threads.ts';
import { SourceFrames } from './values/frames.ts';
import { ManagedClasses } from './values/managed/classes.ts';

/** Milliseconds between two notifications of what has changed, at least. */
const WATCH_INTERVAL = 200;

/** The part of a session that its debuggee uses; see `Session`. */
export interface DebuggeeSession extends ClientCounts {
  readonly ids: Ids;
  readonly log: SessionLog;
  readonly progress: Progress;
  sendEvent(event: DebugProtocol.Event): void;
}

export interface DebuggeeOptions {
  readonly client: Inspected;
  /** The file of the program's own module. */
  readonly file: ProgramFile;
  /** The runtime, if this session has started it. */
  readonly process?: RuntimeProcess;
  readonly output: Output;
  /** The session that it is part of. */
  readonly session: DebuggeeSession;
  /** Whether its processes stop for nothing. */
  readonly noDebug: boolean;
  readonly stopOnEntry: boolean;
  /** What was read of a program while it started. */
  readonly ahead?: SourcesAhead | undefined;
  /** Where sources are that modules name otherwise. */
  readonly sourceFileMap: Readonly<Record<string, string>>;
  /** In which processes it stops. */
  readonly chosen: ChosenProcesses;
}

/** The running program of a session, launched or attached to. */
export class Debuggee {
  readonly client: Inspected;
  /** The file of the program's own module; null if it is not known. */
  readonly path: string | null;
  readonly threads: Threads;
  readonly disassemblies: Disassemblies;
  readonly classes: ManagedClasses;
  readonly sources: ModuleSources;
  readonly files: SourceFiles;
  readonly calls: Calls;
  readonly finder: BreakpointFinder;
  readonly names: NameFinder;
  readonly breakpoints: Breakpoints;
  readonly dataBreakpoints: DataBreakpoints;
  readonly eventFilters: EventFilters;
  readonly frames: SourceFrames;
  readonly held = new Map<ProcessKey, Held>();
  /** Resolves when the client has been told that the session is over. */
  readonly terminated: Promise<void>;
  readonly #options: DebuggeeOptions;
  readonly #stepping: Stepping;
  /** Processes that this session is resuming: the client knows that they go on. */
  readonly #resuming = new Set<ProcessKey>();
  /** In the order in which they were seen. */
  readonly #modules = new Set<ModuleKey>();
  #events: HeldEvents;
  #chosen: ChosenProcesses;
  #watching = false;
  /** All processes were paused at once, and have not gone on at once since. */
  #areAllPaused = false;
  #ended: Notifications['ended'] | undefined;
  #isRetired = false;

  constructor(options: DebuggeeOptions) {
    const { client, session, noDebug } = options;
    this.client = client;
    this.#options = options;
    this.#events = { traps: !noDebug, failedExits: !noDebug, spawns: false };
    this.#chosen = options.chosen;
    const send = (event: DebugProtocol.Event) => this.#send(event);
    const describe = (process: ProcessKey) => client.request('process/get', { process });
    this.threads = new Threads(
      session.ids,
      send,
      describe,
      (process) => this.#areAllPaused || this.held.has(process),
    );
    const bytesOf = async (module: ModuleKey): Promise<Uint8Array> => {
      const known = module === MAIN_MODULE ? await options.ahead?.bytes() : null;
      if (known != null) return known;
      const { data } = await client.request('module/bytes', { module });
      return Buffer.from(data, 'base64');
    };
    this.disassemblies = new Disassemblies(bytesOf, session.ids);
    this.classes = new ManagedClasses(bytesOf);
    this.path = options.file.path;
    this.sources = new ModuleSources(client, this.path, options.ahead);
    this.files = new SourceFiles(options.sourceFileMap, this.path);
    const newer = new NewerSources(this.path, (source) =>
      this.#say(
        `${printableLines(source)} was changed after the program was built: lines and variables may not be where they are shown. Build it again, or let "preLaunchTask" do that.`,
      ),
    );
    this.calls = new Calls(this.sources, this.files, this.disassemblies, session.ids, newer);
    this.finder = new BreakpointFinder(this.sources, this.files, this.disassemblies, session.progress);
    this.names = new NameFinder(this.disassemblies, this.sources, this.classes);
    this.breakpoints = new Breakpoints(client, this.finder, this.names, send, (breakpoint) =>
      breakpointInfo(session, breakpoint),
    );
    this.frames = new SourceFrames(
      client,
      this.sources,
      (module, index) => this.calls.functionInTable(module, index),
      (process) => this.stack(process),
      (process) => this.held.get(process),
    );
    this.dataBreakpoints = new DataBreakpoints(client, this.calls, () => this.breakpoints.takeId(), send);
    this.eventFilters = new EventFilters(
      client,
      () => this.breakpoints.takeId(),
      send,
      (events) => this.#holdAt(events),
      noDebug,
    );
    this.#stepping = new Stepping(client, this.calls, this.sources);
    this.#on('processes/changed', (changes) => this.#changed(changes));
    this.#on('process/stopped', (event) => this.#stopped(event));
    this.#on('process/continued', ({ process }) => this.#continued(process));
    this.#on('processes/stopped', () => this.#allStopped());
    this.#on('processes/continued', () => this.#allContinued());
    this.#on('module/added', ({ module }) => {
      this.#addModule(module).finally(() => this.#isReady(module));
    });
    this.#on('logged', (logged) => {
      for (const event of logEvents(logged, this.breakpoints, session)) this.#send(event);
    });
    this.#on('breakpoint/failed', ({ id, problem }) => {
      this.breakpoints.failed(id, problem);
      this.dataBreakpoints.failed(id, problem);
      this.eventFilters.failed(id, problem);
    });
    this.#on('output', ({ stream, data }) => options.output.print(stream, Buffer.from(data, 'base64')));
    this.#on('ended', (ended) => {
      this.#ended = ended;
    });
    this.terminated = this.#waitForEnd();
  }

  /** Begins to send the client what happens, and starts a program that waits for that. */
  async begin(): Promise<void> {
    if (this.#chosen.only.length + this.#chosen.except.length > 0) await this.choose(this.#chosen);
    await this.#watch();
    const { client, stopOnEntry, noDebug } = this.#options;
    // Those that are seen from now on are waited for.
    await Promise.all([...this.#modules].map((module) => this.#isReady(module)));
    if (client.welcome.waiting) await client.request('start', { pauseRoot: stopOnEntry && !noDebug });
  }

  /**
   * Opens the main module, so that breakpoints are in it before the program begins. Where tests are run, modules are loaded
   * later.
   */
  async prepare(): Promise<this> {
    const { problem } = this.#options.file;
    if (problem !== undefined) this.#say(problem);
    try {
      await this.client.request('module/get', { module: MAIN_MODULE });
      await this.#addModule(MAIN_MODULE);
    } catch (error) {
      if (!(error instanceof InspectRequestError || error instanceof InspectClosedError)) throw error;
    }
    return this;
  }

  /** Listens to the runtime. What goes wrong is in the log, and does not end the connection. */
  #on<Name extends keyof Notifications>(name: Name, listener: (event: Notifications[Name]) => void): void {
    this.client.on(name, (event) => {
      try {
        listener(event);
      } catch (error) {
        this.#options.session.log.failed(name, error);
      }
    });
  }

  /** From now on holds processes at these events. */
  async #holdAt(events: HeldEvents): Promise<void> {
    this.#events = this.#options.noDebug ? NO_EVENTS : events;
    if (this.#watching) await this.#watch();
  }

  /** In which processes breakpoints and failures stop. */
  get chosen(): ChosenProcesses {
    return this.#chosen;
  }

  async choose(chosen: ChosenProcesses): Promise<void> {
    await this.client.request('processes/choose', { ...chosen });
    this.#chosen = chosen;
  }

  async #watch(): Promise<void> {
    this.#watching = true;
    await this.client.request('watch', {
      processes: WATCH_INTERVAL,
      ...this.#events,
      modules: this.#stopsAtPlaces,
      // The output of a runtime that was started here comes through its streams.
      output: this.#options.process === undefined,
    });
  }

  /** The stack of a process. That of a held process is known already. */
  stack(process: ProcessKey): Promise<Stack> {
    return this.held.get(process)?.stack ?? this.client.request('process/stack', { process });
  }

  /** Lets everything go on. Processes that have failed end. */
  async resumeAll(): Promise<void> {
    if (this.#areAllPaused) await this.client.request('processes/resume', {});
    await Promise.all([...this.held.keys()].map((process) => this.resume(process)));
  }

  async resume(process: ProcessKey): Promise<void> {
    this.#stepping.forget(process);
    await this.#resumes(process, async () => {
      await this.client.request('process/resume', { process });
      return true;
    });
  }

  /**
   * Writes to the standard input of the program; null ends it.
   * @throws AdapterError if it has no input that can be written to from here
   */
  giveInput(text: string | null): void {
    const { process } = this.#options;
    if (process === undefined) {
      const message = this.client.isRunning
        ? 'The program gets its input where it was started: this session only attached to it'
        : DUMP_REFUSAL;
      throw new AdapterError(ErrorId.Refused, message);
    }
    if (!process.takesInput) {
      throw new AdapterError(ErrorId.Refused, 'The standard input of the program is a file, or has ended');
    }
    process.write(text);
  }

  /** Those of which processes have been seen. */
  get modules(): readonly ModuleKey[] {
    return [...this.#modules];
  }

  /** Ends the program. A program that was attached to is ended by killing its root processes. */
  async end(): Promise<void> {
    const { process, client } = this.#options;
    if (process !== undefined) {
      await process.end();
    } else if (!client.isRunning) {
      await client.close();
    } else {
      const { processes } = await client.request('process/list', { filter: { parent: null } });
      for (const { key } of processes) await this.#kill(key);
    }
  }

  async #kill(process: ProcessKey): Promise<void> {
    try {
      await this.client.request('process/kill', { process });
    } catch (error) {
      // It has ended by itself, and perhaps the program with it.
      if (error instanceof InspectRequestError) return;
      if (this.#ended === undefined) throw error;
    }
  }

  /** From now on says nothing to the client, which is told that all threads have ended: the program is launched anew. */
  retire(): void {
    this.threads.endAll();
    this.#options.session.ids.forgetSources();
    this.#isRetired = true;
  }

  /** Disconnects from the program. Its paused and held processes go on then. */
  async detach(): Promise<void> {
    await this.client.close();
    this.sources.close();
    this.disassemblies.close();
  }

  #changed(changes: Notifications['processes/changed']): void {
    for (const { process } of changes.ended) {
      this.held.delete(process);
      this.#stepping.forget(process);
    }
    for (const { module } of changes.started) this.#addModule(module);
    this.threads.change(changes);
    this.#sendCustom('lunatic/processesChanged', changes);
  }

  #stopped(event: Notifications['process/stopped']): void {
    const { process, why } = event;
    if (this.#options.noDebug && why === 'failure') return;
    this.#addModule(process.module);
    const held = new Held(event, this.#prepareStack(process.key));
    this.held.set(process.key, held);
    if (why === 'breakpoint' || why === 'step') {
      this.#stoppedAtSite(event, held);
      return;
    }
    this.#stepping.forget(process.key);
    if (event.change !== undefined) this.#dataChanged(event, event.change, held);
    else this.#tellStopped(event, event.breakpoints);
  }

  /** Tells the client what has changed, and where. */
  async #dataChanged(event: Notifications['process/stopped'], change: DataChange, held: Held): Promise<void> {
    let told: ChangeText = { text: 'the data has changed' };
    try {
      told = await this.dataBreakpoints.describe(change);
    } catch (error) {
      this.#options.session.log.failed('process/stopped', error);
    }
    if (this.held.get(event.process.key) !== held) return;
    const { text, source, line } = told;
    const printed = new OutputEvent(`${processName(event.process)}: ${text}\n`, 'console');
    const { session } = this.#options;
    if (source !== undefined && line !== undefined)
      Object.assign(printed.body, { source, line: session.toClientLine(line) });
    this.#send(printed);
    this.#tellStopped(event, event.breakpoints, text);
  }

  /** Whether processes stop at breakpoints. */
  get #stopsAtPlaces(): boolean {
    return this.breakpoints.areSupported && !this.#options.noDebug;
  }

  /** Resolves when all breakpoints are in a module. */
  async #addModule(module: ModuleKey): Promise<void> {
    const isNew = !this.#modules.has(module);
    this.#modules.add(module);
    if (isNew) this.#tellModule(module);
    try {
      await this.breakpoints.add(module);
    } catch (error) {
      this.#options.session.log.failed('breakpoints', error);
    }
  }

  /** Lets processes of a module begin. */
  async #isReady(module: ModuleKey): Promise<void> {
    if (!this.#stopsAtPlaces) return;
    try {
      await this.client.request('module/ready', { module });
    } catch (error) {
      // The module is in use no more, or the runtime knows no such request, nor waits.
      if (!(error instanceof InspectRequestError || error instanceof InspectClosedError)) throw error;
    }
  }

  #tellModule(module: ModuleKey): void {
    const name = moduleName(module, module === MAIN_MODULE ? this.client.welcome.program : undefined);
    const path = module === MAIN_MODULE && this.path !== null ? { path: this.path } : {};
    this.#send(new ModuleEvent('new', { id: module, name, ...path }));
  }

  /** Tells the client where a process has come to, unless that is no place to stand. */
  async #stoppedAtSite(event: Notifications['process/stopped'], held: Held): Promise<void> {
    const { key, module } = event.process;
    const isCurrent = () => this.held.get(key) === held;
    try {
      const { frames } = await held.stack;
      if (!isCurrent()) return;
      const goesOn = () =>
        event.why === 'step' ? this.#stepping.goesOn(key, frames) : this.#stepping.passes(key, frames);
      if (await this.#resumes(key, goesOn)) return;
      const hit = event.breakpoints ?? this.breakpoints.at(module, frames[0]?.offset ?? -1);
      if (isCurrent()) this.#tellStopped(event, event.why === 'breakpoint' ? hit : []);
    } catch (error) {
      // It has ended meanwhile, or the program has.
      if (isCurrent()) this.#tellStopped(event);
      this.#options.session.log.failed('process/stopped', error);
    }
  }

  #tellStopped(event: Notifications['process/stopped'], hit: readonly number[] = [], text?: string): void {
    const threadId = this.threads.show(event.process);
    const filter = this.eventFilters.nameOf(hit);
    this.#send(processStopped(event, { threadId, hit: this.eventFilters.toClient(hit), text, filter }));
  }

  /**
   * Lets a process that stands still run up to another place.
   * @param byInstruction whether that may be in the same line
   * @param target the function into which a step goes, past others that the line calls
   */
  async step(process: ProcessKey, kind: StepKind, byInstruction: boolean, target?: number): Promise<void> {
    const held = this.held.get(process);
    // Its only way on is to its end.
    if (held?.why === 'failure') return await this.resume(process);
    const { frames } = await this.stack(process);
    await this.#resumes(process, async () => {
      await this.#stepping.step(process, kind, frames, byInstruction, target);
      return true;
    });
  }

  /** Begins a process anew that stands still. It stops at its first line. */
  async restart(process: ProcessKey): Promise<void> {
    this.#stepping.forget(process);
    await this.#resumes(process, async () => {
      await this.client.request('process/restart', { process });
      return true;
    });
  }

  /** The functions into which a step of a process may go. */
  async stepTargets(process: ProcessKey): Promise<Names> {
    return await this.#stepping.targets((await this.stack(process)).frames);
  }

  /** Has a process stand still where it is next seen, whatever step it is in the midst of. */
  async pause(process: ProcessKey): Promise<void> {
    this.#stepping.forget(process);
    await this.client.request('process/pause', { process });
  }

  /** Lets a process go on, of which the client is not told in an event. */
  async #resumes(process: ProcessKey, resume: () => Promise<boolean>): Promise<boolean> {
    const held = this.held.get(process);
    this.#resuming.add(process);
    try {
      const goesOn = await resume();
      // It may stand still again already.
      if (goesOn && this.held.get(process) === held) this.#goesOn(process);
      return goesOn;
    } finally {
      this.#resuming.delete(process);
    }
  }

  /**
   * Requests a stack and the places of its innermost calls at once: the client will ask for them as soon as it has read that the
   * process has stopped. Whoever asks gets the stack when the place of the innermost one is there, so that answers keep the order
   * of requests. Texts of other functions without a source can take longer: a client asks for one call first.
   */
  async #prepareStack(process: ProcessKey): Promise<Stack> {
    const stack = await this.client.request('process/stack', { process });
    try {
      const calls = await this.calls.of(stack.frames.slice(0, FIRST_FRAMES));
      const located = calls.slice(0, FIRST_FRAMES).map((call) => this.calls.locate(call));
      for (const other of located) other.catch(() => {});
      await located[0];
    } catch {
      // Whoever asks for them is told.
    }
    return stack;
  }

  /** Forgets what is only true as long as a process stands still. Returns whether it was held. */
  #goesOn(process: ProcessKey): boolean {
    this.#options.session.ids.forgetValues(process);
    return this.held.delete(process);
  }

  #continued(process: ProcessKey): void {
    const wasHeld = this.#goesOn(process);
    const threadId = this.#options.session.ids.knownThread(process);
    // If the client has asked for it, the response tells it.
    const stoodStill = wasHeld || this.#areAllPaused;
    if (this.#resuming.has(process)) return;
    this.#stepping.forget(process);
    if (!stoodStill || threadId === undefined) return;
    this.#send(new ContinuedEvent(threadId, false));
  }

  /** Tells the client that all processes are paused. */
  #allStopped(): void {
    this.#areAllPaused = true;
    const [thread] = this.threads.list();
    if (thread === undefined) return;
    this.#send(stoppedEvent({ reason: 'pause', threadId: thread.id, allThreadsStopped: true }));
  }

  /** Tells the client that all processes go on, and then that those which have failed do not. */
  #allContinued(): void {
    this.#areAllPaused = false;
    const [thread] = this.threads.list();
    if (thread === undefined) return;
    for (const [process, { why }] of this.held) if (why !== 'failure') this.held.delete(process);
    this.#options.session.ids.forgetAllValues();
    this.#send(new ContinuedEvent(thread.id, true));
    for (const process of this.held.keys()) {
      const body = {
        reason: 'exception',
        threadId: this.#options.session.ids.thread(process),
        allThreadsStopped: false,
      };
      this.#send(stoppedEvent({ ...body, preserveFocusHint: true }));
    }
  }

  #send(event: DebugProtocol.Event): void {
    if (!this.#isRetired) this.#options.session.sendEvent(event);
  }

  #sendCustom<Name extends keyof CustomEvents>(name: Name, body: CustomEvents[Name]): void {
    this.#send(new Event(name, body));
  }

  async #waitForEnd(): Promise<void> {
    const { process, output } = this.#options;
    const exitCode = await programEnd({
      client: this.client,
      process,
      ended: () => this.#ended,
      say: (text) => this.#say(text),
    });
    output.end();
    this.threads.dispose();
    if (exitCode !== undefined) this.#send(new ExitedEvent(exitCode));
    this.#send(new TerminatedEvent());
  }

  #say(text: string): void {
    this.#send(new OutputEvent(`${text}\n`, 'console'));
  }
}
