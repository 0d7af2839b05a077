import type { IncomingMessage, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { CertificateAuthority } from '../../certificates/authority.ts';
import { LARGEST_MODULE } from '../transport.ts';
import type { Modules } from './modules.ts';
import { isToken, type Registration, type Registrations } from './registrations.ts';
import type { Roster } from './roster.ts';
import { HUB_PATH, NAME_HEADER, WASM_TYPE } from './wire.ts';

/** Bytes of the largest request in JSON. */
const LARGEST_JSON = 2 ** 17;
/** Bytes of a module that become one piece of JSON. */
const PIECE = 2 ** 15;
const NORMAL = 1000;
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** Why a request is refused. */
class Refusal extends Error {
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

const badRequest = (message: string) => new Refusal(400, 'bad_request', message);

/** What the routes answer for. */
export interface Control {
  readonly registrations: Registrations;
  readonly roster: Roster;
  readonly modules: Modules;
  readonly authority: CertificateAuthority;
  /** The SHA-256 hash of the token that a node needs to register; null if it needs none. */
  readonly joinHash: Uint8Array | null;
  /** Whether a `Host` header names this server. */
  isOwnName(header: string): boolean;
  readonly isSecure: boolean;
}

/** Answers a request (abi 17.4). */
export async function answer(
  control: Control,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  try {
    const given = await answerOf(control, request, response);
    if (given !== undefined) sendJson(response, 200, given);
  } catch (error) {
    if (response.headersSent) {
      response.destroy();
      return;
    }
    const refusal =
      error instanceof Refusal ? error : new Refusal(500, 'internal', 'The request has failed.');
    // The rest of the request is not read.
    if (!request.complete) response.setHeader('connection', 'close');
    sendJson(response, refusal.status, { code: refusal.code, message: refusal.message });
  }
}

function sendJson(response: ServerResponse, status: number, value: unknown): void {
  const text = JSON.stringify(value);
  response.writeHead(status, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(text),
    'x-content-type-options': 'nosniff',
  });
  response.end(text);
}

/** @returns what is to be sent as JSON; undefined if something else was sent */
async function answerOf(
  control: Control,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<unknown> {
  checkOrigin(control, request);
  const { method = '' } = request;
  const { pathname, searchParams } = new URL(request.url ?? '/', 'http://control');
  const route = `${method} ${pathname}`;
  if (route === 'POST /') return register(control, request);
  const registration = registrationOf(control, request);
  switch (route) {
    case 'POST /started':
      return started(control, registration, await readJson(request));
    case 'POST /stopped':
      await readBody(request, LARGEST_JSON);
      control.roster.stop(registration, NORMAL, 'The node has stopped.');
      return null;
    case 'GET /nodes':
      return {
        nodes: control.roster
          .list(searchParams)
          .map(({ id, address, registration: { name } }) => ({ id, address, name })),
      };
    case 'POST /module':
      return addModule(control, await readBody(request, LARGEST_MODULE));
  }
  const [, id] = /^GET \/module\/([0-9]{1,15})$/.exec(route) ?? [];
  if (id === undefined) throw new Refusal(404, 'not_found', 'There is no such route.');
  const bytes = control.modules.get(Number(id));
  if (bytes === null) throw badRequest('There is no module of this id.');
  await sendModule(bytes, request, response);
  return undefined;
}

/**
 * Refuses web pages: a browser tells where a request comes from, and what name it was sent to if a page has made that lead here.
 */
export function checkOrigin(control: Control, { headers }: IncomingMessage): void {
  if (headers.origin === undefined && control.isOwnName(headers.host ?? '')) return;
  throw new Refusal(403, 'forbidden', 'Web pages cannot use the control server.');
}

/** @throws Refusal if the request is of no registration */
export function registrationOf(control: Control, request: IncomingMessage): Registration {
  const name = request.headers[NAME_HEADER];
  const registration = control.registrations.find(
    typeof name === 'string' ? name : undefined,
    bearer(request),
  );
  if (registration !== null) return registration;
  throw new Refusal(401, 'unauthorized', 'The token and the name are not those of a registration.');
}

function bearer({ headers }: IncomingMessage): string | null {
  return /^Bearer (\S+)$/i.exec(headers.authorization ?? '')?.[1] ?? null;
}

async function register(control: Control, request: IncomingMessage): Promise<unknown> {
  if (control.joinHash !== null && !isToken(bearer(request) ?? '', control.joinHash))
    throw new Refusal(401, 'unauthorized', 'The control server wants its join token.');
  const { node_name: name, csr_pem: csr } = fieldsOf(await readJson(request));
  if (typeof name !== 'string' || !UUID.test(name)) throw badRequest('node_name must be a UUID.');
  if (typeof csr !== 'string') throw badRequest('csr_pem must be a certificate request in PEM.');
  const certificate = certificateOf(control.authority, csr, name);
  const added = control.registrations.add(name);
  if (added === null) throw badRequest('The name is taken, or there are too many registrations.');
  const base = `${control.isSecure ? 'https' : 'http'}://${request.headers.host}/`;
  return {
    node_name: name,
    cert_pem_chain: [certificate],
    authentication_token: added.token,
    root_cert: control.authority.certificate,
    urls: {
      api_base: base,
      nodes: `${base}nodes`,
      node_started: `${base}started`,
      node_stopped: `${base}stopped`,
      get_module: `${base}module/{id}`,
      add_module: `${base}module`,
      get_nodes: `${base}nodes`,
      hub: `${base.replace(/^http/, 'ws')}${HUB_PATH}`,
    },
    envs: [],
    is_privileged: true,
  };
}

function certificateOf(authority: CertificateAuthority, csr: string, name: string): string {
  try {
    return authority.signNode(csr, [name]);
  } catch {
    throw badRequest('The certificate request cannot be signed.');
  }
}

function started({ roster }: Control, registration: Registration, value: unknown): unknown {
  const { node_address: address, attributes } = fieldsOf(value);
  if (typeof address !== 'string' || !/^[0-9a-f.:[\]]{1,64}$/i.test(address))
    throw badRequest('node_address must be an IP address with a port.');
  const pairs = Object.entries(fieldsOf(attributes)).map(([key, text]): [string, string] => {
    if (typeof text !== 'string') throw badRequest('Attributes must be texts.');
    return [key, text];
  });
  const node = roster.start(registration, address, Object.fromEntries(pairs));
  if (node === null) throw badRequest('There are too many nodes, or the node has too many attributes.');
  return { node_id: node.id };
}

function addModule({ modules }: Control, bytes: Uint8Array): unknown {
  const id = modules.add(bytes);
  if (id === null) throw new Refusal(507, 'no_room', 'The control server has no room for further modules.');
  return { module_id: id };
}

/** Sends a module as JSON, or as its bytes if these were asked for. */
async function sendModule(
  bytes: Uint8Array,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  if (request.headers.accept === WASM_TYPE) {
    response.writeHead(200, { 'content-type': WASM_TYPE, 'content-length': bytes.length });
    response.end(bytes);
    return;
  }
  response.writeHead(200, { 'content-type': 'application/json' });
  await pipeline(Readable.from(numbersOf(bytes)), response);
}

/** A module as JSON, which is several times as long: no more of it is made than is sent. */
function* numbersOf(bytes: Uint8Array): Generator<string> {
  yield '{"bytes":[';
  for (let at = 0; at < bytes.length; at += PIECE)
    yield (at > 0 ? ',' : '') + bytes.subarray(at, at + PIECE).join(',');
  yield ']}';
}

function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw badRequest('A JSON object is expected.');
  return { ...value };
}

async function readJson(request: IncomingMessage): Promise<unknown> {
  const bytes = await readBody(request, LARGEST_JSON);
  try {
    return JSON.parse(bytes.toString());
  } catch {
    throw badRequest('The request is not JSON.');
  }
}

/** @param most bytes that it may have */
async function readBody(request: IncomingMessage, most: number): Promise<Buffer> {
  const tooLarge = () => new Refusal(413, 'too_large', `A request has at most ${most} bytes.`);
  if (Number(request.headers['content-length'] ?? 0) > most) throw tooLarge();
  const pieces: Buffer[] = [];
  let length = 0;
  for await (const piece of request) {
    if (!Buffer.isBuffer(piece)) continue;
    length += piece.length;
    if (length > most) throw tooLarge();
    pieces.push(piece);
  }
  return Buffer.concat(pieces);
}
