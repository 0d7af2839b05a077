import { clockTime } from '../kernel/clock.ts';
import { ByteReader } from '../kernel/codec/byte-reader.ts';
import type { ByteWriter } from '../kernel/codec/byte-writer.ts';
import { FIRST_SCHEDULER, type ProcessId, type SchedulerIndex } from '../kernel/ids.ts';
import { killAll } from '../kernel/kill-all.ts';
import type { LoadedModule } from '../kernel/module.ts';
import type { Process } from '../kernel/process.ts';
import { Registry } from '../kernel/registry.ts';
import type { Runtime } from '../runtime.ts';
import { countOf } from '../text/quantities.ts';
import { Cargo } from './cargo.ts';
import { Census } from './census.ts';
import { FarNames, NameService } from './far-names.ts';
import type { Reach } from './far-processes.ts';
import { FarStreams, StreamService } from './far-streams.ts';
import { Frame } from './frame.ts';
import { HandlePassing } from './handle-passing.ts';
import { HostMemory } from './host-memory.ts';
import { readIds, writeIds } from './id-list.ts';
import type { Link, Pace } from './link.ts';
import { Mesh } from './mesh.ts';
import { Moves } from './moves.ts';
import { Placing } from './placing.ts';
import { type Program, Programs } from './programs.ts';
import { bytesOf, Requests } from './requests.ts';
import { Rooms } from './rooms.ts';
import { SharedModules } from './shared-modules.ts';
import { SocketCrossing } from './sockets.ts';
import type { Surroundings } from './surroundings.ts';
import type { Starting, SystemHooks, SystemWatcher } from './system-roles.ts';
import { Travel } from './travel.ts';
import { Vigil } from './vigil.ts';

const EXISTS = 'exists';
const GROW = 'grow';
const NOTHING = new Uint8Array(0);
const YES = new Uint8Array([1]);
const NO = new Uint8Array([0]);
/** Milliseconds for which nobody asks again for one more scheduler. */
const NO_GROWTH = 1000;
/** The number of a move that nobody waits for. */
const NO_MOVE = 0;

/** The scheduler of this OS process as one of several: its processes and those of the others are one system. */
export class SchedulerSystem {
  readonly mesh: Mesh;
  readonly requests: Requests;
  /** Needs the IPC channels. */
  readonly handles: HandlePassing;
  /** Which processes go to others. */
  readonly placing: Placing;
  readonly #runtime: Runtime;
  readonly #starting: Starting | null;
  readonly #programs: Programs;
  readonly #hostMemory: HostMemory;
  readonly #moves: Moves;
  readonly modules: SharedModules;
  readonly streams: StreamService | FarStreams;
  readonly #names: NameService | null;
  readonly #pace: Pace;
  readonly #rooms: Rooms;
  readonly #cargo: Cargo;
  readonly #travel: Travel;
  readonly #census: Census;
  readonly #hooks: SystemHooks;
  #isAskingToGrow = false;
  #noGrowthUntil = 0;
  readonly watchers: SystemWatcher[] = [];
  /** Called when a root process is about to begin that has come from another scheduler. */
  rootBegins: (root: Process) => void = () => {};
  /** Told when the module of a program begins to be loaded, and when it is: there may be a file of it. */
  loadsProgram: (isLoading: boolean) => void = () => {};

  /**
   * @param starting starts further schedulers; null where somebody else does
   */
  constructor(runtime: Runtime, starting: Starting | null, hooks: SystemHooks) {
    const { scheduler } = runtime;
    const { index } = scheduler;
    this.#runtime = runtime;
    this.#starting = starting;
    this.#hooks = hooks;
    this.mesh = new Mesh(index);
    this.#rooms = new Rooms(this.mesh, () => scheduler.capacity.room);
    const vigil = new Vigil();
    this.#pace = {
      during: (take) => {
        vigil.heard();
        scheduler.wakeDuring(take);
      },
      flushes: (flush) => scheduler.atTurnEnd(flush),
    };
    this.requests = new Requests(this.mesh);
    this.handles = new HandlePassing(index);
    this.#hostMemory = new HostMemory(this.mesh);
    this.#programs = new Programs(this.#reach(), (program) => this.#hostMemory.watch(program));
    this.modules = new SharedModules(this.mesh, (bytes, fromProcess) => {
      if (fromProcess) return runtime.loadMade(bytes);
      this.loadsProgram(true);
      try {
        return runtime.load(bytes);
      } finally {
        this.loadsProgram(false);
      }
    });
    const sockets = new SocketCrossing(index, this.requests, this.handles);
    this.#cargo = new Cargo(this.mesh, this.modules, sockets);
    this.#census = new Census(this.mesh, this.requests, this.#programs);
    const isFirst = index === FIRST_SCHEDULER;
    this.streams = isFirst
      ? new StreamService(this.mesh, this.requests)
      : new FarStreams(this.mesh, this.requests);
    this.#names = isFirst ? new NameService(this.requests, this.#programs) : null;
    this.#travel = new Travel({
      mesh: this.mesh,
      runtime,
      cargo: this.#cargo,
      modules: this.modules,
      streams: this.streams,
      census: this.#census,
      failed: hooks.failed,
    });
    this.#moves = new Moves(this.mesh, (program, process, to) => this.#travel.depart(program, process, to));
    this.placing = new Placing(this.#surroundings());
    const { changed } = this.#census;
    if (!isFirst) scheduler.observers.add({ onSpawn: changed, onExit: changed });
    this.requests.answer(GROW, () => (starting?.grow() ? YES : NO));
    this.requests.answer(EXISTS, (_, body) => {
      const reader = new ByteReader(body, 'a question');
      const program = this.#programs.get(reader.varint());
      const exists = program?.environment.router.exists(reader.varint() as ProcessId) ?? false;
      return exists instanceof Promise ? exists.then((yes) => (yes ? YES : NO)) : exists ? YES : NO;
    });
  }

  /** The key by which all schedulers know a module. */
  keyOf(module: LoadedModule): string {
    return this.modules.keyOf(module.bytes);
  }

  get programs(): Programs {
    return this.#programs;
  }

  /** Gives up what schedulers keep of a program. It belongs to the first one, and is for a program of which no process is left. */
  close({ key }: Program): void {
    this.#forget(key);
    this.mesh.broadcast(Frame.Gone, (writer) => writer.varint(key));
  }

  #forget(key: number): void {
    this.#programs.delete(key);
    this.#hostMemory.forget(key);
    this.streams.forget(key);
    for (const watcher of this.watchers) watcher.closed?.(key);
  }

  /** Makes a request of which nobody needs the answer. The process that has the turn waits until there is room for more. */
  tell(to: SchedulerIndex, kind: string, write: (writer: ByteWriter) => void): void {
    this.requests.request(to, kind, bytesOf(write)).catch(() => {});
    const link = this.mesh.peer(to)?.link;
    if (link?.isFull) this.#runtime.scheduler.press(link);
  }

  /** @param printed called before what the process that has the turn prints goes to the scheduler that has the streams */
  watchOutput(printed: (bytes: Uint8Array) => void): void {
    if (this.streams instanceof FarStreams) this.streams.onPrint = printed;
  }

  #reach(): Reach {
    const reach: Reach = {
      mesh: this.mesh,
      writing: (to) => this.#cargo.writing(to),
      reading: (from) => this.#cargo.reading(from),
      asks: async (to, key, id) => {
        const body = bytesOf((writer) => {
          writer.varint(key);
          writer.varint(id);
        });
        return await this.requests.request(to, EXISTS, body).then(
          (answer) => answer[0] === 1,
          () => false,
        );
      },
      press: (to) => {
        const link = this.mesh.peer(to)?.link;
        if (link !== undefined) this.#runtime.scheduler.press(link);
      },
      sendLaden: (to, key, target, message) => this.#cargo.send(to, key, target, message),
    };
    if (this.mesh.index === FIRST_SCHEDULER) return reach;
    const permits = (key: number, most: number) => this.#census.ask(key, most);
    return { ...reach, permits, permitUsed: () => this.#census.changed() };
  }

  #surroundings(): Surroundings {
    const { scheduler, spawner } = this.#runtime;
    const starting = this.#starting;
    const { mesh } = this;
    const moves = this.#moves;
    return {
      mesh,
      get isContended() {
        return scheduler.isContended;
      },
      get isBusy() {
        return scheduler.isBusy;
      },
      get mayStart() {
        return starting?.mayStart ?? false;
      },
      start: () => starting?.start(),
      get isCrowded() {
        return scheduler.capacity.isCrowded;
      },
      grow: () => (starting === null ? this.#askToGrow() : starting.grow()),
      get leaving() {
        return moves.size;
      },
      press: (pressure) => scheduler.press(pressure),
      begins: (root) => this.rootBegins(root),
      isContendedFor: (process) => scheduler.isContendedFor(process),
      whenRootEnds: (call) => scheduler.observers.add({ onExit: ({ parent }) => parent === null && call() }),
      isMovable: (process) => spawner.isMovable(process),
      enqueue: (process) => {
        if (process.exit === null && !process.queued) scheduler.enqueue(process, 0);
      },
      move: (processes, to) => this.#move(processes, to),
    };
  }

  /** Asks the first scheduler for one more. Returns false if it has refused of late. */
  #askToGrow(): boolean {
    if (clockTime() < this.#noGrowthUntil) return false;
    if (this.#isAskingToGrow) return true;
    this.#isAskingToGrow = true;
    const settle = (isGranted: boolean): void => {
      this.#isAskingToGrow = false;
      if (isGranted) return;
      this.#noGrowthUntil = clockTime() + NO_GROWTH;
      this.placing.changed();
    };
    this.requests.request(FIRST_SCHEDULER, GROW, NOTHING).then(
      (answer) => settle(answer[0] === 1),
      () => settle(false),
    );
    return true;
  }

  // -- moving ------------------------------------------------------------------------------------------

  #move(processes: readonly Process[], to: SchedulerIndex): void {
    const byProgram = new Map<Program, Process[]>();
    for (const process of processes) {
      const program = this.#programs.of(process);
      const known = byProgram.get(program) ?? [];
      known.push(process);
      byProgram.set(program, known);
    }
    const peer = this.mesh.peer(to);
    if (peer !== undefined) peer.room -= processes.length;
    for (const [program, ones] of byProgram) this.#moves.begin(program, ones, to);
    this.#hooks.note(() => `${countOf(processes.length, 'process')} moved to scheduler ${to}`);
  }

  #open(key: number, number: number): Program {
    const known = this.#programs.get(key);
    if (known !== undefined) return known;
    const registry = new Registry(new FarNames(this.requests, key));
    const program = this.#programs.add(key, this.#runtime.createEnvironment(number, registry));
    for (const watcher of this.watchers) watcher.opened?.(program);
    return program;
  }

  // -- links -------------------------------------------------------------------------------------------

  /**
   * Adds another scheduler.
   * @param isNew whether it knows nothing yet of what is here
   */
  join(index: SchedulerIndex, link: Link, isNew: boolean): void {
    link.pace = this.#pace;
    link.reader = {
      frame: (kind, reader) => this.#take(index, kind, reader),
      closed: (error) => {
        // Of one that has ended, others are told by the system; it is no fault of the link.
        if (error !== null && !isEnd(error))
          this.#hooks.failed(`The link to scheduler ${index} broke: ${error.message}`);
        this.lose(index);
      },
    };
    this.mesh.add({ index, link, isReady: false, isHungry: false, room: 0, sent: 0, arrived: 0 });
    if (isNew) {
      for (const watcher of this.watchers) watcher.joined?.(index);
      this.#greet(index);
    }
  }

  /** Another scheduler can be had, or one that was starting cannot. */
  startChanged(): void {
    this.placing.changed();
  }

  /** Takes processes from now on: it knows all that the others have told. */
  begin(): void {
    this.#rooms.tell();
    this.mesh.broadcast(Frame.Ready, () => {});
    this.placing.idle();
  }

  #greet(index: SchedulerIndex): void {
    for (const { key, environment, far } of this.#programs) {
      for (const [id, place] of far.strangers()) {
        this.mesh.send(index, Frame.Leaving, (writer) => {
          writer.varint(NO_MOVE);
          writer.varint(key);
          writer.varint(environment.id);
          writer.varint(place);
          writeIds(writer, [id]);
        });
      }
    }
    this.#hostMemory.greet(index);
    this.mesh.send(index, Frame.Ready, () => {});
    this.placing.greet(index);
    this.#rooms.tell();
  }

  /** Another scheduler has gone. */
  lose(index: SchedulerIndex): void {
    if (this.mesh.peer(index) === undefined) return;
    this.mesh.remove(index);
    this.#rooms.lose(index);
    this.requests.lose(index);
    this.#moves.lose(index, (program, process) => {
      program.far.left(process.id, index);
      this.#runtime.scheduler.lifecycle.depart(process);
    });
    for (const watcher of this.watchers) watcher.losing?.(index);
    this.#programs.lose(index);
    this.#hostMemory.lose(index);
    this.#names?.lose(index);
    if (this.streams instanceof StreamService) this.streams.lose(index);
    this.modules.lose(index);
    this.#cargo.lose(index);
    for (const watcher of this.watchers) watcher.lost?.(index);
    this.#hooks.lost(index);
    this.placing.changed();
  }

  #take(from: SchedulerIndex, kind: Frame, reader: ByteReader): void {
    switch (kind) {
      case Frame.Signal: {
        const program = this.#programs.get(reader.varint());
        if (program === undefined) this.#cargo.dump(from);
        else program.far.take(from, reader);
        break;
      }
      case Frame.Request:
        this.requests.asked(from, reader);
        break;
      case Frame.Answer:
        this.requests.answered(reader);
        break;
      case Frame.Leaving:
        this.#moves.leaving(from, reader, (key, number) => this.#open(key, number));
        break;
      case Frame.Noted:
        this.#moves.noted(from, reader);
        break;
      case Frame.Process:
        this.placing.stealing.fed();
        this.#rooms.arrived(from);
        this.#travel.arrive(from, reader, (key, number) => this.#open(key, number));
        this.#census.changed();
        break;
      case Frame.Ended: {
        const program = this.#programs.get(reader.varint());
        for (const id of readIds(reader)) program?.far.forget(id);
        break;
      }
      case Frame.Hungry:
        this.placing.told(from, reader.u8() === 1);
        break;
      case Frame.Module:
        this.modules.receive(from, reader.text(), reader.u8() === 1, reader.bytes());
        break;
      case Frame.ModuleGone:
        this.modules.forget(from, reader.text());
        break;
      case Frame.Carried:
        this.#cargo.takeModule(from, reader);
        break;
      case Frame.CarriedSocket:
        this.#cargo.takeSocket(from, reader, (key) => this.#programs.get(key)?.environment ?? {});
        break;
      case Frame.Passed: {
        const program = this.#programs.get(reader.varint());
        program?.far.promise(reader.varint() as SchedulerIndex);
        break;
      }
      case Frame.Population:
        this.#programs.get(reader.varint())?.far.tell(from, reader.varint(), reader.varint());
        break;
      case Frame.HostMemory:
        this.#hostMemory.told(from, reader.varint(), reader.varint());
        break;
      case Frame.KillAll: {
        const program = this.#programs.end(reader.varint());
        if (program !== undefined) void killAll(program.environment, this.#runtime.scheduler, false);
        break;
      }
      case Frame.Output:
        if (this.streams instanceof StreamService) this.streams.print(from, reader);
        break;
      case Frame.Streams:
        if (this.streams instanceof StreamService) this.streams.made(reader);
        break;
      case Frame.Gone:
        this.#forget(reader.varint());
        break;
      case Frame.OutputTaken:
        if (this.streams instanceof FarStreams) this.streams.taken(reader);
        break;
      case Frame.Room:
        this.placing.crowd.told(from, reader.varint(), reader.varint());
        break;
      case Frame.Ready: {
        const peer = this.mesh.peer(from);
        if (peer !== undefined) peer.isReady = true;
        this.#hooks.ready(from);
        this.placing.changed();
        break;
      }
      default:
        throw new Error(`an unknown kind of frame, ${kind}`);
    }
  }
}

/** Whether a link breaks in this way when the other side has ended. */
function isEnd({ code }: NodeJS.ErrnoException): boolean {
  return code === 'ECONNRESET' || code === 'EPIPE';
}
