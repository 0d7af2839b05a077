import fc from 'fast-check';
import { describe, expect, onTestFinished, test } from 'vitest';
import { ByteReader } from '../../../runtime/kernel/codec/byte-reader.ts';
import { ByteWriter } from '../../../runtime/kernel/codec/byte-writer.ts';
import { FormatError } from '../../../runtime/kernel/codec/format-error.ts';
import type { SocketResource } from '../../../runtime/kernel/message-resources.ts';
import type { DatagramState } from '../../../runtime/net/datagrams.ts';
import { Listening } from '../../../runtime/net/listening.ts';
import { NetStream } from '../../../runtime/net/net-stream.ts';
import type { StreamState } from '../../../runtime/net/stream.ts';
import { TcpListener } from '../../../runtime/net/tcp-listener.ts';
import { TlsIdentity } from '../../../runtime/net/tls-identity.ts';
import { TlsListener } from '../../../runtime/net/tls-listener.ts';
import { UdpSocket } from '../../../runtime/net/udp-socket.ts';
import { HandlePassing } from '../../../runtime/schedulers/handle-passing.ts';
import type { Peers, RequestHandler } from '../../../runtime/schedulers/peers.ts';
import {
  readDatagrams,
  readStream,
  writeDatagrams,
  writeStream,
} from '../../../runtime/schedulers/socket-bytes.ts';
import { SocketCrossing } from '../../../runtime/schedulers/sockets.ts';

const OWNER = { environment: {} };
const HERE = { version: 4, host: '127.0.0.1', port: 0 } as const;

/** Schedulers of one OS process, which hear each other at once. Handles that they send each other get lost. */
class Hall {
  readonly handlers = new Map<string, RequestHandler>();
  readonly crossings: SocketCrossing[] = [];
  readonly passing: HandlePassing[] = [];

  constructor(count: number) {
    for (let own = 0; own < count; own++) {
      const peers: Peers = {
        request: async (to, kind, body) => {
          const handler = this.handlers.get(`${to} ${kind}`);
          if (handler === undefined) throw new Error(`scheduler ${to} has ended`);
          return handler(own, body);
        },
        answer: (kind, handler) => this.handlers.set(`${own} ${kind}`, handler),
      };
      const passing = new HandlePassing(own);
      for (let peer = 0; peer < count; peer++) passing.connect(peer, { send: () => true, on: () => {} });
      this.passing.push(passing);
      this.crossings.push(new SocketCrossing(own, peers, passing));
    }
  }

  crossing(index: number): SocketCrossing {
    const crossing = this.crossings[index];
    if (crossing === undefined) throw new Error(`there is no scheduler ${index}`);
    return crossing;
  }
}

function deadStream(): NetStream {
  const timeouts = { read: 1n, peek: -1n, write: 2n ** 63n };
  const state = { unread: Buffer.from('unread'), ended: true, failure: 'broken', timeouts };
  return NetStream.arrive(null, state, OWNER);
}

function udp(): Promise<UdpSocket> {
  return new Promise((resolve, reject) => {
    UdpSocket.open(HERE, (socket) => (socket instanceof Error ? reject(socket) : resolve(socket)));
  });
}

function listener<T extends TcpListener | TlsListener>(make: (listening: Listening) => T): Promise<T> {
  return new Promise((resolve, reject) => {
    Listening.open(HERE, (result) => {
      if (result instanceof Error) {
        reject(result);
        return undefined;
      }
      const made = make(result);
      resolve(made);
      return made;
    });
  });
}

/** What departs in all forms, from scheduler 0 to 1. */
async function departures(hall: Hall): Promise<Uint8Array[]> {
  const shared = deadStream().share();
  const sockets: SocketResource[] = [
    { kind: 'TCP stream', cost: 49_152, socket: deadStream() },
    { kind: 'TLS stream', cost: 1, socket: shared },
    { kind: 'UDP socket', cost: 1, socket: await udp() },
    { kind: 'TCP listener', cost: 1, socket: await listener((made) => new TcpListener(made, OWNER)) },
    {
      kind: 'TLS listener',
      cost: 1,
      socket: await listener((made) => new TlsListener(made, new TlsIdentity('', ''), OWNER)),
    },
  ];
  return sockets.map((socket) => hall.crossing(0).depart(socket, 1));
}

/** Changes bytes at random: some are replaced, cut off, or repeated. */
const damage = fc.record({
  at: fc.nat(200),
  by: fc.uint8Array({ minLength: 0, maxLength: 6 }),
  cut: fc.nat(4),
});

function damaged(
  bytes: Uint8Array,
  { at, by, cut }: { at: number; by: Uint8Array; cut: number },
): Uint8Array {
  const from = at % (bytes.length + 1);
  return Buffer.concat([bytes.subarray(0, from), by, bytes.subarray(Math.min(bytes.length, from + cut))]);
}

describe('bytes of another scheduler', () => {
  test('that are damaged make a socket that can be released, or are refused', async () => {
    const hall = new Hall(3);
    const originals = await departures(hall);
    onTestFinished(() => {
      for (let i = 0; i < 3; i++) for (let peer = 0; peer < 3; peer++) hall.crossing(i).peerEnded(peer);
    });
    // Undamaged ones arrive.
    const arriving = originals.map((bytes) => hall.crossing(1).arrive(0, bytes, OWNER));
    hall.passing[1]?.disconnect(0);
    const classes: string[] = [];
    for (const { socket } of await Promise.all(arriving)) {
      classes.push(socket.constructor.name);
      socket.release();
    }
    expect(classes).toEqual(['NetStream', 'RemoteStream', 'RemoteUdpSocket', 'TcpListener', 'TlsListener']);
    const outcomes = { arrived: 0, refused: 0 };
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...originals), damage, async (bytes, how) => {
        const arriving = hall.crossing(1).arrive(2, damaged(bytes, how), OWNER);
        // A handle that does not come is not waited for when its sender has ended.
        hall.passing[1]?.disconnect(2);
        try {
          (await arriving).socket.release();
          outcomes.arrived++;
        } catch (error) {
          expect(error).toBeInstanceOf(FormatError);
          outcomes.refused++;
        }
      }),
      { numRuns: 3000 },
    );
    expect(outcomes.refused).toBeGreaterThan(500);
    expect(outcomes.arrived).toBeGreaterThan(100);
    expect(hall.crossing(1).counts.remote).toBe(0);
  });

  test('ask for nothing that they have no reference to', async () => {
    const hall = new Hall(2);
    const bytes = await departures(hall);
    onTestFinished(() => hall.crossing(0).peerEnded(1));
    const { socket } = await hall.crossing(1).arrive(0, bytes[1] ?? new Uint8Array(0), OWNER);
    const kinds = [...hall.handlers.keys()].filter((key) => key.startsWith('0 '));
    expect(kinds.length).toBeGreaterThan(14);
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...kinds),
        fc.uint8Array({ maxLength: 30 }),
        fc.integer({ min: 1, max: 3 }),
        async (kind, body, peer) => {
          const handler = hall.handlers.get(kind);
          // It may be that of somebody else, or of nobody.
          const answer = async () => handler?.(peer + 1, body);
          const result = await Promise.race([answer().catch((error) => error), undefined]);
          if (result instanceof Error)
            expect(result.message).toMatch(/cannot be read|reference|on its way|nobody|borrower/);
        },
      ),
      { numRuns: 5000 },
    );
    // What scheduler 1 has, or will have, is still there.
    expect(hall.crossing(0).counts).toEqual({ departing: 4, served: 1, remote: 0 });
    socket.release();
    await expect.poll(() => hall.crossing(0).counts.served).toBe(0);
  });
});

const timeout = fc.oneof(fc.constant(-1n), fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }));
const address = fc.record({
  host: fc.oneof(fc.ipV4(), fc.constantFrom('::1', 'fe80::1%eth0', '2001:db8::7')),
  port: fc.nat(65_535),
});

function written<T>(value: T, write: (writer: ByteWriter, value: T) => void): ByteReader {
  const writer = new ByteWriter(8);
  write(writer, value);
  return new ByteReader(writer.finish(), 'what was written');
}

describe('a socket on its way', () => {
  test('is read as it was written', () => {
    const streams: fc.Arbitrary<StreamState> = fc.record({
      unread: fc.uint8Array(),
      ended: fc.boolean(),
      failure: fc.option(fc.string({ unit: 'grapheme' })),
      timeouts: fc.record({ read: timeout, peek: timeout, write: timeout }),
    });
    fc.assert(
      fc.property(streams, (state) => {
        const reader = written(state, writeStream);
        expect(readStream(reader)).toEqual(state);
        reader.end();
      }),
    );
    const endpoints = address.map(
      ({ host, port }) => ({ version: host.includes(':') ? 6 : 4, host, port }) as const,
    );
    const sockets: fc.Arbitrary<DatagramState> = fc.record({
      peer: fc.option(endpoints),
      broadcast: fc.boolean(),
      ttl: fc.integer({ min: 1, max: 255 }),
      queue: fc.array(
        fc.oneof(
          fc.record({ bytes: fc.uint8Array(), from: endpoints }),
          fc.string({ unit: 'grapheme' }).map((message) => new Error(message)),
        ),
      ),
    });
    fc.assert(
      fc.property(sockets, (state) => {
        const reader = written(state, writeDatagrams);
        expect(readDatagrams(reader)).toEqual(state);
        reader.end();
      }),
    );
  });
});
