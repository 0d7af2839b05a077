import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { request } from 'node:http';
import { WebSocket } from 'ws';
import { newKey } from '../../../runtime/certificates/authority.ts';
import { makeRequest } from '../../../runtime/certificates/request.ts';
import { HUB_PATH, Kind } from '../../../runtime/cluster/hub/wire.ts';

export interface Answer {
  readonly status: number;
  readonly text: string;
  readonly json: unknown;
}

/** Sends a request to a control server. */
export async function ask(
  url: string,
  method: string,
  path: string,
  { headers = {}, body }: { headers?: Readonly<Record<string, string>>; body?: string | Uint8Array } = {},
): Promise<Answer> {
  const sent = request(new URL(path, url), { method, headers: { ...headers }, agent: false });
  sent.end(body);
  const [response] = await once(sent, 'response');
  let text = '';
  for await (const piece of response) text += String(piece);
  let json: unknown = null;
  try {
    json = JSON.parse(text);
  } catch {}
  return { status: response.statusCode, text, json };
}

/** The key of the requests for certificates that tests make. */
const KEY = newKey();

/** Registers a node, and returns what it has to show from then on. */
export async function register(url: string, token?: string): Promise<Record<string, string>> {
  const name = randomUUID();
  const { status, json } = await ask(url, 'POST', '/', {
    headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
    body: JSON.stringify({ node_name: name, csr_pem: makeRequest(name, KEY) }),
  });
  if (status !== 200 || typeof json !== 'object' || json === null || !('authentication_token' in json))
    throw new Error(`not registered: ${status}`);
  return { authorization: `Bearer ${json.authentication_token}`, 'x-lunatic-node-name': name };
}

export function frame(kind: number, ...body: readonly (number | Uint8Array)[]): Buffer {
  const bytes = Buffer.concat(body.map((part) => (typeof part === 'number' ? Buffer.of(part) : part)));
  const head = Buffer.alloc(5);
  head.writeUInt32LE(bytes.length + 1);
  head[4] = kind;
  return Buffer.concat([head, bytes]);
}

/** A frame for another node. */
export function relayed(to: number, ...bytes: readonly (number | Uint8Array)[]): Buffer {
  const node = Buffer.alloc(4);
  node.writeUInt32LE(to);
  return frame(Kind.Relay, node, 1, ...bytes);
}

export const HELLO = frame(Kind.Hello, 0, 0);

/** A WebSocket to the hub of which nothing is checked. */
export class RawNode {
  readonly socket: WebSocket;
  /** With which code, and why, it was closed. */
  readonly closed: Promise<{ readonly code: number; readonly reason: string }>;

  private constructor(socket: WebSocket) {
    this.socket = socket;
    this.closed = new Promise((done) =>
      socket.on('close', (code, reason) => done({ code, reason: String(reason) })),
    );
    socket.on('error', () => {});
  }

  static async open(url: string, headers: Readonly<Record<string, string>>): Promise<RawNode> {
    const target = new URL(HUB_PATH, url.replace(/^http/, 'ws'));
    const node = new RawNode(new WebSocket(target, { headers: { ...headers }, perMessageDeflate: false }));
    await once(node.socket, 'open');
    return node;
  }

  /** Joins as a node does. Returns its number. */
  async join(): Promise<number> {
    this.socket.send(HELLO);
    const closed = this.closed.then(({ code, reason }) => {
      throw new Error(`closed with ${code} before it was welcome: ${reason}`);
    });
    const [welcome] = await Promise.race([once(this.socket, 'message'), closed]);
    return welcome[5];
  }
}
