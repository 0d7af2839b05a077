import { type ChildProcess, fork } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readSync, rmSync } from 'node:fs';
import type { Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { availableMemory } from 'node:process';
import { clockTime } from '../kernel/clock.ts';
import { SCHEDULER_INDEXES, type SchedulerIndex } from '../kernel/ids.ts';
import { SCHEDULER_VARIABLE } from '../kernel/lazy-placement.ts';
import type { Runtime } from '../runtime.ts';
import { type MeetingPlace, openDoor } from './door.ts';
import { SchedulerSystem } from './system.ts';
import type { Starting } from './system-roles.ts';

/** Deaths of schedulers within so many milliseconds after which none is replaced until some of them are longer ago. */
const MOST_DEATHS = 20;
const DEATHS_TIME = 30_000;

/** Milliseconds between two starts: each takes some of this thread, and in between processes have turns. */
const PAUSE = 2;

/** Bytes that must be free for a scheduler to be started for its room. */
const LEAST_MEMORY = 2 ** 30;

/** Bytes of the longest path of a Unix socket, the zero behind it included, on the system that has the least room. */
const LONGEST_PATH = 104;

/** Characters that `mkdtemp` appends. */
const RANDOM_PART = 6;

/** What is started as a scheduler. */
export interface SchedulerCommand {
  /** A script that calls `runMember`. */
  readonly file: string;
  readonly args: readonly string[];
  /** Options of Node. */
  readonly execArgv: readonly string[];
}

/** What a new scheduler is told. */
export interface Membership extends MeetingPlace {
  readonly index: number;
  /** The schedulers that there are already. */
  readonly peers: readonly number[];
}

export interface SupervisorOptions {
  /** How many schedulers there may be for work, with the first one, and how many for room. */
  readonly most: number;
  readonly mostForRoom: number;
  readonly command: SchedulerCommand;
  /** Tells people of a failure. */
  report(text: string): void;
  /** Tells those who want to know what goes on. */
  note(text: () => string): void;
}

interface Member {
  readonly child: ChildProcess;
  isReady: boolean;
}

/** Starts the other schedulers of a program, and replaces those that die. It belongs to the first one. */
export class Supervisor implements Starting {
  readonly system: SchedulerSystem;
  readonly #options: SupervisorOptions;
  readonly #members = new Map<SchedulerIndex, Member>();
  readonly #place: MeetingPlace;
  readonly #door: Promise<Server>;
  #last = 0;
  /** Starts the next one. */
  #next: NodeJS.Timeout | null = null;
  #isClosed = false;
  /** When schedulers died of late. */
  #deaths: number[] = [];
  /** Whether the last one that was started never took part. Nobody waits for more then. */
  #hasFailed = false;

  /** @throws Error if there is no place where schedulers could meet */
  constructor(runtime: Runtime, options: SupervisorOptions) {
    this.#options = options;
    this.#place = { folder: meetingFolder(), token: secret(32) };
    this.system = new SchedulerSystem(runtime, this, {
      lost: (index) => this.#lost(index),
      ready: (index) =>
        options.note(
          () => `Scheduler ${index} has started (OS process ${this.#members.get(index)?.child.pid})`,
        ),
      failed: options.report,
      note: options.note,
    });
    this.#door = openDoor(this.#place, runtime.scheduler.index, (index, link) => {
      const member = this.#members.get(index);
      if (member === undefined || member.isReady) throw new Error(`scheduler ${index} is not expected`);
      member.isReady = true;
      this.#hasFailed = false;
      this.system.join(index, link, true);
    });
    this.#door.then(
      (server) => server.unref(),
      (error: Error) => this.#options.report(`No other scheduler can be started: ${error.message}`),
    );
    process.on('exit', this.#atExit);
  }

  readonly #atExit = (): void => this.close();

  get mayStart(): boolean {
    if (this.#isClosed) return false;
    for (const { isReady } of this.#members.values()) if (!isReady) return true;
    return this.#hasRoom && !this.#hasFailed;
  }

  get #hasRoom(): boolean {
    return this.#members.size + 1 < this.#options.most && this.#mayStartMore;
  }

  /** Whether there are indexes left, and schedulers do not die as fast as they are started. */
  get #mayStartMore(): boolean {
    return this.#last + 1 < SCHEDULER_INDEXES && this.#lateDeaths.length < MOST_DEATHS;
  }

  grow(): boolean {
    if (this.#isClosed) return false;
    for (const { isReady } of this.#members.values()) if (!isReady) return true;
    const { mostForRoom } = this.#options;
    if (this.#members.size + 1 >= mostForRoom || !this.#mayStartMore) return false;
    if (availableMemory() < LEAST_MEMORY) return false;
    this.#startOne();
    return true;
  }

  start(): void {
    if (this.#isClosed || this.#next !== null || !this.#hasRoom) return;
    this.#startOne();
    // One after the other dies where the first one does: the next is started when somebody needs it again.
    if (this.#hasFailed || !this.#hasRoom) return;
    this.#next = setTimeout(() => {
      this.#next = null;
      this.start();
    }, PAUSE).unref();
  }

  #startOne(): void {
    const index = ++this.#last as SchedulerIndex;
    const { command } = this.#options;
    const membership: Membership = {
      ...this.#place,
      index,
      peers: [0, ...this.#members.keys()],
    };
    let child: ChildProcess;
    try {
      child = fork(command.file, command.args, {
        execArgv: [...command.execArgv],
        env: { ...process.env, [SCHEDULER_VARIABLE]: JSON.stringify(membership) },
        stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      });
    } catch (error) {
      this.#failed(error);
      return;
    }
    this.#members.set(index, { child, isReady: false });
    this.system.handles.connect(index, child);
    child.on('error', (error) => {
      // It may also tell that a message has not arrived, or a kill.
      if (child.pid !== undefined || this.#isClosed) return;
      this.#members.delete(index);
      this.system.handles.disconnect(index);
      this.#failed(error);
    });
    child.on('exit', (code, signal) => {
      const member = this.#members.get(index);
      if (member === undefined) return;
      if (this.#isClosed) return;
      this.#options.report(
        `Scheduler ${index} has ended (${signal ?? `exit status ${code}`}), with the processes that it had`,
      );
      this.#members.delete(index);
      this.system.handles.disconnect(index);
      this.system.lose(index);
      this.#noteDeath();
      // One that fails before it has begun would do so again.
      if (member.isReady) this.start();
      else this.#hasFailed = true;
      this.system.startChanged();
    });
    // The program ends without them.
    child.unref();
    child.channel?.unref();
  }

  #noteDeath(): void {
    this.#deaths = [...this.#lateDeaths, clockTime()];
  }

  get #lateDeaths(): number[] {
    return this.#deaths.filter((time) => clockTime() - time < DEATHS_TIME);
  }

  /** There is no OS process. */
  #failed(error: unknown): void {
    this.#hasFailed = true;
    this.#noteDeath();
    const why = error instanceof Error ? error.message : String(error);
    this.#options.report(`Another scheduler cannot be started: ${why}`);
    // Not at once: whoever wants it may be about to keep a process for it.
    setImmediate(() => this.system.startChanged());
  }

  #lost(index: SchedulerIndex): void {
    // Its links may be gone before it is. Nobody can reach it.
    this.#members.get(index)?.child.kill('SIGKILL');
  }

  /** Ends all others, at once. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    process.off('exit', this.#atExit);
    if (this.#next !== null) clearTimeout(this.#next);
    for (const { child } of this.#members.values()) child.kill('SIGKILL');
    if (process.platform !== 'win32') rmSync(this.#place.folder, { recursive: true, force: true });
    void this.#door.then((server) => server.close()).catch(() => {});
  }
}

/** Makes a folder that is this user's alone; on Windows, names pipes. */
function meetingFolder(): string {
  if (process.platform === 'win32') return `\\\\.\\pipe\\lunatic-${secret(16)}`;
  const beginning = join(tmpdir(), 'lunatic-');
  const length = Buffer.byteLength(beginning) + RANDOM_PART + `/${SCHEDULER_INDEXES}`.length;
  if (length >= LONGEST_PATH)
    throw new Error(`the path of the folder for temporary files is too long for sockets: ${tmpdir()}`);
  return mkdtempSync(beginning);
}

/** So many bytes that nobody can guess, as hexadecimal digits. Node's `crypto` would hold up processes for ten milliseconds while it loads. */
function secret(size: number): string {
  if (process.platform === 'win32')
    return process.getBuiltinModule('node:crypto').randomBytes(size).toString('hex');
  const bytes = Buffer.alloc(size);
  const source = openSync('/dev/urandom', 'r');
  try {
    readSync(source, bytes);
  } finally {
    closeSync(source);
  }
  return bytes.toString('hex');
}
