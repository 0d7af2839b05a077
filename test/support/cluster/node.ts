import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import type { NodeId, NodeInfo, Transport, TransportListener } from '../../../runtime/cluster/transport.ts';
import { type EngineAddress, joinAt } from './engines.ts';

/** Milliseconds after which a test does not wait any longer. */
const DEADLINE = 10_000;

export interface Received {
  readonly from: NodeId;
  readonly environment: number;
  readonly bytes: Uint8Array;
}

/** A node of a test, which notes what its transport tells. */
export class TestNode implements TransportListener {
  readonly all: Received[] = [];
  readonly hasJoined: NodeInfo[] = [];
  readonly hasLeft: NodeId[] = [];
  isLost: Error | null = null;
  /** Called after each event. */
  #changed = () => {};
  #transport: Transport | null = null;
  /** Called with what comes, which is not noted then. */
  onReceived: ((received: Received) => void) | null = null;
  /** What was told before it had the transport. */
  tooEarly = 0;

  static async join(
    address: EngineAddress,
    attributes: Readonly<Record<string, string>> = {},
  ): Promise<TestNode> {
    return await TestNode.with((listener) => joinAt(address, listener, attributes));
  }

  /** @param join joins as a node does */
  static async with(join: (listener: TransportListener) => Promise<Transport>): Promise<TestNode> {
    const node = new TestNode();
    node.#transport = await join(node);
    return node;
  }

  get transport(): Transport {
    if (this.#transport === null) throw new Error('It has not joined.');
    return this.#transport;
  }

  get id(): NodeId {
    return this.transport.self.id;
  }

  received(from: NodeId, environment: number, bytes: Uint8Array): void {
    if (this.#transport === null) this.tooEarly++;
    if (this.onReceived === null) this.all.push({ from, environment, bytes });
    else this.onReceived({ from, environment, bytes });
    this.#changed();
  }

  joined(node: NodeInfo): void {
    if (this.#transport === null) this.tooEarly++;
    this.hasJoined.push(node);
    this.#changed();
  }

  left(node: NodeId): void {
    if (this.#transport === null) this.tooEarly++;
    this.hasLeft.push(node);
    this.#changed();
  }

  lost(reason: Error): void {
    this.isLost = reason;
    this.#changed();
  }

  /** Waits until something is so. Returns the milliseconds that this has taken. */
  async until(what: string, isSo: () => boolean): Promise<number> {
    const begin = performance.now();
    await new Promise<void>((done, fail) => {
      const late = setTimeout(() => fail(new Error(`Too long without: ${what}`)), DEADLINE);
      const look = () => {
        if (!isSo()) return;
        clearTimeout(late);
        this.#changed = () => {};
        done();
      };
      this.#changed = look;
      look();
    });
    return performance.now() - begin;
  }

  knows(id: NodeId): Promise<number> {
    return this.until(`node ${id}`, () => this.transport.nodes.has(id));
  }
}

/** A node in an OS process of its own, which sends back what it gets. */
export class EchoNode {
  readonly id: NodeId;
  readonly child: ChildProcess;
  /** Why it was lost. */
  readonly lost: Promise<string>;

  private constructor(child: ChildProcess, id: NodeId) {
    this.child = child;
    this.id = id;
    this.lost = once(child, 'message').then(([{ lost }]) => lost);
  }

  static async start(address: EngineAddress): Promise<EchoNode> {
    const child = fork(new URL('echo-node.ts', import.meta.url).pathname, [JSON.stringify(address)], {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      execArgv: [],
    });
    const [{ id }] = await once(child, 'message');
    return new EchoNode(child, id);
  }

  kill(signal: NodeJS.Signals): void {
    this.child.kill(signal);
  }
}

/** Stands between nodes and the engine. */
export class Cable {
  readonly address: EngineAddress;
  readonly #sockets = new Set<Socket>();
  #isCut = false;
  readonly close: () => void;

  private constructor(address: EngineAddress, close: () => void) {
    this.address = address;
    this.close = close;
  }

  static async lay(to: EngineAddress): Promise<Cable> {
    const server = createServer((near) => {
      const far = connect(to.port, to.host);
      for (const [from, into] of [
        [near, far],
        [far, near],
      ] as const) {
        cable.#sockets.add(from);
        from.on('error', () => {});
        from.on('data', (bytes) => {
          if (!cable.#isCut) into.write(bytes);
        });
        from.on('close', () => {
          cable.#sockets.delete(from);
          if (!cable.#isCut) into.destroy();
        });
      }
    });
    server.listen(0, to.host);
    await once(server, 'listening');
    const address = server.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    const cable = new Cable({ ...to, port }, () => {
      server.close();
      cable.break();
    });
    return cable;
  }

  /** Nothing comes through any more, and neither side is told. */
  cut(): void {
    this.#isCut = true;
  }

  /** All present connections end. */
  break(): void {
    for (const socket of this.#sockets) socket.destroy();
  }
}
