import * as vscode from 'vscode';
import type { CustomEvents, CustomRequests } from '../../debug-adapter/index.ts';
import {
  MAX_CHANGES,
  MAX_PAGE,
  type ProcessEnd,
  type ProcessInfo,
  type ProcessKey,
} from '../../runtime/inspect/protocol.ts';
import { ProcessModel } from '../../runtime/inspect/view/index.ts';
import { DEBUG_TYPE } from '../debug-type.ts';
import { type Log, messageOf } from '../log.ts';

/** Minimum milliseconds between two readings of the whole process tree, if notifications do not add up. */
const RELOAD_INTERVAL = 2000;

type Changes = CustomEvents['lunatic/processesChanged'];

/** A program that runs in a debug session, with or without debugging, and what is known of its processes. */
export class Program {
  readonly session: vscode.DebugSession;
  readonly model = new ProcessModel();
  readonly #log: Log;
  #loading: Promise<void> | undefined;
  #loadedAt = 0;
  #isOver = false;

  constructor(session: vscode.DebugSession, log: Log) {
    this.session = session;
    this.#log = log;
  }

  get id(): string {
    return this.session.id;
  }

  get name(): string {
    return this.session.name;
  }

  /** Whether the program runs without debugging: processes that trap end, and nothing stops. */
  isPlainRun = false;

  /** Sends a request to the runtime. Rejects with the runtime's error, and if the program has ended. */
  async request<Name extends keyof CustomRequests>(
    name: Name,
    params: CustomRequests[Name]['params'],
  ): Promise<CustomRequests[Name]['result']> {
    return await this.session.customRequest(name, params);
  }

  /** Reads the pages of the process tree, up to the number of processes that the model keeps. */
  load(): Promise<void> {
    this.#loading ??= this.#readPages().finally(() => {
      this.#loading = undefined;
    });
    return this.#loading;
  }

  /** Applies changes to the model. Resolves when the model is up to date. */
  async change(changes: Changes): Promise<void> {
    this.model.apply(changes);
    if (this.#addsUp(changes) || this.#loading !== undefined) return;
    if (performance.now() - this.#loadedAt > RELOAD_INTERVAL) await this.load();
  }

  /**
   * Asks for one process, after something was done to it: notifications about thousands of others may come first. Resolves when
   * the model is up to date.
   * @param end how the process has ended if it is gone
   */
  async look(process: ProcessKey, end?: ProcessEnd): Promise<void> {
    const { total } = this.model;
    try {
      const info = await this.request('lunatic/process', { process });
      this.model.apply({ started: [], changed: [info], ended: [], total });
    } catch {
      const known = this.model.get(process);
      if (end === undefined || known === undefined || known.state === 'ended') return;
      const ended = [{ process, end, time: Date.now() }];
      this.model.apply({ started: [], changed: [], ended, total: this.model.total - 1 });
    }
  }

  end(): void {
    this.#isOver = true;
  }

  /** Whether the model has as many processes as there are, or the next notification brings the missing ones. */
  #addsUp({ started, changed, ended }: Changes): boolean {
    const { size, total, isFull } = this.model;
    const isPart = [started, changed, ended].some((list) => list.length >= MAX_CHANGES);
    return isPart || size === total || isFull;
  }

  async #readPages(): Promise<void> {
    const processes: ProcessInfo[] = [];
    let after: ProcessKey | undefined;
    try {
      do {
        const page = await this.request('lunatic/processes', {
          limit: MAX_PAGE,
          ...(after === undefined ? {} : { after }),
        });
        processes.push(...page.processes);
        after = page.next;
        if (after === undefined) this.model.replace(processes, page.total);
        else this.model.addPage(page);
      } while (after !== undefined && !this.model.isFull);
    } catch (error) {
      if (!this.#isOver)
        this.#log.warn(`The processes of ${this.name} could not be read: ${messageOf(error)}`);
    }
    this.#loadedAt = performance.now();
  }
}

/** The programs of all debug sessions of type `lunatic`. */
export class Programs implements vscode.Disposable, vscode.DebugAdapterTrackerFactory {
  readonly #programs = new Map<string, Program>();
  /** Ids of sessions that were launched without debugging and have not started yet. */
  readonly #plainRuns = new Set<string>();
  /** Ids of sessions that have ended: an event of one may come later. */
  readonly #ended = new Set<string>();
  readonly #log: Log;
  readonly #listChanged = new vscode.EventEmitter<void>();
  readonly #processesChanged = new vscode.EventEmitter<Program>();
  readonly #subscriptions: vscode.Disposable;
  /** Fires when a program has started or ended. */
  readonly onDidChangeList = this.#listChanged.event;
  /** Fires when the model of a program has changed. */
  readonly onDidChangeProcesses = this.#processesChanged.event;

  constructor(log: Log) {
    this.#log = log;
    this.#subscriptions = vscode.Disposable.from(
      this.#listChanged,
      this.#processesChanged,
      vscode.debug.registerDebugAdapterTrackerFactory(DEBUG_TYPE, this),
      vscode.debug.onDidStartDebugSession((session) => {
        this.#ended.delete(session.id);
        this.#add(session);
      }),
      vscode.debug.onDidTerminateDebugSession((session) => this.#remove(session)),
      vscode.debug.onDidReceiveDebugSessionCustomEvent((event) => this.#receive(event)),
    );
  }

  dispose(): void {
    this.#subscriptions.dispose();
  }

  /** Notes whether a session is without debugging: only its launch request says so. */
  createDebugAdapterTracker(session: vscode.DebugSession): vscode.DebugAdapterTracker {
    return {
      onWillReceiveMessage: ({ command, arguments: args }) => {
        if ((command === 'launch' || command === 'attach') && args?.noDebug === true)
          this.#plainRuns.add(session.id);
      },
    };
  }

  get list(): Program[] {
    return [...this.#programs.values()];
  }

  /** Updates what is known of one process, after something was done to it. */
  async look(program: Program, process: ProcessKey, end?: ProcessEnd): Promise<void> {
    await program.look(process, end);
    this.#processesChanged.fire(program);
  }

  get(id: string): Program | undefined {
    return this.#programs.get(id);
  }

  #add(session: vscode.DebugSession): Program | undefined {
    if (session.type !== DEBUG_TYPE || this.#ended.has(session.id)) return undefined;
    const known = this.#programs.get(session.id);
    if (known !== undefined) return known;
    const program = new Program(session, this.#log);
    program.isPlainRun = this.#plainRuns.delete(session.id);
    this.#programs.set(session.id, program);
    this.#listChanged.fire();
    program.load().then(() => this.#processesChanged.fire(program));
    return program;
  }

  #remove(session: vscode.DebugSession): void {
    const program = this.#programs.get(session.id);
    if (program === undefined) return;
    this.#ended.add(session.id);
    program.end();
    this.#programs.delete(session.id);
    this.#listChanged.fire();
  }

  async #receive({ session, event, body }: vscode.DebugSessionCustomEvent): Promise<void> {
    if (event !== 'lunatic/processesChanged') return;
    const program = this.#add(session);
    if (program === undefined) return;
    await program.change(body);
    this.#processesChanged.fire(program);
  }
}
