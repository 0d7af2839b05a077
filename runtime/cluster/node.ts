import { nextTick } from 'node:process';
import type { Cluster, RemoteSpawn, RemoteSpawnResult } from '../hostcall/cluster.ts';
import type { ByteReader } from '../kernel/codec/byte-reader.ts';
import { FormatError } from '../kernel/codec/format-error.ts';
import { ResourcesInTransit } from '../kernel/codec/resources-in-transit.ts';
import { SignalCodec } from '../kernel/codec/signal-codec.ts';
import type { Environment } from '../kernel/environment.ts';
import type { EnvironmentId, ProcessId } from '../kernel/ids.ts';
import { type Message, MessageKind } from '../kernel/message.ts';
import type { LoadedModule } from '../kernel/module.ts';
import type { Process } from '../kernel/process.ts';
import type { Registry } from '../kernel/registry.ts';
import type { Signal } from '../kernel/signal.ts';
import type { Stdio } from '../kernel/stdio.ts';
import { Where } from '../kernel/where.ts';
import { childConfig } from '../permissions/child-config.ts';
import type { ProcessConfig } from '../permissions/config.ts';
import { permissionFor } from '../permissions/path-permission.ts';
import type { Runtime } from '../runtime.ts';
import { ClusterNames } from './cluster-names.ts';
import { Conversation } from './conversation.ts';
import {
  type Answer,
  Frame,
  frameOf,
  readAnswer,
  readSpawn,
  type SpawnFrame,
  writeAnswer,
  writeSpawn,
} from './frames.ts';
import { NodeModules } from './node-modules.ts';
import { type Reach, RemoteProcesses } from './remote-processes.ts';
import { Requests } from './requests.ts';
import {
  isClusterError,
  LARGEST_MESSAGE,
  type NodeId,
  type NodeInfo,
  type Transport,
  type TransportListener,
} from './transport.ts';

/** Milliseconds between two looks at what conversations have to tell. */
const TICK = 200;

/** Environments in which another node may begin to talk. */
const MOST_ENVIRONMENTS = 1024;

export interface NodeOptions {
  /** What processes may do here at most, whoever spawns them. */
  readonly config: ProcessConfig;
  readonly stdio: Stdio;
  /** The environments whose processes may run here; null for all. */
  readonly environments: ReadonlySet<number> | null;
  /** Tells those who want to know what goes on. */
  note(text: () => string): void;
  /** Tells people that this node is no part of the cluster any more. */
  lost(reason: Error): void;
}

/** An environment of the cluster, as it is on this node. */
interface Home {
  readonly environment: Environment<Process>;
  readonly registry: Registry;
  readonly remote: RemoteProcesses;
}

/** A runtime that is a node of a cluster: its processes and those of other nodes spawn, reach and outlive each other. */
export class ClusterNode implements Cluster {
  readonly modules: NodeModules;
  readonly names: ClusterNames;
  readonly largestMessage = LARGEST_MESSAGE;
  readonly #runtime: Runtime;
  readonly #options: NodeOptions;
  readonly #transport: Transport;
  readonly #homes = new Map<number, Home>();
  readonly #conversations = new Map<NodeId, Map<number, Conversation>>();
  readonly #requests = new Requests<Answer>();
  readonly #codec = new SignalCodec(new ResourcesInTransit());
  /** Runs as long as conversations have something to tell. */
  #timer: NodeJS.Timeout | null = null;

  /**
   * Makes a runtime a node.
   * @param join connects it to others
   * @throws whatever `join` rejects with
   */
  static async join(
    runtime: Runtime,
    join: (listener: TransportListener) => Promise<Transport>,
    options: NodeOptions,
  ): Promise<ClusterNode> {
    const early: ((node: ClusterNode) => void)[] = [];
    let node: ClusterNode | null = null;
    const tell = (event: (node: ClusterNode) => void) =>
      node === null ? void early.push(event) : event(node);
    const transport = await join({
      received: (from, environment, bytes) => tell((it) => it.#received(from, environment, bytes)),
      joined: ({ id, name }: NodeInfo) => tell(() => options.note(() => `Node ${id} has joined (${name})`)),
      left: (from) => tell((it) => it.#left(from)),
      lost: (reason) => tell((it) => it.#lost(reason)),
    });
    node = new ClusterNode(runtime, transport, options);
    for (const event of early) event(node);
    return node;
  }

  private constructor(runtime: Runtime, transport: Transport, options: NodeOptions) {
    this.#runtime = runtime;
    this.#transport = transport;
    this.#options = options;
    this.modules = new NodeModules(runtime, transport.modules);
    this.names = new ClusterNames(transport, runtime.scheduler);
    runtime.join(this);
  }

  // -- what host functions see -------------------------------------------------------------------------

  get self(): NodeId {
    return this.#transport.self.id;
  }

  get nodes(): readonly NodeId[] {
    return this.find([]);
  }

  has(node: number): boolean {
    return node === this.self || this.#transport.nodes.has(node as NodeId);
  }

  find(attributes: Iterable<readonly [string, string]>): readonly NodeId[] {
    const wanted = [...attributes];
    return [this.#transport.self, ...this.#transport.nodes.values()]
      .filter((node) => wanted.every(([key, value]) => hasAttribute(node, key, value)))
      .map(({ id }) => id)
      .sort((a, b) => a - b);
  }

  idOf(module: LoadedModule): bigint {
    return this.modules.idOf(module);
  }

  async spawn(node: number, { environment, config, module, entry }: RemoteSpawn): Promise<RemoteSpawnResult> {
    const to = node as NodeId;
    const answer =
      to === this.self
        ? await this.#spawnHere(environment, { number: 0, module, config, entry })
        : await this.#requests.make(to, environment, (number) =>
            this.#say(to, environment, Frame.Spawn, (writer) =>
              writeSpawn(writer, { number, module, config, entry }),
            ),
          );
    if (answer instanceof Error) return { failure: answer.message, isUnknownModule: false };
    switch (answer.kind) {
      case 'spawned':
        return { process: answer.process };
      case 'refused':
        return { failure: answer.reason, isUnknownModule: answer.isUnknownModule };
      default:
        return { failure: `node ${node} has answered something else`, isUnknownModule: false };
    }
  }

  send(sender: Process, node: number, target: ProcessId, message: Message): void {
    const { environment } = sender;
    if (node === this.self) environment.router.deliverMessage(target, message);
    else this.#sendMessage(node as NodeId, environment.id, target, message);
  }

  referTo(environment: EnvironmentId, node: number, target: ProcessId): ProcessId | null {
    if (node === this.self) return target;
    return this.#home(environment).remote.idOf(node as NodeId, target);
  }

  placeOf(environment: EnvironmentId, id: ProcessId): { node: NodeId; process: ProcessId } | null {
    return this.#home(environment).remote.placeOf(id) ?? null;
  }

  // -- environments ------------------------------------------------------------------------------------

  /** An environment of the cluster, to run a program in. */
  within(number: number): Pick<Home, 'environment' | 'registry'> {
    return this.#home(number);
  }

  #home(number: number): Home {
    const known = this.#homes.get(number);
    if (known !== undefined) return known;
    const made = this.#runtime.createEnvironment(number);
    const { environment } = made;
    const reach: Reach = {
      sendSignal: (node, target, signal) => this.#saySignal(node, number, target, signal),
      sendMessage: (node, target, message) => this.#sendMessage(node, number, target, message),
      asksFor: async (node, target) => {
        const answer = await this.#requests.make(node, number, (request) =>
          this.#say(node, number, Frame.Asks, (writer) => {
            writer.varint(request);
            writer.varint(target);
          }),
        );
        return !(answer instanceof Error) && answer.kind === 'exists' && answer.exists;
      },
    };
    const remote = new RemoteProcesses(environment, reach);
    environment.remote = remote;
    const home = { ...made, remote };
    this.#homes.set(number, home);
    return home;
  }

  // -- talking -----------------------------------------------------------------------------------------

  #saySignal(node: NodeId, environment: number, target: ProcessId, signal: Signal): void {
    this.#say(node, environment, Frame.Signal, (writer) => {
      writer.varint(target);
      this.#codec.write(writer, signal);
    });
  }

  #sendMessage(node: NodeId, environment: number, target: ProcessId, message: Message): void {
    this.#say(node, environment, Frame.Signal, (writer) => {
      writer.varint(target);
      this.#codec.writeMessage(writer, message);
    });
    if (this.#transport.isFull) this.#runtime.scheduler.press(this.#transport);
  }

  #say(
    node: NodeId,
    environment: number,
    kind: number,
    write: (writer: ReturnType<Conversation['begin']>) => void,
  ): void {
    if (!this.#transport.nodes.has(node)) {
      // Whoever waits for something of it hears so.
      nextTick(() => this.#broken(node, environment));
      return;
    }
    const conversation = this.#conversation(node, environment);
    write(conversation.begin(kind));
    conversation.end();
    this.#timer ??= setInterval(this.#tick, TICK).unref();
  }

  #conversation(node: NodeId, environment: number): Conversation {
    let ofNode = this.#conversations.get(node);
    if (ofNode === undefined) {
      ofNode = new Map();
      this.#conversations.set(node, ofNode);
    }
    let conversation = ofNode.get(environment);
    if (conversation === undefined) {
      conversation = new Conversation(
        (packet) => this.#transport.send(node, environment, packet),
        {
          frame: (kind, reader) => this.#frame(node, environment, kind, reader),
          broken: () => this.#broken(node, environment),
        },
        this.#afterTurn,
      );
      ofNode.set(environment, conversation);
    }
    return conversation;
  }

  readonly #afterTurn = (flush: () => void): void => {
    // After the microtasks: processes run in these, until their turn is over or none is ready.
    if (!this.#runtime.scheduler.atTurnEnd(flush)) nextTick(flush);
  };

  readonly #tick = (): void => {
    let isQuiet = true;
    for (const ofNode of this.#conversations.values())
      for (const conversation of ofNode.values()) {
        conversation.tick();
        isQuiet &&= conversation.isQuiet;
      }
    if (!isQuiet || this.#timer === null) return;
    clearInterval(this.#timer);
    this.#timer = null;
  };

  // -- listening ---------------------------------------------------------------------------------------

  #received(from: NodeId, environment: number, bytes: Uint8Array): void {
    // Nobody is told of what is not allowed: it looks like an environment without processes.
    const { environments } = this.#options;
    if (environments !== null && !environments.has(environment)) return;
    const known = this.#conversations.get(from);
    if (known !== undefined && known.size >= MOST_ENVIRONMENTS && !known.has(environment)) return;
    try {
      this.#conversation(from, environment).take(bytes);
      this.#timer ??= setInterval(this.#tick, TICK).unref();
    } catch (error) {
      if (!(error instanceof FormatError)) throw error;
      this.#options.note(() => `Node ${from} has sent what no node sends: ${error.message}`);
    }
  }

  #left(node: NodeId): void {
    const ofNode = this.#conversations.get(node);
    this.#conversations.delete(node);
    for (const environment of ofNode?.keys() ?? []) this.#broken(node, environment);
    this.#options.note(() => `Node ${node} has left`);
  }

  #lost(reason: Error): void {
    for (const node of [...this.#conversations.keys()]) this.#left(node);
    this.#options.lost(reason);
  }

  #broken(node: NodeId, environment: number): void {
    this.#requests.lose(node, environment);
    this.#homes.get(environment)?.remote.lose(node);
  }

  #frame(from: NodeId, environment: number, kind: number, reader: ByteReader): void {
    switch (kind) {
      case Frame.Signal:
        this.#takeSignal(from, environment, reader);
        break;
      case Frame.Spawn: {
        const wanted = readSpawn(reader);
        void this.#spawnHere(environment, wanted).then((answer) =>
          this.#answer(from, environment, wanted.number, answer),
        );
        break;
      }
      case Frame.Asks: {
        const number = reader.varint();
        const target = reader.varint() as ProcessId;
        reader.end();
        const exists = this.#homes.get(environment)?.environment.get(target) !== undefined;
        this.#answer(from, environment, number, { kind: 'exists', exists });
        break;
      }
      default: {
        const { number, answer } = readAnswer(kind, reader);
        this.#requests.answer(from, environment, number, answer);
      }
    }
  }

  #takeSignal(from: NodeId, environment: number, reader: ByteReader): void {
    const target = reader.varint() as ProcessId;
    const signal = this.#codec.read(reader);
    if (signal.kind === 'message' && signal.message.kind !== MessageKind.Data)
      throw reader.error('kind', 'a message that only a runtime writes');
    const home = this.#homes.get(environment);
    if (home === undefined) this.#refuse(from, environment, target, signal);
    else if (!home.remote.take(from, target, signal))
      throw reader.error('value', 'more processes than one node may make known');
  }

  /** Answers a signal to a process of an environment that has none here. */
  #refuse(from: NodeId, environment: number, target: ProcessId, signal: Signal): void {
    if (signal.kind === 'message') signal.message.recycle();
    if (signal.kind !== 'link') return;
    const died: Signal = { kind: 'link-died', peer: target, tag: signal.tag, reason: 'no-process' };
    this.#saySignal(from, environment, signal.peer, died);
  }

  #answer(to: NodeId, environment: number, number: number, answer: Answer): void {
    if (!this.#transport.nodes.has(to)) return;
    this.#say(to, environment, frameOf(answer), (writer) => writeAnswer(writer, number, answer));
  }

  /** Spawns a process that some node has asked for. Never rejects. */
  async #spawnHere(number: number, wanted: SpawnFrame): Promise<Answer> {
    try {
      const module = await this.modules.get(wanted.module);
      if (module === null) return refused(`the cluster has no module ${wanted.module}`, true);
      return await this.#spawnOf(module, number, wanted);
    } catch (error) {
      return refused(`module ${wanted.module}: ${messageOf(error)}`, isClusterError(error));
    }
  }

  async #spawnOf(
    module: LoadedModule,
    number: number,
    { config: wanted, entry }: SpawnFrame,
  ): Promise<Answer> {
    const { config: own, stdio } = this.#options;
    // Whoever spawns may have directories of another machine.
    if (!own.upstreamPermissions)
      wanted.preopenedDirectories = wanted.preopenedDirectories.filter(
        ({ hostPath }) => permissionFor(own.preopenedDirectories, hostPath).granted,
      );
    const config = childConfig(wanted, own);
    if (typeof config === 'string') return refused(config);
    const { environment, registry } = this.#home(number);
    environment.account.limit = Math.max(environment.account.limit, config.maxHostMemory);
    const processes = environment.size + environment.starting;
    if (processes >= config.maxProcesses)
      return refused(`the environment has ${processes} processes here, and may have ${config.maxProcesses}`);
    environment.starting++;
    try {
      const { process, failure } = await this.#runtime.spawner.spawnRoot(
        { environment, registry, config, stdio },
        module,
        entry,
        (root) => {
          root.childrenWhere = Where.Usual;
        },
      );
      return failure === undefined ? { kind: 'spawned', process: process.id } : refused(failure);
    } finally {
      environment.starting--;
    }
  }

  /** Leaves the cluster. Processes of other nodes hear of it. */
  async close(): Promise<void> {
    if (this.#timer !== null) clearInterval(this.#timer);
    await this.#transport.close();
  }
}

function refused(reason: string, isUnknownModule = false): Answer {
  return { kind: 'refused', isUnknownModule, reason };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function hasAttribute({ attributes }: NodeInfo, key: string, value: string): boolean {
  return Object.hasOwn(attributes, key) && attributes[key] === value;
}
