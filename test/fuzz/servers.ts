import { readFileSync } from 'node:fs';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import type { Servers } from './argument-writer.ts';

const tls = (name: string) => readFileSync(new URL(`../fixtures/tls/${name}`, import.meta.url));

/** Starts servers on loopback that send back what they get, for as long as this OS process lives. */
export async function startServers(): Promise<Servers> {
  const echo = (socket: Socket): void => {
    socket.on('error', () => {});
    socket.pipe(socket);
  };
  const secure = createTlsServer({ cert: tls('server.pem'), key: tls('server.key') }, echo);
  secure.on('tlsClientError', () => {});
  return { plain: await listen(createServer(echo)), tls: await listen(secure) };
}

async function listen(server: Server): Promise<number> {
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return (server.address() as AddressInfo).port;
}
