import { createServer, type Server, type Socket } from 'node:net';
import { Newcomers } from '../runtime/internal.ts';
import { LunaticDebugSession } from './debug-session.ts';
import type { LogFile } from './log-file.ts';
import type { SessionDefaults } from './session.ts';
import { SessionLog } from './session-log.ts';

const LOOPBACK = '127.0.0.1';
/** The beginning of every message of the Debug Adapter Protocol. A web page that connects to the port sends something else. */
const FIRST_HEADER = 'Content-';
/** Connections that have not shown the token yet, and bytes that each of them may send. */
const MAX_NEWCOMERS = 16;
const MAX_FIRST_BYTES = 2 ** 20;

/** Serves one session on standard input and output. Resolves when it is over. */
export async function serveStdio(defaults: SessionDefaults, file?: LogFile): Promise<void> {
  const session = new LunaticDebugSession(defaults, logTo(file, ''));
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => session.close());
  session.start(process.stdin, process.stdout);
  // A pipe also closes. A file that was redirected, such as /dev/null, only ends.
  process.stdin.once('end', () => session.close());
  await session.closed;
  await new Promise<void>((done) => process.stdout.write('', () => done()));
}

/**
 * Serves sessions on a port of this machine, each on a connection of its own, until the process is told to end.
 * @param defaults with a token: everybody on this machine can connect, also other users and the programs that are debugged
 */
export async function servePort(
  port: number,
  defaults: SessionDefaults & { readonly token: string },
  listening: (port: number) => void,
  file?: LogFile,
): Promise<void> {
  let count = 0;
  const sessions = new Set<LunaticDebugSession>();
  const newcomers = new Newcomers(MAX_NEWCOMERS);
  const server = createServer((socket) => {
    socket.on('error', () => socket.destroy());
    newcomers.add(socket);
    socket.once('data', (first: Buffer) => {
      if (!isProtocol(first)) {
        socket.destroy();
        return;
      }
      const session = new LunaticDebugSession(defaults, logTo(file, `[${++count}] `));
      sessions.add(session);
      session.closed.then(() => {
        sessions.delete(session);
        socket.end();
      });
      const unlimited = limit(socket, MAX_FIRST_BYTES);
      session.admitted.then(() => {
        newcomers.admit(socket);
        unlimited();
      });
      serve(session, socket, first);
    });
  });
  await listen(server, port);
  const address = server.address();
  listening(typeof address === 'object' && address !== null ? address.port : port);
  await new Promise<void>((done) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => done());
  });
  server.close();
  newcomers.close();
  await Promise.all([...sessions].map((session) => session.close()));
}

function logTo(file: LogFile | undefined, prefix: string): SessionLog {
  const log = new SessionLog(prefix);
  if (file !== undefined) log.add(file);
  return log;
}

/** Closes a connection on which more bytes arrive. Returns a function that takes this back. */
function limit(socket: Socket, bytes: number): () => void {
  const most = socket.bytesRead + bytes;
  const check = () => {
    if (socket.bytesRead > most) socket.destroy();
  };
  socket.on('data', check);
  return () => socket.off('data', check);
}

function serve(session: LunaticDebugSession, socket: Socket, first: Buffer): void {
  socket.pause();
  socket.unshift(first);
  session.start(socket, socket);
}

function isProtocol(first: Buffer): boolean {
  const length = Math.min(first.length, FIRST_HEADER.length);
  return first.toString('latin1', 0, length).toLowerCase() === FIRST_HEADER.slice(0, length).toLowerCase();
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((done, fail) => {
    server.once('error', fail);
    server.listen(port, LOOPBACK, done);
  });
}
