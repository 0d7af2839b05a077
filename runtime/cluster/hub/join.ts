import { randomUUID } from 'node:crypto';
import type { Socket } from 'node:net';
import { connect } from 'node:tls';
import { WebSocket } from 'ws';
import { newKey } from '../../certificates/authority.ts';
import { pem } from '../../certificates/certificate.ts';
import { makeRequest } from '../../certificates/request.ts';
import { ByteWriter } from '../../kernel/codec/byte-writer.ts';
import { ClusterError, REQUEST_TIME, type TransportListener } from '../transport.ts';
import { ask, fieldsOf } from './ask.ts';
import { HubTransport, type Opened } from './hub-transport.ts';
import { fingerprintIn, fingerprintOf } from './join-token.ts';
import type { Credentials } from './module-client.ts';
import {
  areAcceptable,
  HEAD,
  HUB_PATH,
  Kind,
  LARGEST_MESSAGE,
  NAME_HEADER,
  writeAttributes,
} from './wire.ts';

export interface JoinOptions {
  /** A UUID. Default: a new one. */
  readonly name?: string;
  readonly attributes?: Readonly<Record<string, string>>;
  /** What the control server wants from those who join. Default: nothing. */
  readonly token?: string;
  /** Certificates of authorities that are trusted, in PEM. Default: the one that the token names, or else those of the system. */
  readonly ca?: string;
}

/**
 * Registers this node with a control server (abi 17.4), and joins the cluster over its hub.
 * @param url where the control server is: `http://127.0.0.1:3030/`
 * @throws ClusterError if it cannot be reached, or refuses
 */
export async function joinHub(
  url: string,
  options: JoinOptions,
  listener: TransportListener,
): Promise<HubTransport> {
  const { name = randomUUID(), attributes = {}, token } = options;
  const base = baseOf(url);
  if (!areAcceptable(attributes)) throw new ClusterError('The node has too many attributes.');
  const ca = await trusted(base, options);
  const { authentication_token: own } = fieldsOf(
    await ask(base, ca, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      },
      body: JSON.stringify({ node_name: name, csr_pem: makeRequest(name, newKey()) }),
    }),
  );
  if (typeof own !== 'string') throw new ClusterError('The control server has given the node no token.');
  const credentials: Credentials = {
    base,
    ca,
    headers: { authorization: `Bearer ${own}`, [NAME_HEADER]: name },
  };
  const open = (resumed: number) => openSocket(credentials, resumed, attributes);
  const transport = new HubTransport(name, attributes, credentials, open, listener);
  await transport.start();
  return transport;
}

function baseOf(url: string): URL {
  const base = URL.canParse(url) ? new URL(url) : null;
  if (base === null || !/^https?:$/.test(base.protocol))
    throw new ClusterError(`The URL of a control server begins with http:// or https://, and this is ${url}`);
  if (!base.pathname.endsWith('/')) base.pathname += '/';
  return base;
}

/** Opens a WebSocket, and sends the first frame. */
function openSocket(
  { base, ca, headers }: Credentials,
  resumed: number,
  attributes: Readonly<Record<string, string>>,
): Promise<Opened> {
  const url = new URL(HUB_PATH, base);
  url.protocol = base.protocol === 'https:' ? 'wss:' : 'ws:';
  const socket = new WebSocket(url, {
    headers: { ...headers },
    perMessageDeflate: false,
    skipUTF8Validation: true,
    maxPayload: LARGEST_MESSAGE,
    handshakeTimeout: REQUEST_TIME,
    ...(ca === null ? {} : { ca }),
  });
  return new Promise((done, fail) => {
    let stream: Socket | null = null;
    socket.on('upgrade', (response) => {
      stream = response.socket;
    });
    socket.on('error', (cause) =>
      fail(new ClusterError(`The hub at ${base.origin} cannot be reached: ${cause.message}`, { cause })),
    );
    socket.once('open', () => {
      if (stream === null) return;
      socket.send(helloFrame(resumed, attributes));
      done({ socket, stream });
    });
  });
}

function helloFrame(resumed: number, attributes: Readonly<Record<string, string>>): Uint8Array {
  const writer = new ByteWriter(64);
  const start = writer.u32();
  writer.u8(Kind.Hello);
  writer.varint(resumed);
  writeAttributes(writer, attributes);
  writer.setU32(start, writer.length - HEAD + 1);
  return writer.finish();
}

/** The certificates that are trusted. If the token names one, the control server must show it. */
async function trusted(base: URL, { ca, token = '' }: JoinOptions): Promise<string | null> {
  if (base.protocol !== 'https:' || ca !== undefined) return ca ?? null;
  const fingerprint = fingerprintIn(token);
  if (fingerprint === null) return null;
  const certificates = await shownBy(base);
  const named = certificates.find((raw) => fingerprintOf(raw) === fingerprint);
  if (named !== undefined) return pem('CERTIFICATE', named);
  throw new ClusterError(
    `The control server at ${base.origin} has another certificate than the join token tells: nothing was sent to it.`,
  );
}

/** The certificates that a server shows, in DER. Nothing is trusted, and nothing sent. */
function shownBy(base: URL): Promise<Buffer[]> {
  return new Promise((done, reject) => {
    const fail = (why: string) =>
      reject(new ClusterError(`The control server at ${base.origin} cannot be reached: ${why}`));
    const host = base.hostname.replace(/^\[(.*)\]$/, '$1');
    const socket = connect({ host, port: Number(base.port || 443), rejectUnauthorized: false }, () => {
      const all: Buffer[] = [];
      for (
        let next = socket.getPeerCertificate(true);
        next?.raw !== undefined;
        next = next.issuerCertificate
      ) {
        if (all.some((known) => known.equals(next.raw))) break;
        all.push(next.raw);
      }
      socket.destroy();
      done(all);
    });
    socket.setTimeout(REQUEST_TIME, () => {
      socket.destroy();
      fail('it has not answered in time');
    });
    socket.on('error', ({ message }) => fail(message));
  });
}
