import type { ByteReader } from '../kernel/codec/byte-reader.ts';
import type { SignalCodec } from '../kernel/codec/signal-codec.ts';
import type { Elsewhere } from '../kernel/elsewhere.ts';
import type { Environment } from '../kernel/environment.ts';
import { type ProcessId, type SchedulerIndex, schedulerOf } from '../kernel/ids.ts';
import { tellOfLost } from '../kernel/lost-processes.ts';
import type { Message } from '../kernel/message.ts';
import type { Process } from '../kernel/process.ts';
import type { Signal } from '../kernel/signal.ts';
import { Frame } from './frame.ts';
import { writeIds } from './id-list.ts';
import type { Mesh } from './mesh.ts';

/** What the processes of other schedulers need of the whole. */
export interface Reach {
  readonly mesh: Mesh;
  /** Writes signals for another scheduler. */
  writing(to: SchedulerIndex): SignalCodec;
  /** Reads signals of another scheduler. */
  reading(from: SchedulerIndex): SignalCodec;
  /** Asks another scheduler whether a process exists. */
  asks(to: SchedulerIndex, key: number, id: ProcessId): Promise<boolean>;
  /** Asks the first scheduler whether a program may have one more process; missing there. */
  readonly permits?: (key: number, most: number) => Promise<number | null>;
  /** Called when a permit has been used, or will not be. */
  readonly permitUsed?: () => void;
  /** Lets the process that has the turn wait until a link has room. */
  press(to: SchedulerIndex): void;
  /** Sends a message that carries more than bytes: what it carries goes before it. */
  sendLaden(to: SchedulerIndex, key: number, target: ProcessId, message: Message): void;
}

/**
 * The processes of one program that are on other schedulers. An id tells where a process was spawned. One that has been moved
 * before it began is found in a table, which every scheduler has: see `Moves`.
 */
export class FarProcesses implements Elsewhere {
  readonly key: number;
  readonly #environment: Environment<Process>;
  readonly #reach: Reach;
  readonly #own: SchedulerIndex;
  /** Where processes are that have been moved. */
  readonly #moved = new Map<ProcessId, SchedulerIndex>();
  /** What was sent to processes that are on their way to this scheduler. */
  readonly #arriving = new Map<ProcessId, Signal[]>();
  /** Processes of this scheduler that others look for elsewhere already. */
  readonly #leaving = new Map<ProcessId, SchedulerIndex>();
  /** How many processes others have, by scheduler: as they told last, and those they are to have besides. */
  readonly #populations = new Map<SchedulerIndex, { told: number; promised: number }>();

  /** How many processes have come, or were permitted, since the first scheduler was told of it. */
  counted = 0;

  /** @param key the number of the program, the same on all schedulers */
  constructor(key: number, environment: Environment<Process>, reach: Reach) {
    this.key = key;
    this.#environment = environment;
    this.#reach = reach;
    this.#own = reach.mesh.index;
  }

  // -- sending -----------------------------------------------------------------------------------------

  place(id: ProcessId): SchedulerIndex {
    return this.#moved.get(id) ?? schedulerOf(id);
  }

  mayHave(id: ProcessId): boolean {
    const place = this.place(id);
    return place !== this.#own && this.#reach.mesh.peer(place) !== undefined;
  }

  deliver(target: ProcessId, signal: Exclude<Signal, { kind: 'message' }>): boolean {
    const place = this.place(target);
    if (place === this.#own) return this.#keep(target, signal);
    const peer = this.#reach.mesh.peer(place);
    if (peer === undefined) return false;
    const writer = peer.link.begin(Frame.Signal);
    writer.varint(this.key);
    writer.varint(target);
    this.#reach.writing(place).write(writer, signal);
    peer.link.end();
    return true;
  }

  deliverMessage(target: ProcessId, message: Message): boolean {
    const place = this.place(target);
    if (place === this.#own) return this.#keep(target, { kind: 'message', message });
    const peer = this.#reach.mesh.peer(place);
    if (peer === undefined) return false;
    if (message.resources !== null) {
      this.#reach.sendLaden(place, this.key, target, message);
      return true;
    }
    const { link } = peer;
    const writer = link.begin(Frame.Signal);
    writer.varint(this.key);
    writer.varint(target);
    this.#reach.writing(place).writeMessage(writer, message);
    link.end();
    if (link.isFull) this.#reach.press(place);
    return true;
  }

  #keep(target: ProcessId, signal: Signal): boolean {
    const kept = this.#arriving.get(target);
    kept?.push(signal);
    return kept !== undefined;
  }

  exists(target: ProcessId): boolean | Promise<boolean> {
    const place = this.place(target);
    if (place === this.#own) return this.#arriving.has(target);
    return this.#reach.mesh.peer(place) === undefined ? false : this.#reach.asks(place, this.key, target);
  }

  // -- moving ------------------------------------------------------------------------------------------

  /** Takes note that others will send to another scheduler what is for these processes. They are still here. */
  leave(ids: readonly ProcessId[], to: SchedulerIndex): void {
    for (const id of ids) this.#leaving.set(id, to);
  }

  /** Takes note that a process has left. It must be called before the environment gives it up. */
  left(id: ProcessId, to: SchedulerIndex): void {
    this.#leaving.delete(id);
    this.#moved.set(id, to);
  }

  /** Takes note of where processes go that are not here: to this scheduler, perhaps. */
  note(ids: readonly ProcessId[], to: SchedulerIndex): void {
    for (const id of ids) {
      this.#moved.set(id, to);
      if (to === this.#own) this.#arriving.set(id, []);
    }
    if (to !== this.#own && this.#reach.mesh.peer(to) === undefined) this.#lost(new Set(ids));
  }

  /** Whether a process is on its way to this scheduler. */
  awaits(id: ProcessId): boolean {
    return this.#arriving.has(id);
  }

  /** Takes what was sent to a process that is here now. */
  arrived(id: ProcessId): Signal[] {
    this.counted++;
    const signals = this.#arriving.get(id) ?? [];
    this.#arriving.delete(id);
    this.#moved.delete(id);
    return signals;
  }

  /** The processes that are here but were spawned elsewhere, or that others look for elsewhere: what a new scheduler has to know. */
  *strangers(): Generator<[id: ProcessId, place: SchedulerIndex]> {
    yield* this.#leaving;
    for (const { id } of this.#environment.processes())
      if (schedulerOf(id) !== this.#own && !this.#leaving.has(id)) yield [id, this.#own];
    for (const [id, place] of this.#moved) if (schedulerOf(id) === this.#own) yield [id, place];
  }

  // -- ends --------------------------------------------------------------------------------------------

  ended(id: ProcessId): void {
    // One that has left goes on elsewhere.
    if (this.#moved.size > 0 && this.#moved.has(id)) return;
    if ((this.#leaving.size > 0 && this.#leaving.delete(id)) || schedulerOf(id) !== this.#own)
      this.tellEnd(id);
  }

  /** Tells all that a process has ended which is in their tables. */
  tellEnd(id: ProcessId): void {
    this.#reach.mesh.broadcast(Frame.Ended, (writer) => {
      writer.varint(this.key);
      writeIds(writer, [id]);
    });
  }

  /** Another scheduler tells that a process has ended. */
  forget(id: ProcessId): void {
    this.#moved.delete(id);
    const kept = this.#arriving.get(id);
    if (kept === undefined) return;
    this.#arriving.delete(id);
    for (const signal of kept) this.#environment.router.deliver(id, signal);
  }

  killAll(): void {
    this.#reach.mesh.broadcast(Frame.KillAll, (writer) => writer.varint(this.key));
  }

  /** Another scheduler has gone, with all its processes: those that are linked to them, or monitor them, hear of it. */
  lose(index: SchedulerIndex): void {
    this.#populations.delete(index);
    const lost = new Set<ProcessId>();
    for (const [id, place] of this.#moved) if (place === index) lost.add(id);
    this.#lost(lost, index);
    for (const id of lost) this.#moved.delete(id);
  }

  #lost(ids: ReadonlySet<ProcessId>, index?: SchedulerIndex): void {
    const isLost = (id: ProcessId) => ids.has(id) || (index !== undefined && this.place(id) === index);
    tellOfLost(this.#environment, isLost);
  }

  // -- population --------------------------------------------------------------------------------------

  get size(): number {
    let size = 0;
    for (const { told, promised } of this.#populations.values()) size += told + promised;
    return size;
  }

  /** Takes note that another scheduler will have one more. */
  promise(index: SchedulerIndex): void {
    if (this.#reach.mesh.peer(index) === undefined) return;
    const population = this.#populations.get(index) ?? { told: 0, promised: 0 };
    population.promised++;
    this.#populations.set(index, population);
  }

  /** @param counted how many of the promised ones are among them, or will not be */
  tell(index: SchedulerIndex, told: number, counted: number): void {
    const promised = this.#populations.get(index)?.promised ?? 0;
    // Less than none: the one that a process has left may tell of it later than the one where it arrives.
    this.#populations.set(index, { told, promised: promised - counted });
  }

  permit(most: number): Promise<number | null> | null {
    return this.#reach.permits?.(this.key, most) ?? null;
  }

  permitUsed(): void {
    this.counted++;
    // A spawn that has failed changes nothing else.
    this.#reach.permitUsed?.();
  }

  // -- frames ------------------------------------------------------------------------------------------

  /** Takes a signal that another scheduler has sent. */
  take(from: SchedulerIndex, reader: ByteReader): void {
    const target = reader.varint() as ProcessId;
    const signal = this.#reach.reading(from).read(reader);
    const { router } = this.#environment;
    if (signal.kind === 'message') router.deliverMessage(target, signal.message);
    else router.deliver(target, signal);
  }
}
