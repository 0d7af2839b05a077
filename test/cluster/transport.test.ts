import { randomBytes } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { LARGEST_FRAME, LARGEST_MODULE, type NodeId } from '../../runtime/cluster/transport.ts';
import { ENGINES, type RunningEngine } from '../support/cluster/engines.ts';
import { Cable, EchoNode, TestNode } from '../support/cluster/node.ts';

/** Milliseconds within which a node that is gone is missed. */
const MISSED = 2000;
const FRAMES = 10_000;
const MIB = 2 ** 20;

describe.each(ENGINES)('Over a $name', ({ start }) => {
  let engine: RunningEngine;
  const nodes: TestNode[] = [];
  const echoes: EchoNode[] = [];
  const cables: Cable[] = [];

  beforeAll(async () => {
    engine = await start();
  });
  afterEach(async () => {
    for (const { child } of echoes.splice(0)) child.kill('SIGKILL');
    await Promise.all(nodes.splice(0).map(({ transport }) => transport.close()));
    for (const cable of cables.splice(0)) cable.close();
  });
  afterAll(() => engine.stop());

  async function join(attributes: Readonly<Record<string, string>> = {}, at = engine.address) {
    const node = await TestNode.join(at, attributes);
    nodes.push(node);
    return node;
  }

  async function pair(): Promise<readonly [TestNode, TestNode]> {
    const a = await join();
    const b = await join();
    await a.knows(b.id);
    await b.knows(a.id);
    return [a, b];
  }

  async function withEcho(at = engine.address): Promise<readonly [TestNode, EchoNode]> {
    const node = await join();
    const echo = await EchoNode.start(at);
    echoes.push(echo);
    await node.knows(echo.id);
    return [node, echo];
  }

  async function layCable(): Promise<Cable> {
    const cable = await Cable.lay(engine.address);
    cables.push(cable);
    return cable;
  }

  test('each node knows the others, with their names and attributes, and hears who joins and leaves', async () => {
    const a = await join({ role: 'first' });
    const b = await join({ role: 'second', emoji: '🌒', '': '' });
    await a.knows(b.id);
    await b.knows(a.id);
    expect(a.id).toBeGreaterThan(0);
    expect(b.id).not.toBe(a.id);
    expect(b.transport.self.name).toMatch(/^[0-9a-f-]{36}$/);
    expect(a.hasJoined).toStrictEqual([b.transport.self]);
    expect(a.transport.nodes.get(b.id)?.attributes).toStrictEqual({ role: 'second', emoji: '🌒', '': '' });
    expect(b.transport.nodes.get(a.id)).toStrictEqual(a.transport.self);
    expect(b.transport.nodes.size).toBe(1);

    await b.transport.close();
    await a.until('farewell', () => a.hasLeft.includes(b.id));
    expect(a.transport.nodes.size).toBe(0);
    const again = await join();
    expect([a.id, b.id]).not.toContain(again.id);
  });

  test('frames come in the order in which they were sent, 10,000 both ways at the same time', async () => {
    const [a, b] = await pair();
    const bytes = new Uint8Array(8);
    const view = new DataView(bytes.buffer);
    for (let i = 0; i < FRAMES; i++) {
      // They are copied: the same bytes are used for all.
      view.setUint32(0, i);
      a.transport.send(b.id, i % 3, bytes);
      view.setUint32(0, i * 2);
      b.transport.send(a.id, 2 ** 40 + i, bytes);
    }
    const numbers = ({ all }: TestNode) => all.map((one) => Buffer.from(one.bytes).readUInt32BE(0));
    await Promise.all([
      a.until('all frames', () => a.all.length === FRAMES),
      b.until('all frames', () => b.all.length === FRAMES),
    ]);
    expect(numbers(b)).toStrictEqual(Array.from({ length: FRAMES }, (_, i) => i));
    expect(numbers(a)).toStrictEqual(Array.from({ length: FRAMES }, (_, i) => i * 2));
    expect(b.all.every(({ from, environment }, i) => from === a.id && environment === i % 3)).toBe(true);
    expect(a.all.every(({ from, environment }, i) => from === b.id && environment === 2 ** 40 + i)).toBe(
      true,
    );
  });

  test('small and large frames come whole and in order: of no bytes, of one, of 8 MiB', async () => {
    const [a, b] = await pair();
    const sizes = [0, 1, 8 * MIB, 3, 70_000, 8 * MIB, 0];
    const sent = sizes.map((size) => randomBytes(size));
    for (const bytes of sent) a.transport.send(b.id, 1, bytes);
    b.onReceived = ({ from, environment, bytes }) => {
      b.all.push({ from, environment, bytes });
      b.transport.send(from, environment, bytes);
    };
    await a.until('all echoes', () => a.all.length === sent.length);
    for (const [i, { bytes }] of a.all.entries()) expect(sent[i]?.equals(bytes)).toBe(true);
  });

  test('a frame that is too large is refused, and the others come', async () => {
    const [a, b] = await pair();
    expect(() => a.transport.send(b.id, 1, new Uint8Array(LARGEST_FRAME + 1))).toThrow(/64 MiB/);
    a.transport.send(b.id, 1, Uint8Array.of(1));
    await b.until('a frame', () => b.all.length === 1);
  });

  test('frames for nodes that there are not, or are no longer, are dropped', async () => {
    const [a, b] = await pair();
    const c = await join();
    await a.knows(c.id);
    await c.transport.close();
    await a.until('farewell', () => a.hasLeft.includes(c.id));
    for (const to of [c.id, 99_999 as NodeId, 0 as NodeId]) a.transport.send(to, 1, Uint8Array.of(1));
    a.transport.send(b.id, 1, Uint8Array.of(2));
    await b.until('a frame', () => b.all.length > 0);
    expect(b.all.map(({ bytes }) => [...bytes])).toStrictEqual([[2]]);
    c.transport.send(b.id, 1, Uint8Array.of(3));
  });

  test('nothing is told before a node has its transport, or after it has closed it', async () => {
    const a = await join();
    const greet = (id: NodeId) => {
      for (let i = 0; i < 100; i++) a.transport.send(id, 1, Uint8Array.of(i));
    };
    a.joined = ({ id }) => greet(id);
    const b = await join();
    await b.until('greetings', () => b.all.length === 100);
    expect(b.tooEarly).toBe(0);

    const closed = b.transport.close();
    greet(b.id);
    await closed;
    await a.until('farewell', () => a.hasLeft.includes(b.id));
    expect(b.all.length).toBe(100);
    expect(b.hasLeft).toStrictEqual([]);
    expect(b.isLost).toBeNull();
  });

  test('what was sent before a node has left comes before the news of it', async () => {
    const [a, b] = await pair();
    for (let i = 0; i < 1000; i++) a.transport.send(b.id, 1, new Uint8Array(2000));
    let before = -1;
    b.left = () => {
      before = b.all.length;
    };
    await a.transport.close();
    await b.until('all frames', () => b.all.length === 1000);
    await join();
    await b.until('the news', () => before >= 0 || !b.transport.nodes.has(a.id));
    expect(before).toBe(1000);
  });

  test('a node that is killed is missed', async () => {
    const [a, echo] = await withEcho();
    a.transport.send(echo.id, 1, Uint8Array.of(1));
    await a.until('an echo', () => a.all.length === 1);
    echo.kill('SIGKILL');
    expect(await a.until('death', () => a.hasLeft.includes(echo.id))).toBeLessThan(MISSED);
  });

  test('a node that is stopped is missed, and learns of it when it goes on', async () => {
    const [a, echo] = await withEcho();
    echo.kill('SIGSTOP');
    expect(await a.until('death', () => a.hasLeft.includes(echo.id))).toBeLessThan(MISSED);
    echo.kill('SIGCONT');
    expect(await echo.lost).toMatch(/\w/);
    expect(a.hasJoined.filter(({ id }) => id === echo.id)).toHaveLength(1);
  });

  test('a node that is stopped is missed also while others send to it, and these are to wait until then', async () => {
    const [a, echo] = await withEcho();
    echo.kill('SIGSTOP');
    const piece = new Uint8Array(2 ** 16);
    let sent = 0;
    await a.until('back-pressure', () => {
      while (!a.transport.isFull && sent < 256 * MIB) {
        a.transport.send(echo.id, 1, piece);
        sent += piece.length;
        if (sent % MIB === 0) break;
      }
      setImmediate(() => a.joined(a.transport.self));
      return a.transport.isFull;
    });
    expect(sent).toBeLessThan(64 * MIB);
    const begin = performance.now();
    await new Promise<void>((done) => a.transport.whenWritable(done));
    await a.until('death', () => a.hasLeft.includes(echo.id));
    expect(performance.now() - begin).toBeLessThan(MISSED);
    expect(a.transport.isFull).toBe(false);
  });

  test('all comes to a node that reads slowly, and senders are told when to wait', async () => {
    const [a, echo] = await withEcho();
    const piece = new Uint8Array(2 ** 16);
    const count = 1000;
    let waits = 0;
    for (let i = 0; i < count; i++) {
      new DataView(piece.buffer).setUint32(0, i);
      a.transport.send(echo.id, 1, piece);
      if (!a.transport.isFull) continue;
      waits++;
      await new Promise<void>((done) => a.transport.whenWritable(done));
    }
    await a.until('all echoes', () => a.all.length === count);
    expect(a.all.map(({ bytes }) => Buffer.from(bytes).readUInt32BE(0))).toStrictEqual(
      Array.from({ length: count }, (_, i) => i),
    );
    expect(waits).toBeGreaterThan(0);
  });

  test('a node that is cut off is missed, and is lost itself', async () => {
    const cable = await layCable();
    const a = await join();
    const b = await join({}, cable.address);
    await a.knows(b.id);
    cable.cut();
    const [seen] = await Promise.all([
      a.until('death', () => a.hasLeft.includes(b.id)),
      b.until('loss', () => b.isLost !== null),
    ]);
    expect(seen).toBeLessThan(MISSED);
    expect(b.isLost?.message).toMatch(/\w/);
    await expect(b.transport.names.get(1, 'name')).rejects.toThrow();
  });

  test('a node whose connection breaks stays, and nothing comes twice or in another order', async () => {
    const cable = await layCable();
    const a = await join();
    const b = await join({}, cable.address);
    await a.knows(b.id);
    await b.knows(a.id);
    let number = 0;
    const send = () => {
      number++;
      for (const [from, to] of [
        [a, b],
        [b, a],
      ] as const)
        from.transport.send(to.id, 1, Uint8Array.of(number >> 8, number & 0xff));
    };
    const numbers = ({ all }: TestNode) => all.map(({ bytes }) => (bytes[0] ?? 0) * 256 + (bytes[1] ?? 0));
    for (let round = 0; round < 3; round++) {
      for (let i = 0; i < 20; i++) send();
      cable.break();
      // What is sent until the connection is there again may be missing.
      const last = number;
      const timer = setInterval(send, 5);
      await Promise.all([
        a.until('news', () => (numbers(a).at(-1) ?? 0) > last),
        b.until('news', () => (numbers(b).at(-1) ?? 0) > last),
      ]);
      clearInterval(timer);
    }
    for (const node of [a, b]) {
      const all = numbers(node);
      expect(all).toStrictEqual([...new Set(all)].sort((one, other) => one - other));
      expect(node.isLost).toBeNull();
      expect(node.hasLeft).toStrictEqual([]);
    }
  });

  test('after the engine has been started anew nodes are lost, and can join again', async () => {
    const other = await start();
    const a = await TestNode.join(other.address);
    await a.transport.names.create(1, 'name', Uint8Array.of(1));
    await other.restart();
    await a.until('loss', () => a.isLost !== null);
    const b = await TestNode.join(other.address);
    const c = await TestNode.join(other.address);
    await c.knows(b.id);
    b.transport.send(c.id, 1, Uint8Array.of(1));
    await c.until('a frame', () => c.all.length === 1);
    await Promise.all([a, b, c].map(({ transport }) => transport.close()));
    await other.stop();
  });

  test('names have one value each, which only changes if it is what one knows', async () => {
    const [a, b] = await pair();
    const [one, two, three] = [1, 2, 3].map((byte) => Uint8Array.of(byte));
    const { names } = a.transport;
    const name = 'a name, 名前/.*>';
    expect(await names.get(1, name)).toBeNull();
    const first = await names.create(1, name, one ?? new Uint8Array());
    expect(first).not.toBeNull();
    expect(await b.transport.names.create(1, name, two ?? new Uint8Array())).toBeNull();
    expect(await b.transport.names.get(1, name)).toStrictEqual({ value: one, revision: first });
    expect(await b.transport.names.get(2, name)).toBeNull();
    const second = await b.transport.names.update(1, name, three ?? new Uint8Array(), first ?? 0);
    expect(second).toBeGreaterThan(first ?? 0);
    expect(await names.update(1, name, two ?? new Uint8Array(), first ?? 0)).toBeNull();
    expect(await names.remove(1, name, first ?? 0)).toBe(false);
    expect(await names.get(1, name)).toStrictEqual({ value: three, revision: second });
    expect(await names.remove(1, name, second ?? 0)).toBe(true);
    expect(await names.get(1, name)).toBeNull();
    expect(await names.update(1, name, two ?? new Uint8Array(), second ?? 0)).toBeNull();
    // Who still knows the former revision must not take the new value for the old one.
    const third = await names.create(1, name, one ?? new Uint8Array());
    expect(third).toBeGreaterThan(second ?? 0);
    expect(await names.remove(1, name, third ?? 0)).toBe(true);
  });

  test('of 20 that create the same name at the same time one succeeds, and the others can tell who', async () => {
    const stores = [await join(), await join(), await join(), await join()].map(
      (node) => node.transport.names,
    );
    const results = await Promise.all(
      Array.from({ length: 20 }, (_, i) => stores[i % 4]?.create(7, 'leader', Uint8Array.of(i))),
    );
    const winners = results.flatMap((revision, i) => (revision === null ? [] : [i]));
    expect(winners).toHaveLength(1);
    const values = await Promise.all(stores.map((store) => store.get(7, 'leader')));
    for (const entry of values) expect(entry?.value).toStrictEqual(Uint8Array.of(winners[0] ?? -1));
    await stores[0]?.remove(7, 'leader', values[0]?.revision ?? 0);
  });

  test('modules of 20 MB are the same for all, and the same bytes have the same id', async () => {
    const [a, b] = await pair();
    const bytes = randomBytes(20_000_000);
    const id = await a.transport.modules.add(bytes);
    expect(id).toBeGreaterThan(0n);
    const got = await b.transport.modules.get(id);
    expect(got !== null && bytes.equals(got)).toBe(true);
    expect(await b.transport.modules.add(bytes)).toBe(id);
    expect(await b.transport.modules.add(Uint8Array.of(0))).not.toBe(id);
    for (const unknown of [0n, 999n, 2n ** 53n, 2n ** 64n - 1n])
      expect(await a.transport.modules.get(unknown)).toBeNull();
    await expect(a.transport.modules.add(new Uint8Array(LARGEST_MODULE + 1))).rejects.toThrow(/bytes/);
  });
});
