import { ContinuedEvent, OutputEvent } from '@vscode/debugadapter';
import type { DebugProtocol } from '@vscode/debugprotocol';
import type { DataChange, Notifications, ProcessKey, Stack, StepKind } from '../runtime/inspect/protocol.ts';
import { processName } from '../runtime/inspect/view/index.ts';
import type { Inspected } from '../runtime/internal.ts';
import type { ClientCounts } from './breakpoint-info.ts';
import type { Breakpoints } from './breakpoints.ts';
import type { Calls } from './calls.ts';
import type { ChangeText, DataBreakpoints } from './data-breakpoints.ts';
import type { Names } from './disassembler.ts';
import type { EventFilters } from './event-filters.ts';
import { FIRST_FRAMES, Held } from './held.ts';
import type { Ids } from './ids.ts';
import type { ModuleSources } from './module-sources.ts';
import type { SessionLog } from './session-log.ts';
import { Stepping } from './stepping.ts';
import { processStopped, stoppedEvent } from './stopped-event.ts';
import type { Threads } from './threads.ts';

/** What it uses of the debuggee. */
export interface StopParts {
  readonly client: Inspected;
  readonly session: ClientCounts & { readonly ids: Ids; readonly log: SessionLog };
  readonly sources: ModuleSources;
  readonly calls: Calls;
  readonly threads: Threads;
  readonly breakpoints: Breakpoints;
  readonly dataBreakpoints: DataBreakpoints;
  readonly eventFilters: EventFilters;
  send(event: DebugProtocol.Event): void;
}

/** The processes that stand still: how they go on, and what the client is told of both. */
export class StoppedProcesses {
  readonly held = new Map<ProcessKey, Held>();
  readonly #parts: StopParts;
  readonly #client: Inspected;
  readonly #stepping: Stepping;
  /** Processes that this session is resuming: the client knows that they go on. */
  readonly #resuming = new Set<ProcessKey>();
  /** All processes were paused at once, and have not gone on at once since. */
  #areAllPaused = false;

  constructor(parts: StopParts) {
    this.#parts = parts;
    this.#client = parts.client;
    this.#stepping = new Stepping(parts.client, parts.calls, parts.sources);
  }

  /** Whether a process stands still. */
  has(process: ProcessKey): boolean {
    return this.#areAllPaused || this.held.has(process);
  }

  /** Called when a process has ended. */
  ended(process: ProcessKey): void {
    this.held.delete(process);
    this.#stepping.forget(process);
  }

  /** The stack of a process. That of a held process is known already. */
  stack(process: ProcessKey): Promise<Stack> {
    return this.held.get(process)?.stack ?? this.#client.request('process/stack', { process });
  }

  /** Lets everything go on. Processes that have failed end. */
  async resumeAll(): Promise<void> {
    if (this.#areAllPaused) await this.#client.request('processes/resume', {});
    await Promise.all([...this.held.keys()].map((process) => this.resume(process)));
  }

  async resume(process: ProcessKey): Promise<void> {
    this.#stepping.forget(process);
    await this.#resumes(process, async () => {
      await this.#client.request('process/resume', { process });
      return true;
    });
  }

  /** Called when a process has stopped. */
  stopped(event: Notifications['process/stopped']): void {
    const { process, why } = event;
    const held = new Held(event, this.#prepareStack(process.key));
    this.held.set(process.key, held);
    if (why === 'breakpoint' || why === 'step' || why === 'restart') {
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
      const { frames } = await held.stack;
      told = await this.#parts.dataBreakpoints.describe(change, frames);
    } catch (error) {
      this.#parts.session.log.failed('process/stopped', error);
    }
    if (this.held.get(event.process.key) !== held) return;
    const { text, source, line } = told;
    const printed = new OutputEvent(`${processName(event.process)}: ${text}\n`, 'console');
    const { session } = this.#parts;
    if (source !== undefined && line !== undefined)
      Object.assign(printed.body, { source, line: session.toClientLine(line) });
    this.#parts.send(printed);
    this.#tellStopped(event, event.breakpoints, text);
  }

  /** Tells the client where a process has come to, unless that is no place to stand. */
  async #stoppedAtSite(event: Notifications['process/stopped'], held: Held): Promise<void> {
    const { key, module } = event.process;
    const isCurrent = () => this.held.get(key) === held;
    try {
      const { frames } = await held.stack;
      if (!isCurrent()) return;
      const isBeginning = this.#stepping.isBeginning(key);
      const goesOn = () => {
        if (event.why === 'restart') return this.#stepping.begins(key, frames);
        return event.why === 'step' ? this.#stepping.goesOn(key, frames) : this.#stepping.passes(key, frames);
      };
      if (await this.#resumes(key, goesOn)) return;
      const hit = event.breakpoints ?? this.#parts.breakpoints.at(module, frames[0]?.offset ?? -1);
      const told = isBeginning && event.why === 'step' ? { ...event, why: 'restart' as const } : event;
      if (isCurrent()) this.#tellStopped(told, event.why === 'breakpoint' ? hit : []);
    } catch (error) {
      // It has ended meanwhile, or the program has.
      if (isCurrent()) this.#tellStopped(event);
      this.#parts.session.log.failed('process/stopped', error);
    }
  }

  #tellStopped(event: Notifications['process/stopped'], hit: readonly number[] = [], text?: string): void {
    const threadId = this.#parts.threads.show(event.process);
    const filter = this.#parts.eventFilters.nameOf(hit);
    this.#parts.send(
      processStopped(event, { threadId, hit: this.#parts.eventFilters.toClient(hit), text, filter }),
    );
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
      await this.#client.request('process/restart', { process });
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
    await this.#client.request('process/pause', { process });
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
    const stack = await this.#client.request('process/stack', { process });
    try {
      const calls = await this.#parts.calls.of(stack.frames.slice(0, FIRST_FRAMES));
      const located = calls.slice(0, FIRST_FRAMES).map((call) => this.#parts.calls.locate(call));
      for (const other of located) other.catch(() => {});
      await located[0];
    } catch {
      // Whoever asks for them is told.
    }
    return stack;
  }

  /** Forgets what is only true as long as a process stands still. Returns whether it was held. */
  #goesOn(process: ProcessKey): boolean {
    this.#parts.session.ids.forgetValues(process);
    return this.held.delete(process);
  }

  /** Called when a process goes on. */
  continued(process: ProcessKey): void {
    const wasHeld = this.#goesOn(process);
    const threadId = this.#parts.session.ids.knownThread(process);
    // If the client has asked for it, the response tells it.
    const stoodStill = wasHeld || this.#areAllPaused;
    if (this.#resuming.has(process)) return;
    this.#stepping.forget(process);
    if (!stoodStill || threadId === undefined) return;
    this.#parts.send(new ContinuedEvent(threadId, false));
  }

  /** Tells the client that all processes are paused. */
  allStopped(): void {
    this.#areAllPaused = true;
    const [thread] = this.#parts.threads.list();
    if (thread === undefined) return;
    this.#parts.send(stoppedEvent({ reason: 'pause', threadId: thread.id, allThreadsStopped: true }));
  }

  /** Tells the client that all processes go on, and then that those which have failed do not. */
  allContinued(): void {
    this.#areAllPaused = false;
    const [thread] = this.#parts.threads.list();
    if (thread === undefined) return;
    for (const [process, { why }] of this.held) if (why !== 'failure') this.held.delete(process);
    this.#parts.session.ids.forgetAllValues();
    this.#parts.send(new ContinuedEvent(thread.id, true));
    for (const process of this.held.keys()) {
      const body = {
        reason: 'exception',
        threadId: this.#parts.session.ids.thread(process),
        allThreadsStopped: false,
      };
      this.#parts.send(stoppedEvent({ ...body, preserveFocusHint: true }));
    }
  }
}
