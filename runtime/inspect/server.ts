import { randomBytes, timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { isIP } from 'node:net';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import type { InspectAddress } from './address.ts';
import { Arrivals } from './arrivals.ts';
import { Backlog } from './backlog.ts';
import { ClientSession, type Program } from './client-session.ts';
import type { Inspector } from './inspector.ts';
import { Newcomers } from './newcomers.ts';
import type { Notifications } from './protocol.ts';

/** Bytes of the largest request: a message to send, in base64. */
const MAX_REQUEST = 16 * 2 ** 20;
const MAX_CLIENTS = 32;
/** Connections that have not shown their token yet. */
const MAX_NEWCOMERS = 96;
const TOKEN_SIZE = 24;
/** Milliseconds that clients have to read the last notification. */
const FAREWELL_TIME = 500;
/** Milliseconds for the handshake of a connection, and between two looks at which of them take longer. */
const HANDSHAKE_TIME = 5000;
const HANDSHAKE_CHECK = 1000;

/**
 * Serves the inspection protocol over WebSockets. A client controls the program, so it must know the token in the URL.
 * Web pages are refused even if they know it: a browser sends the origin of a connection, and a request for a host name
 * that a page has made lead here is refused because of that name.
 */
export class InspectServer {
  readonly url: string;
  readonly #http: Server;
  readonly #sessions = new Map<ClientSession, WebSocket>();
  readonly #backlog: Backlog;

  /** @internal Made by `listen`. */
  constructor(http: Server, url: string, backlog: Backlog) {
    this.#http = http;
    this.#backlog = backlog;
    this.url = url;
  }

  /** @throws the error of the operating system if it cannot listen there */
  static async listen(
    address: InspectAddress,
    inspector: Inspector,
    program: Program,
  ): Promise<InspectServer> {
    const token = randomBytes(TOKEN_SIZE).toString('base64url');
    const http = createServer({ connectionsCheckingInterval: HANDSHAKE_CHECK }, (_, response) => {
      response.writeHead(426, { 'content-type': 'text/plain', connection: 'close' });
      response.end('This is the inspection protocol of a lunatic program: it wants a WebSocket.\n');
    });
    http.headersTimeout = http.requestTimeout = HANDSHAKE_TIME;
    const newcomers = new Newcomers(MAX_NEWCOMERS);
    http.on('connection', (socket) => newcomers.add(socket));
    await new Promise<void>((done, fail) => {
      http.once('error', fail);
      http.listen(address.port, address.host, () => {
        http.off('error', fail);
        // For instance, too many files are open when a client connects.
        http.on('error', () => {});
        done();
      });
    });
    const bound = http.address();
    const port = typeof bound === 'object' && bound !== null ? bound.port : address.port;
    const host = isIP(address.host) === 6 ? `[${address.host}]` : address.host;
    const server = new InspectServer(
      http,
      `ws://${host}:${port}/${token}`,
      new Backlog((unread) => program.lost?.(unread)),
    );
    const sockets = new WebSocketServer({
      noServer: true,
      maxPayload: MAX_REQUEST,
      perMessageDeflate: false,
    });
    const arrivals = new Arrivals();
    http.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
      const refusal = server.#refusal(request, token, address.host);
      if (refusal !== null) {
        socket.on('error', () => {});
        socket.end(`HTTP/1.1 ${refusal}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`, () =>
          socket.destroy(),
        );
        return;
      }
      newcomers.admit(socket);
      sockets.handleUpgrade(request, socket, head, (client) => {
        arrivals.watch(client, socket);
        server.#accept(client, inspector, program);
      });
    });
    return server;
  }

  #refusal({ headers, url }: IncomingMessage, token: string, host: string): string | null {
    if (headers.origin !== undefined) return '403 Forbidden';
    if (!isOwnName(headers.host ?? '', host)) return '403 Forbidden';
    const given = Buffer.from((url ?? '').slice(1));
    const wanted = Buffer.from(token);
    if (given.length !== wanted.length || !timingSafeEqual(given, wanted)) return '401 Unauthorized';
    return this.#sessions.size >= MAX_CLIENTS ? '503 Service Unavailable' : null;
  }

  #accept(socket: WebSocket, inspector: Inspector, program: Program): void {
    socket.on('error', () => {});
    const session = new ClientSession(socket, inspector, program, this.#backlog, () =>
      this.#sessions.delete(session),
    );
    this.#sessions.set(session, socket);
  }

  /** Sends what the program prints to the clients that watch it. */
  output(stream: 'stdout' | 'stderr', bytes: Uint8Array): void {
    let data: string | null = null;
    for (const session of this.#sessions.keys()) {
      if (!session.watchesOutput) continue;
      data ??= Buffer.from(bytes).toString('base64');
      session.notify('output', { stream, data });
    }
  }

  /** Tells all clients that the program ends later, for their sake. */
  tellPutOff(reason: string): void {
    for (const session of this.#sessions.keys()) session.notify('end/put-off', { reason });
  }

  /** Tells all clients that the program has ended, and stops. */
  async close(farewell: Notifications['ended']): Promise<void> {
    this.#http.close();
    const sockets = [...this.#sessions.values()];
    for (const session of this.#sessions.keys()) session.sayFarewell(farewell);
    const closed = [...this.#sessions].map(
      ([session, socket]) =>
        new Promise<void>((done) => {
          socket.once('close', () => done());
          if (!session.knowsTraps) void session.settled().then(() => socket.close(1000));
        }),
    );
    const late = new Promise<void>((done) => setTimeout(done, FAREWELL_TIME).unref());
    await Promise.race([Promise.all(closed), late]);
    for (const socket of sockets) socket.terminate();
  }
}

/** Whether a `Host` header names the address at which the server listens, and not a name that somebody has made lead here. */
function isOwnName(header: string, host: string): boolean {
  const name = header.replace(/:\d+$/, '').replace(/^\[(.*)\]$/, '$1');
  return name === host || name === 'localhost' || isIP(name) !== 0;
}
