/**
 * What clusters are compared with: bare clients of NATS, and a bare relay of WebSockets. Each mode is an OS process of its own, as nodes are.
 *
 *     node cluster-peer.ts MODE PORT [COUNT]
 *
 * The modes with a count print the nanoseconds that one operation takes; the others print a line once they are ready.
 */
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { WebSocket, WebSocketServer } from 'ws';

const SUBJECT = 'bench.echo';
const SMALL = new Uint8Array(16);
const LARGER = new Uint8Array(64);

const [mode = '', port = '', count = '0'] = process.argv.slice(2);

function atNats(): Promise<NatsConnection> {
  return connect({ servers: `127.0.0.1:${port}` });
}

function toRelay(): Promise<WebSocket> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}`, { perMessageDeflate: false });
  return new Promise((done, fail) => socket.once('open', () => done(socket)).once('error', fail));
}

/** Times `count` operations, after some that do not count. */
async function timed(operation: (count: number) => Promise<void>): Promise<void> {
  const operations = Number(count);
  await operation(Math.ceil(operations / 4));
  const since = process.hrtime.bigint();
  await operation(operations);
  process.stdout.write(`${Math.round(Number(process.hrtime.bigint() - since) / operations)}\n`);
}

const MODES: Readonly<Record<string, () => Promise<void>>> = {
  'nats-echo': async () => {
    const connection = await atNats();
    let received = 0;
    connection.subscribe(SUBJECT, { callback: (_, message) => void message.respond(message.data) });
    connection.subscribe('bench.flood', {
      callback: (_, message) => {
        received++;
        // The last one asks how many there were.
        if (message.reply !== '') {
          message.respond(String(received));
          received = 0;
        }
      },
    });
    await connection.flush();
    process.stdout.write('ready\n');
  },
  'nats-trip': async () => {
    const connection = await atNats();
    await timed(async (times) => {
      for (let i = 0; i < times; i++) await connection.request(SUBJECT, SMALL);
    });
    await connection.close();
  },
  'nats-flood': async () => {
    const connection = await atNats();
    await timed(async (times) => {
      for (let i = 1; i < times; i++) {
        connection.publish('bench.flood', LARGER);
        // As nodes do, so that neither side keeps everything.
        if (i % 4096 === 0) await connection.flush();
      }
      const answer = await connection.request('bench.flood', LARGER, { timeout: 60_000 });
      if (answer.string() !== String(times)) throw new Error(`${answer.string()} of ${times} have come`);
    });
    await connection.close();
  },
  'ws-relay': async () => {
    const server = new WebSocketServer({ host: '127.0.0.1', port: Number(port), perMessageDeflate: false });
    const sockets = new Set<WebSocket>();
    server.on('connection', (socket) => {
      sockets.add(socket);
      socket.on('close', () => sockets.delete(socket));
      socket.on('message', (data) => {
        for (const other of sockets) if (other !== socket) other.send(data);
      });
    });
    server.on('listening', () => process.stdout.write('ready\n'));
  },
  'ws-echo': async () => {
    const socket = await toRelay();
    socket.on('message', (data) => socket.send(data));
    process.stdout.write('ready\n');
  },
  'ws-trip': async () => {
    const socket = await toRelay();
    await timed(async (times) => {
      for (let i = 0; i < times; i++) {
        const answer = new Promise((done) => socket.once('message', done));
        socket.send(SMALL);
        await answer;
      }
    });
    socket.close();
  },
};

const run = MODES[mode];
if (run === undefined) throw new Error(`there is no mode '${mode}'`);
await run();
