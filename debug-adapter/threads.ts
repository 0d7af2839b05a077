import { OutputEvent, ThreadEvent } from '@vscode/debugadapter';
import type { DebugProtocol } from '@vscode/debugprotocol';
import type { Notifications, ProcessInfo, ProcessKey } from '../runtime/inspect/protocol.ts';
import { threadName } from '../runtime/inspect/view/index.ts';
import type { Ids } from './ids.ts';

/** The most processes that are shown as threads, besides those that stand still. Clients ask for all threads at once. */
export const MAX_THREADS = 1000;
/** The least milliseconds between two events about changed names. */
const RENAME_INTERVAL = 1000;
/** Milliseconds between two checks of processes about which the runtime may never tell. */
const DOUBT_INTERVAL = 400;

/** The processes that the client knows as threads. */
export class Threads {
  readonly #ids: Ids;
  readonly #send: (event: DebugProtocol.Event) => void;
  readonly #describe: (process: ProcessKey) => Promise<ProcessInfo>;
  readonly #isHeld: (process: ProcessKey) => boolean;
  readonly #shown = new Map<ProcessKey, ProcessInfo>();
  /** Known processes that are not shown, oldest first. They replace threads that end. */
  readonly #hidden = new Set<ProcessKey>();
  /** Those of them that are about to be shown. */
  readonly #filling = new Set<ProcessKey>();
  /** The names that the client was told last. */
  readonly #names = new Map<ProcessKey, string>();
  /**
   * Processes that are shown because they have stopped, before the runtime has told of them. If they end soon, it never
   * tells of them.
   */
  readonly #doubtful = new Set<ProcessKey>();
  #doubting: NodeJS.Timeout | undefined;
  #boundTold = false;
  #renaming: NodeJS.Timeout | undefined;

  /**
   * @param describe requests a process as it is now; rejects if it has ended
   * @param isHeld whether the client has been told that a process has stopped
   */
  constructor(
    ids: Ids,
    send: (event: DebugProtocol.Event) => void,
    describe: (process: ProcessKey) => Promise<ProcessInfo>,
    isHeld: (process: ProcessKey) => boolean,
  ) {
    this.#ids = ids;
    this.#send = send;
    this.#describe = describe;
    this.#isHeld = isHeld;
  }

  /** Lists the threads for the client, which learns their names by this. */
  list(): DebugProtocol.Thread[] {
    return [...this.#shown.values()].map((info) => {
      const name = threadName(info);
      this.#names.set(info.key, name);
      return { id: this.#ids.thread(info.key), name };
    });
  }

  change({ started, changed, ended }: Notifications['processes/changed']): void {
    for (const { process } of ended) this.#remove(process);
    for (const info of started) {
      if (this.#shown.size < MAX_THREADS || this.#shown.has(info.key)) this.show(info);
      else this.#hidden.add(info.key);
      this.#doubtful.delete(info.key);
    }
    for (const info of changed) this.#update(info);
    if (this.#hidden.size > 0) this.#tellBound();
    this.#fill();
  }

  /** Shows a process even beyond the bound, and returns the id of its thread. */
  show(info: ProcessInfo): number {
    const isNew = !this.#shown.has(info.key);
    const isTold = this.#hidden.delete(info.key);
    if (isNew && !isTold) this.#doubt(info.key);
    this.#update(info, true);
    const id = this.#ids.thread(info.key);
    if (isNew) this.#send(new ThreadEvent('started', id));
    return id;
  }

  /** Tells the client that there are no threads any more. */
  endAll(): void {
    for (const process of [...this.#shown.keys()]) this.#remove(process);
    this.dispose();
  }

  dispose(): void {
    clearTimeout(this.#renaming);
    clearTimeout(this.#doubting);
  }

  #update(info: ProcessInfo, add = false): void {
    if (!add && !this.#shown.has(info.key)) return;
    this.#shown.set(info.key, info);
    const told = this.#names.get(info.key);
    if (told !== undefined && told !== threadName(info)) this.#renameSoon();
  }

  /** Shows hidden processes in place of threads that have ended. */
  #fill(): void {
    let free = MAX_THREADS - this.#shown.size - this.#filling.size;
    for (const process of this.#hidden) {
      if (free <= 0) break;
      if (this.#filling.has(process)) continue;
      free--;
      this.#filling.add(process);
      this.#describe(process).then(
        (info) => {
          this.#filling.delete(process);
          this.show(info);
        },
        // It has ended, and the runtime tells of that.
        () => this.#filling.delete(process),
      );
    }
  }

  #doubt(process: ProcessKey): void {
    this.#doubtful.add(process);
    this.#doubting ??= setTimeout(() => {
      this.#doubting = undefined;
      for (const doubtful of this.#doubtful) {
        this.#describe(doubtful).then(
          () => this.#doubtful.has(doubtful) && this.#doubt(doubtful),
          () => this.#remove(doubtful),
        );
      }
    }, DOUBT_INTERVAL);
  }

  #remove(process: ProcessKey): void {
    this.#hidden.delete(process);
    this.#doubtful.delete(process);
    const wasShown = this.#shown.delete(process);
    this.#names.delete(process);
    const id = this.#ids.knownThread(process);
    this.#ids.forget(process);
    if (wasShown && id !== undefined) this.#send(new ThreadEvent('exited', id));
  }

  /**
   * The protocol has no event for the new name of a thread. Clients request all threads again when they are told that a
   * thread has started, even if they know it. VS Code also concludes that this thread runs, and forgets where it has
   * stopped. So the event is sent for a thread that does run.
   */
  #renameSoon(): void {
    this.#renaming ??= setTimeout(() => {
      this.#renaming = undefined;
      const isNew = [...this.#names].some(([key, name]) => {
        const info = this.#shown.get(key);
        return info !== undefined && threadName(info) !== name;
      });
      if (!isNew) return;
      for (const key of this.#shown.keys()) {
        if (this.#isHeld(key)) continue;
        this.#send(new ThreadEvent('started', this.#ids.thread(key)));
        return;
      }
    }, RENAME_INTERVAL);
  }

  #tellBound(): void {
    if (this.#boundTold) return;
    this.#boundTold = true;
    const text =
      `There are more than ${MAX_THREADS} processes. The first of them are shown as threads, and those that are paused or ` +
      'have trapped; the Processes view and the command `processes` of this console show all.\n';
    this.#send(new OutputEvent(text, 'console'));
  }
}
