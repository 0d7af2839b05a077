import type { ByteReader } from '../kernel/codec/byte-reader.ts';
import { ByteWriter } from '../kernel/codec/byte-writer.ts';
import type { SchedulerIndex } from '../kernel/ids.ts';
import type { Process } from '../kernel/process.ts';
import type { Stdio } from '../kernel/stdio.ts';
import type { Runtime } from '../runtime.ts';
import type { Cargo } from './cargo.ts';
import type { Census } from './census.ts';
import type { FarStreams, StreamService } from './far-streams.ts';
import { Frame } from './frame.ts';
import type { Mesh } from './mesh.ts';
import { Configs, readProcess, type Traveller, writeProcess } from './process-codec.ts';
import type { Program } from './programs.ts';
import type { SharedModules } from './shared-modules.ts';
import { readStreams, writeStreams } from './streams-token.ts';

const ROOM = 1024;

/** What travelling needs of the scheduler. */
interface Station {
  readonly mesh: Mesh;
  readonly runtime: Runtime;
  readonly cargo: Cargo;
  readonly modules: SharedModules;
  readonly streams: StreamService | FarStreams;
  readonly census: Census;
  /** A process that has come cannot be made. */
  failed(text: string): void;
}

/** Lets processes that have not begun go to other schedulers, and takes those that come from there. */
export class Travel {
  readonly #station: Station;
  readonly #configs = new Configs();

  constructor(station: Station) {
    this.#station = station;
  }

  /** Sends a process, and gives it up here. */
  depart(program: Program, process: Process, to: SchedulerIndex): void {
    const { mesh, runtime, cargo, modules, streams, census } = this.#station;
    const { key, far } = program;
    const module = modules.keyOf(process.module.bytes);
    const bytes = new ByteWriter(ROOM);
    writeStreams(bytes, streams.token(process.stdio, key));
    writeProcess(bytes, process, { key, module }, cargo.writing(to));
    cargo.load(to, key);
    // Right before it: modules that its messages carry may take the place of others.
    modules.send(to, process.module);
    mesh.send(to, Frame.Process, (writer) => writer.raw(bytes.finish()));
    far.left(process.id, to);
    census.passed(program, to);
    const peer = mesh.peer(to);
    if (peer !== undefined) peer.sent++;
    runtime.scheduler.lifecycle.depart(process);
  }

  /**
   * Takes a process that another scheduler has sent.
   * @param open finds a program by its numbers, or makes it
   */
  arrive(
    from: SchedulerIndex,
    reader: ByteReader,
    open: (key: number, environment: number) => Program,
  ): void {
    const { cargo, streams } = this.#station;
    const token = readStreams(reader);
    const traveller = readProcess(reader, cargo.reading(from), this.#configs);
    const program = open(traveller.key, traveller.environment);
    // Those who sent to it have been told, if it has ended on its way.
    if (program.far.awaits(traveller.id))
      this.#settle(from, program, traveller, streams.get(token, traveller.key));
    else for (const message of traveller.messages) message.recycle();
  }

  #settle(from: SchedulerIndex, program: Program, traveller: Traveller, stdio: Stdio): void {
    const { environment, far } = program;
    const { scheduler } = this.#station.runtime;
    const { id, links, monitors } = traveller;
    const made = this.#make(from, program, traveller, stdio);
    if (typeof made === 'string') {
      this.#refuse(program, traveller, made);
      return;
    }
    made.where = traveller.where;
    made.childrenWhere = traveller.childrenWhere;
    made.dieWhenLinkDies = traveller.diesWhenLinkDies;
    if (links.length > 0) made.links = new Map(links);
    if (monitors.length > 0) made.monitors = new Set(monitors);
    for (const message of traveller.messages) made.mailbox.push(message);
    const signals = far.arrived(id);
    environment.add(made);
    made.paused = traveller.isPaused;
    scheduler.observers.arrived(made);
    if (scheduler.probes !== null) scheduler.observers.begins(made);
    if (!made.initialized) made.onInitialized = (failure) => failure ?? scheduler.makeReady(made, 0);
    scheduler.makeReady(made, 0);
    for (const signal of signals) scheduler.delivery.deliver(made, signal);
    // It may have been on its way while the others were killed.
    if (environment.isEnding) scheduler.kill(made);
  }

  /** Returns the process, or why it cannot be made. */
  #make(
    from: SchedulerIndex,
    { environment, registry }: Program,
    traveller: Traveller,
    stdio: Stdio,
  ): Process | string {
    const { runtime, modules } = this.#station;
    const { id, parent, config, module, entry } = traveller;
    const { account } = environment;
    account.limit = Math.max(account.limit, config.maxHostMemory);
    const context = { environment, registry, config, stdio };
    try {
      return runtime.spawner.receive(id, parent, context, modules.get(from, module), entry);
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
  }

  /** Lets a process end that had room when it was spawned: to those who know it, it has failed. */
  #refuse({ environment, far }: Program, { id, links, monitors, messages }: Traveller, reason: string): void {
    const { router } = environment;
    for (const message of messages) message.recycle();
    const signals = far.arrived(id);
    for (const [peer, tag] of links)
      router.deliver(peer, { kind: 'link-died', peer: id, tag, reason: 'failure' });
    for (const peer of monitors) router.deliver(peer, { kind: 'process-died', peer: id });
    far.tellEnd(id);
    for (const signal of signals) router.deliver(id, signal);
    const { index } = this.#station.mesh;
    this.#station.failed(`Process ${id} could not be made on scheduler ${index}: ${reason}`);
  }
}
