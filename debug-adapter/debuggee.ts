import { Event, ExitedEvent, ModuleEvent, OutputEvent, TerminatedEvent } from '@vscode/debugadapter';
import type { DebugProtocol } from '@vscode/debugprotocol';
import type { ModuleKey, Notifications, ProcessKey } from '../runtime/inspect/protocol.ts';
import { printableLines } from '../runtime/inspect/view/index.ts';
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
import { DataBreakpoints } from './data-breakpoints.ts';
import { Disassemblies } from './disassembly.ts';
import { AdapterError, ErrorId } from './errors.ts';
import { EventFilters } from './event-filters.ts';
import { type HeldEvents, NO_EVENTS } from './event-kinds.ts';
import type { Ids } from './ids.ts';
import { logEvents } from './log-events.ts';
import { MAIN_MODULE, ModuleSources, moduleName } from './module-sources.ts';
import { NewerSources } from './newer-sources.ts';
import { DimmedOutput, type Output } from './output.ts';
import type { ChosenProcesses } from './process-patterns.ts';
import { programEnd } from './program-end.ts';
import type { ProgramFile } from './program-file.ts';
import type { Progress } from './progress.ts';
import type { CustomEvents } from './protocol.ts';
import type { RuntimeProcess } from './runtime-process.ts';
import type { SessionLog } from './session-log.ts';
import { SourceFiles } from './source-files.ts';
import type { SourcesAhead } from './sources-ahead.ts';
import { StoppedProcesses } from './stopped-processes.ts';
import { Threads } from './threads.ts';
import { Traps } from './traps.ts';
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
  readonly stops: StoppedProcesses;
  readonly traps: Traps;
  /** Resolves when the client has been told that the session is over. */
  readonly terminated: Promise<void>;
  readonly #options: DebuggeeOptions;
  /** In the order in which they were seen. */
  readonly #modules = new Set<ModuleKey>();
  #events: HeldEvents;
  #chosen: ChosenProcesses;
  #watching = false;
  #ended: Notifications['ended'] | undefined;
  #isRetired = false;
  #isLeft = false;

  constructor(options: DebuggeeOptions) {
    const { client, session, noDebug } = options;
    this.client = client;
    this.#options = options;
    this.#events = { traps: !noDebug, failedExits: !noDebug, spawns: false };
    this.#chosen = options.chosen;
    const send = (event: DebugProtocol.Event) => this.#send(event);
    const describe = (process: ProcessKey) => client.request('process/get', { process });
    this.threads = new Threads(session.ids, send, describe, (process) => this.stops.has(process));
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
    this.calls = new Calls(this.path, this.sources, this.files, this.disassemblies, session.ids, newer);
    this.finder = new BreakpointFinder(this.sources, this.files, this.disassemblies, session.progress);
    this.names = new NameFinder(this.disassemblies, this.sources, this.classes);
    this.breakpoints = new Breakpoints(client, this.finder, this.names, send, (breakpoint) =>
      breakpointInfo(session, breakpoint),
    );
    this.frames = new SourceFrames(
      client,
      this.sources,
      (module, index) => this.calls.functionInTable(module, index),
      (module, name) => this.disassemblies.placeInTable(module, name),
      (process) => this.stops.stack(process),
      (process) => this.stops.held.get(process),
    );
    this.dataBreakpoints = new DataBreakpoints(
      client,
      this.calls,
      () => this.breakpoints.takeId(),
      send,
      (process) => this.frames.of({ process, depth: 0, inlined: 0 }),
    );
    this.eventFilters = new EventFilters(
      client,
      () => this.breakpoints.takeId(),
      send,
      (events) => this.#holdAt(events),
      noDebug,
    );
    const { sources, calls, threads, breakpoints, dataBreakpoints, eventFilters } = this;
    const parts = { sources, calls, threads, breakpoints, dataBreakpoints, eventFilters };
    this.stops = new StoppedProcesses({ client, session, send, ...parts });
    this.traps = new Traps(calls, session, (event) => this.#sendCustom('lunatic/trapped', event));
    this.#on('processes/changed', (changes) => this.#changed(changes));
    this.#on('process/stopped', (event) => {
      if (noDebug && event.why === 'failure') return;
      this.#addModule(event.process.module);
      this.stops.stopped(event);
      const { process } = event;
      if (process.end?.kind === 'trapped')
        this.traps.held(process, process.end, this.stops.stack(process.key));
    });
    this.#on('process/trapped', ({ process, end, stack }) => this.traps.ended(process, end, stack));
    this.#on('process/continued', ({ process }) => this.stops.continued(process));
    this.#on('processes/stopped', () => this.stops.allStopped());
    this.#on('processes/continued', () => this.stops.allContinued());
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
    this.#on('end/put-off', ({ reason }) => {
      const text = `${printableLines(reason)}; the program ends when no other process stands still or steps.\n`;
      this.#send(new OutputEvent(text, 'console'));
    });
    this.#on('ended', (ended) => {
      this.#ended = ended;
      // The runtime waits for that where a process has trapped.
      this.traps.settled().then(() => client.close());
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
      trapped: true,
      // The output of a runtime that was started here comes through its streams.
      output: this.#options.process === undefined,
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
    this.#isLeft = true;
    await this.client.close();
    this.sources.close();
    this.disassemblies.close();
  }

  #changed(changes: Notifications['processes/changed']): void {
    for (const { process } of changes.ended) this.stops.ended(process);
    for (const { module } of changes.started) this.#addModule(module);
    this.threads.change(changes);
    this.#sendCustom('lunatic/processesChanged', changes);
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
      isLeft: () => this.#isLeft,
      say: (text) => this.#say(text),
      mention: (text) => this.#send(new DimmedOutput(`${text}\n`)),
      hasSaid: (text) => output.hasSaid(text),
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
