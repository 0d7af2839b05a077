/**
 * What the guest `echo_load` does, in one Node and straight on `node:net`: an echo server and its clients.
 *
 *     node network-peer.ts CONNECTIONS ROUNDS BYTES
 *
 * prints how many nanoseconds all rounds took, connecting not counted.
 */
import { createConnection, createServer, type Socket } from 'node:net';

const [connections = 0, rounds = 0, bytes = 0] = process.argv.slice(2).map(Number);
const said = Buffer.from(Array.from({ length: bytes }, (_, i) => i * 7));

const server = createServer({ noDelay: true }, (socket) => {
  socket.on('data', (chunk) => socket.write(chunk));
});
await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
const address = server.address();
if (address === null || typeof address === 'string') throw new Error('the server has no port');
const { port } = address;

function connect(): Promise<Socket> {
  return new Promise((connected, failed) => {
    const socket: Socket = createConnection({ port, host: '127.0.0.1', noDelay: true }, () =>
      connected(socket),
    );
    socket.on('error', failed);
  });
}

/** Sends a message and waits for it, so many times. */
function ask(socket: Socket): Promise<void> {
  return new Promise((done) => {
    let left = rounds;
    let heard = 0;
    socket.on('data', (chunk: Buffer) => {
      if (said.compare(chunk, 0, chunk.length, heard, heard + chunk.length) !== 0)
        throw new Error('the echo is not what was said');
      heard += chunk.length;
      if (heard < bytes) return;
      heard = 0;
      left--;
      if (left > 0) socket.write(said);
      else done();
    });
    socket.write(said);
  });
}

const sockets = await Promise.all(Array.from({ length: connections }, connect));
const start = process.hrtime.bigint();
await Promise.all(sockets.map(ask));
console.log(String(process.hrtime.bigint() - start));
process.exit();
