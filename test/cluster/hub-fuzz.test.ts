import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type WebSocket, WebSocketServer } from 'ws';
import { CertificateAuthority } from '../../runtime/certificates/authority.ts';
import { type Hub, openHub } from '../../runtime/cluster/hub/hub.ts';
import { joinHub } from '../../runtime/cluster/hub/join.ts';
import { Kind } from '../../runtime/cluster/hub/wire.ts';
import type { Transport } from '../../runtime/cluster/transport.ts';
import { TestNode } from '../support/cluster/node.ts';
import { frame, RawNode, register, relayed } from '../support/cluster/raw-node.ts';

const HOST = '127.0.0.1';
const RUNS = 300;
const MIB = 2 ** 20;

const bytes = fc.uint8Array({ maxLength: 40 }).map((array) => Buffer.from(array));
/** A frame with any body, and those that the two sides send, with anything where their fields are. */
const anyFrame = fc.oneof(
  fc.tuple(fc.integer({ min: 0, max: 12 }), bytes).map(([kind, body]) => frame(kind, body)),
  fc.tuple(fc.integer({ min: 0, max: 5 }), bytes).map(([to, body]) => relayed(to, body)),
  fc
    .tuple(fc.integer({ min: 0, max: 127 }), fc.integer({ min: 0, max: 5 }), bytes)
    .map(([request, ask, body]) => frame(Kind.Ask, request, ask, 1, 1, 97, body)),
  fc.tuple(fc.integer({ min: 1, max: 5 })).map(([node]) => frame(Kind.Joined, node, 1, 97, 0)),
  fc.tuple(fc.integer({ min: 1, max: 5 })).map(([node]) => frame(Kind.Left, node)),
  fc.constant(frame(Kind.Alive)),
);
/** Messages: frames in any order and number, some of them again, some with a byte that is another or without their end. */
const messages = fc.array(
  fc
    .tuple(
      fc
        .array(anyFrame, { minLength: 1, maxLength: 6 })
        .map((all) => Buffer.concat([...all, ...all.slice(0, 1)])),
      fc.option(fc.tuple(fc.nat(300), fc.nat(255)), { freq: 3 }),
      fc.option(fc.nat(300), { freq: 3 }),
    )
    .map(([message, change, end]) => {
      if (change !== null) message[change[0] % message.length] = change[1];
      return end === null ? message : message.subarray(0, end);
    }),
  { minLength: 1, maxLength: 5 },
);

/** Bytes of memory after a collection. */
function memory(): number {
  globalThis.gc?.();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

let hub: Hub;
beforeAll(async () => {
  const { authority } = CertificateAuthority.create('a cluster');
  hub = await openHub({ host: HOST, port: 0, joinToken: null, authority, tls: null });
});
afterAll(() => hub.close());

test('whatever a node sends, the hub goes on, and the others hear only of it', async () => {
  const address = { kind: 'hub' as const, host: HOST, port: Number(new URL(hub.url).port) };
  const a = await TestNode.join(address);
  const b = await TestNode.join(address);
  await a.knows(b.id);
  await b.knows(a.id);
  const headers = await register(hub.url);
  let before = 0;
  let runs = 0;
  await fc.assert(
    fc.asyncProperty(messages, async (all) => {
      if (++runs === 50) before = memory();
      const hostile = await RawNode.open(hub.url, headers);
      const id = await hostile.join();
      for (const message of all) hostile.socket.send(message);
      const number = Buffer.from(randomUUID());
      a.onReceived = b.onReceived = null;
      b.all.length = 0;
      a.transport.send(b.id, 1, number);
      await b.until('a frame', () => b.all.some((one) => one.from === a.id && number.equals(one.bytes)));
      const known = a.hasJoined.map((node) => Number(node.id));
      for (const { from } of b.all) expect([a.id, id, ...known]).toContain(from);
      hostile.socket.terminate();
      await hostile.closed;
      expect([a.isLost, b.isLost]).toEqual([null, null]);
    }),
    { numRuns: RUNS, endOnFailure: true },
  );
  a.hasJoined.length = b.hasJoined.length = 0;
  expect(memory() - before).toBeLessThan(16 * MIB);
  await a.transport.close();
  await b.transport.close();
});

/** A control server that answers the greeting of each node with these messages. */
class HostileHub {
  readonly #http: Server;
  readonly #sockets = new Set<WebSocket>();
  messages: readonly Buffer[] = [];

  constructor() {
    this.#http = createServer((request, response) => {
      request.resume();
      response.end('{"authentication_token":"token"}');
    });
    new WebSocketServer({ server: this.#http }).on('connection', (socket) => {
      this.#sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => this.#sockets.delete(socket));
      socket.once('message', () => {
        for (const message of this.messages) socket.send(message);
      });
    });
  }

  async listen(): Promise<string> {
    this.#http.listen(0, HOST);
    await once(this.#http, 'listening');
    const address = this.#http.address();
    return `http://${HOST}:${typeof address === 'object' ? address?.port : 0}/`;
  }

  close(): void {
    this.#http.close();
    for (const socket of this.#sockets) socket.terminate();
  }
}

test('whatever a hub sends, a node is lost at most, and hears nothing afterwards', async () => {
  const hostile = new HostileHub();
  const url = await hostile.listen();
  let before = 0;
  let runs = 0;
  const isWelcome = fc.boolean();
  await fc.assert(
    fc.asyncProperty(messages, isWelcome, async (all, welcomes) => {
      if (++runs === 50) before = memory();
      // The last one is malformed: when the node is lost it has read all.
      const welcome = frame(Kind.Welcome, 1, 1, 2, 1, 98, 0);
      const [first = welcome, ...others] = all;
      const greeting = welcomes ? [Buffer.concat([welcome, first])] : [first];
      hostile.messages = [...greeting, ...others, Buffer.of(0)];
      const told: string[] = [];
      const nodes = new Set([2]);
      let transport: Transport | null = null;
      const lost = new Promise<void>((done) => {
        // A node that is welcomed is told nothing before it has its transport.
        const note = (word: string) => told.push(welcomes && transport === null ? 'too early' : word);
        const listener = {
          received: (from: number) => note(nodes.has(from) ? 'received' : 'from a stranger'),
          joined: ({ id }: { readonly id: number }) => {
            note(nodes.has(id) ? 'twice' : 'joined');
            nodes.add(id);
          },
          left: (id: number) => note(nodes.delete(id) ? 'left' : 'a stranger left'),
          lost: ({ name }: Error) => {
            note(name);
            done();
          },
        };
        joinHub(url, {}, listener).then(
          (joined) => {
            transport = joined;
            if (!welcomes) for (const id of joined.nodes.keys()) nodes.add(id);
          },
          (error) => listener.lost(error),
        );
      });
      await lost;
      expect(told.indexOf('ClusterError')).toBe(told.length - 1);
      if (welcomes) expect(told.filter((word) => /stranger|twice|early/.test(word))).toEqual([]);
      await (transport as Transport | null)?.close();
    }),
    { numRuns: RUNS },
  );
  expect(memory() - before).toBeLessThan(16 * MIB);
  hostile.close();
});
