import { createServer, type IncomingMessage, type Server } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import { isIP } from 'node:net';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import type { CertificateAuthority, KeyedCertificate } from '../../certificates/authority.ts';
import { Modules } from './modules.ts';
import { Names } from './names.ts';
import { hashOf, Registrations } from './registrations.ts';
import { Roster } from './roster.ts';
import { answer, type Control, checkOrigin, registrationOf } from './routes.ts';
import { HUB_PATH, LARGEST_MESSAGE } from './wire.ts';

/** Connections at the same time: each node has one for its frames, and a few for requests. */
const MOST_CONNECTIONS = 8192;
/** Milliseconds in which the head of a request must have come, and all of it: a large module, perhaps over a slow network. */
const HEAD_TIME = 5000;
const REQUEST_TIME = 120_000;

export interface HubOptions {
  readonly host: string;
  /** 0 for any that is free. */
  readonly port: number;
  /** What a node needs to register; null if anybody may who reaches the hub. */
  readonly joinToken: string | null;
  /** Signs the certificates of nodes. */
  readonly authority: CertificateAuthority;
  /** With which it serves by TLS; null for plain HTTP. */
  readonly tls: KeyedCertificate | null;
}

/** A control server, over which nodes also reach each other. All that it knows is in memory. */
export class Hub {
  /** Where nodes register: `http://127.0.0.1:3030/`. */
  readonly url: string;
  readonly #http: Server;
  readonly #roster: Roster;

  /** @internal Made by `openHub`. */
  constructor(url: string, http: Server, roster: Roster) {
    this.url = url;
    this.#http = http;
    this.#roster = roster;
  }

  /** Ends all connections. */
  async close(): Promise<void> {
    const closed = new Promise<void>((done) => this.#http.close(() => done()));
    this.#roster.close();
    this.#http.closeAllConnections();
    await closed;
  }
}

/** Starts a control server. @throws the error of the operating system if it cannot listen there */
export async function openHub(options: HubOptions): Promise<Hub> {
  const { host, port, joinToken, authority, tls } = options;
  const roster = new Roster(new Names());
  const control: Control = {
    registrations: new Registrations(),
    roster,
    modules: new Modules(),
    authority,
    joinHash: joinToken === null ? null : hashOf(joinToken),
    isOwnName: (header) => isOwnName(header, host),
    isSecure: tls !== null,
  };
  const http = createServerOf(tls);
  http.maxConnections = MOST_CONNECTIONS;
  http.headersTimeout = HEAD_TIME;
  http.requestTimeout = REQUEST_TIME;
  http.on('request', (request, response) => {
    answer(control, request, response).catch(() => response.destroy());
  });
  const sockets = new WebSocketServer({
    noServer: true,
    maxPayload: LARGEST_MESSAGE,
    perMessageDeflate: false,
    skipUTF8Validation: true,
  });
  http.on('upgrade', (request: IncomingMessage, stream: Duplex, head: Buffer) => {
    try {
      checkOrigin(control, request);
      const registration = registrationOf(control, request);
      if (new URL(request.url ?? '/', 'http://control').pathname !== `/${HUB_PATH}`)
        return refuse(stream, '404 Not Found');
      sockets.handleUpgrade(request, stream, head, (socket) =>
        roster.connect(socket, request.socket, registration),
      );
    } catch {
      refuse(stream, '401 Unauthorized');
    }
  });
  try {
    await new Promise<void>((done, fail) => {
      http.once('error', fail);
      http.listen(port, host, () => {
        http.off('error', fail);
        // For instance, too many files are open when a node connects.
        http.on('error', () => {});
        done();
      });
    });
  } catch (error) {
    roster.close();
    throw error;
  }
  const bound = http.address();
  const boundPort = typeof bound === 'object' && bound !== null ? bound.port : port;
  const urlHost = isIP(host) === 6 ? `[${host}]` : host;
  return new Hub(`${tls === null ? 'http' : 'https'}://${urlHost}:${boundPort}/`, http, roster);
}

function createServerOf(tls: KeyedCertificate | null): Server {
  const options = { noDelay: true, connectionsCheckingInterval: HEAD_TIME / 2 };
  if (tls === null) return createServer(options);
  return createSecureServer({ ...options, cert: tls.certificate, key: tls.key, minVersion: 'TLSv1.3' });
}

function refuse(stream: Duplex, status: string): void {
  stream.on('error', () => {});
  stream.end(`HTTP/1.1 ${status}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`, () => stream.destroy());
}

/**
 * Whether a `Host` header names the address at which a hub listens, and not a name that somebody has made lead there. On a network any
 * name may be its own; there nodes need a token.
 */
function isOwnName(header: string, host: string): boolean {
  if (!isLoopback(host)) return true;
  const name = header.replace(/:\d+$/, '').replace(/^\[(.*)\]$/, '$1');
  return name === host || name === 'localhost' || isIP(name) !== 0;
}

/** Whether only this machine reaches an address. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127\.\d+\.\d+\.\d+$/.test(host);
}
