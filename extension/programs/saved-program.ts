/** Milliseconds without another change: *Save All* saves many files, and linkers write in pieces. */
const CALM = { source: 20, module: 200 } as const;

/** What a running program is made of has changed: a source, or the module itself. */
export interface Change {
  readonly what: 'source' | 'module';
  /** As `performance.now` says it. */
  readonly savedAt: number;
}

/** What is done with a program. */
export interface ProgramActions {
  /** Whether it is to run again when it has changed. */
  readonly isMeant: boolean;
  /** Builds it, and returns the path of its module. */
  build(signal: AbortSignal): Promise<string>;
  /** A digest of a module, or undefined if there is none. */
  digest(module: string): Promise<string | undefined>;
  /** Throws if a module cannot be run. */
  check(module: string): Promise<void>;
  /** Restarts it in its session. */
  restart(module: string): Promise<void>;
  /** Starts it, once it has ended, in another session. Returns whether that begins. */
  start(module: string, savedAt: number): Promise<boolean>;
}

/** Who is told of a program that is built and started again. */
export interface SavedProgramListener {
  builds(): void;
  /** There was nothing to do. */
  waits(): void;
  /** @param milliseconds since the source was saved */
  runs(milliseconds: number): void;
  /** @param error a StartError if the program from before has ended; otherwise it is left as it is */
  failed(error: unknown): void;
}

/** A program was built and has not started, after the one from before had been ended. */
export class StartError extends Error {
  override readonly name = 'StartError';
  readonly code = 'LUNATIC_START';
}

type State = 'starting' | 'running' | 'ended' | 'replaced' | 'taken' | 'stopped';

type Work =
  | { readonly kind: 'none' }
  /** Waits for calm or, without a timer, for the program to begin. */
  | { readonly kind: 'pending'; readonly change: Change; readonly timer: NodeJS.Timeout | undefined }
  | { readonly kind: 'working'; readonly change: Change; readonly abort: AbortController };

const NONE: Work = { kind: 'none' };

/**
 * A program that was launched in a debug session, and is built and started again when what it is made of changes. Its states:
 *
 *     starting   it was launched, for the first time or again, and has not begun
 *     running
 *     ended      by itself
 *     replaced   it has ended, and is being started in another session
 *     taken      the same, by the user and not by Run on Save
 *     stopped    by the user
 *
 *     starting          -> running    it begins
 *     running           -> starting   it is launched again: by Run on Save or by the user
 *     stopped           -> starting   the same, by the user
 *     starting, running -> ended      it ends, or does not start
 *     starting, running -> stopped    the user stops it
 *     ended             -> replaced   it is being started elsewhere
 *     ended, replaced   -> taken      the user starts it
 *     replaced, taken   -> ended      that did not begin. If it did, this program is no longer needed
 *
 * Changes of a program that is running or has ended are worked on at once, others when it begins or that has failed. Those of one that
 * was stopped count for nothing.
 */
export class SavedProgram {
  readonly #actions: ProgramActions;
  readonly #listener: SavedProgramListener;
  #state: State = 'starting';
  #hasBegun = false;
  #work: Work = NONE;
  /** Absolute path of the module that runs, and its digest: undefined if it is not known. */
  #module = '';
  #digest: Promise<string | undefined> = Promise.resolve(undefined);
  /** When the source was saved of a program that has not begun yet. */
  #savedAt: number | undefined;
  /** Whether the last build or start has failed. */
  #hasFailed = false;

  constructor(actions: ProgramActions, listener: SavedProgramListener) {
    this.#actions = actions;
    this.#listener = listener;
  }

  get module(): string {
    return this.#module;
  }

  /** Whether the program has ended by itself. */
  get hasEnded(): boolean {
    return this.#state === 'ended' || this.#state === 'replaced' || this.#state === 'taken';
  }

  /** Whether the user is starting it, after it has ended. */
  get isTaken(): boolean {
    return this.#state === 'taken';
  }

  /** Whether it is being restarted because its source was saved. */
  get isRestarting(): boolean {
    return !this.hasEnded && this.#savedAt !== undefined;
  }

  /** Whether it has run at all. */
  get hasBegun(): boolean {
    return this.#hasBegun;
  }

  // -- what happens to the program -----------------------------------------------------------------------

  /**
   * The program is launched, for the first time or again.
   * @param savedAt when its source was saved, if it is launched for that
   */
  launched(module: string, savedAt = this.#savedAt): void {
    // The user's stop came before the restart, which is refused then.
    if (this.#state === 'stopped' && this.isRestarting) return;
    // What a build is just writing is not certainly what runs.
    const isBeingWritten = this.#work.kind === 'working' && this.#savedAt === undefined;
    this.#state = 'starting';
    this.#module = module;
    this.#savedAt = savedAt;
    this.#digest = isBeingWritten ? Promise.resolve(undefined) : this.#actions.digest(module);
  }

  begins(): void {
    if (this.#state !== 'starting') return;
    this.#state = 'running';
    this.#hasBegun = true;
    if (this.#savedAt !== undefined) this.#listener.runs(performance.now() - this.#savedAt);
    this.#savedAt = undefined;
    this.#hasFailed = false;
    this.#resume();
  }

  ended(): void {
    if (this.#state !== 'starting' && this.#state !== 'running') return;
    this.#state = 'ended';
    this.#resume();
  }

  /** The user ends the session, or VS Code does when the program has ended. */
  disconnects(): void {
    if (this.hasEnded) return;
    this.#state = 'stopped';
    this.cancel();
  }

  /** The user builds it, in order to start it anew. */
  taken(): void {
    this.cancel();
    if (this.hasEnded) this.#state = 'taken';
  }

  /** What was to be started elsewhere does not begin. */
  notStarted(): void {
    if (this.#state !== 'replaced' && this.#state !== 'taken') return;
    this.#state = 'ended';
    this.#resume();
  }

  // -- changes -------------------------------------------------------------------------------------------

  changed(what: Change['what']): void {
    this.#changed({ what, savedAt: performance.now() });
  }

  /** Takes over what has changed of the program that this one replaces. */
  inherit(ended: SavedProgram): void {
    const work = ended.#work;
    if (work.kind === 'pending') this.#changed(work.change);
  }

  /** Gives up what is being built, or is to be. */
  cancel(): void {
    const work = this.#work;
    this.#work = NONE;
    if (work.kind === 'pending') clearTimeout(work.timer);
    if (work.kind === 'working') work.abort.abort();
  }

  #changed(change: Change): void {
    if (this.#state === 'stopped' || !this.#actions.isMeant) return;
    const before = this.#work.kind === 'none' ? undefined : this.#work.change;
    // A build writes the module, which is looked at when it is complete.
    if (this.#work.kind === 'working' && before?.what === 'source' && change.what === 'module') return;
    // What is being built is out of date.
    this.cancel();
    const isOfSource = before?.what === 'source';
    this.#wait(isOfSource ? { ...change, what: 'source' } : change);
  }

  #wait(change: Change): void {
    const isReady = this.#state === 'running' || this.#state === 'ended';
    const timer = isReady ? setTimeout(() => this.#begin(change), CALM[change.what]) : undefined;
    this.#work = { kind: 'pending', change, timer };
  }

  /** Goes on with what has waited. */
  #resume(): void {
    if (this.#work.kind !== 'pending') return;
    clearTimeout(this.#work.timer);
    this.#wait(this.#work.change);
  }

  async #begin(change: Change): Promise<void> {
    const abort = new AbortController();
    const work: Work = { kind: 'working', change, abort };
    this.#work = work;
    const isOver = () => this.#work !== work;
    try {
      const isStarted = await this.#renew(change, abort.signal);
      if (isOver()) return;
      this.#work = NONE;
      // A module that was written again, as it was, has been built without the error.
      if (!isStarted && (change.what === 'source' || this.#hasFailed)) this.#listener.waits();
      this.#hasFailed = false;
    } catch (error) {
      if (isOver()) return;
      this.#work = NONE;
      this.#hasFailed = true;
      this.#listener.failed(error);
    }
  }

  /** Builds and starts the program. Returns whether it starts: if its module is another one, and it is still meant to. */
  async #renew({ what, savedAt }: Change, signal: AbortSignal): Promise<boolean> {
    let module = this.#module;
    if (what === 'source') {
      this.#listener.builds();
      module = await this.#actions.build(signal);
    }
    const [digest, before] = await Promise.all([this.#actions.digest(module), this.#digest]);
    // It may have been removed to be built anew.
    if (digest === undefined || (module === this.#module && digest === before)) return false;
    await this.#actions.check(module);
    signal.throwIfAborted();
    if (!this.#actions.isMeant) return false;
    switch (this.#state) {
      case 'running':
        await this.#restart(module, savedAt);
        return true;
      case 'ended':
        return await this.#start(module, savedAt);
      default:
        // The user has restarted it meanwhile: what was built is looked at when it has begun.
        this.#wait({ what: module === this.#module ? 'module' : 'source', savedAt });
        return true;
    }
  }

  async #start(module: string, savedAt: number): Promise<boolean> {
    this.#state = 'replaced';
    let begins = false;
    try {
      begins = await this.#actions.start(module, savedAt);
    } finally {
      // What the user starts does not depend on it.
      if (!begins && this.#state === 'replaced') this.notStarted();
    }
    return begins;
  }

  async #restart(module: string, savedAt: number): Promise<void> {
    this.#savedAt = savedAt;
    try {
      await this.#actions.restart(module);
    } catch (error) {
      this.#savedAt = undefined;
      const message = error instanceof Error ? error.message : String(error);
      throw new StartError(message, { cause: error });
    }
  }
}
