import { X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import { fail, timeoutFromGuest } from '../../hostcall/conventions.ts';
import { afterPieces, inPieces } from '../../hostcall/pieces.ts';
import type { GuestMemory } from '../../kernel/guest-memory.ts';
import type { Process } from '../../kernel/process.ts';
import type { Scheduler } from '../../kernel/scheduler.ts';
import { hostTrap } from '../../kernel/trap.ts';
import { Listening } from '../../net/listening.ts';
import { NetStream } from '../../net/net-stream.ts';
import { pemBlocks } from '../../net/pem.ts';
import { checkName, lookUp, ResolveError } from '../../net/resolve.ts';
import { errorText } from '../../net/system-error.ts';
import { connectTcp } from '../../net/tcp-connect.ts';
import { TlsIdentity } from '../../net/tls-identity.ts';
import { type TlsAccepted, TlsListener } from '../../net/tls-listener.ts';
import { connectTls, HandshakeError, type TlsSession } from '../../net/tls-session.ts';
import {
  connectRefusal,
  learnAddresses,
  listenRefusal,
  mayConnect,
  mayListen,
  mayResolve,
} from '../../permissions/network-permission.ts';
import {
  ADDRESS,
  addIterator,
  endpointText,
  giveAddress,
  readEndpoint,
  refuseSocket,
  succeed,
} from './addresses.ts';
import { networking } from './namespace.ts';
import { sessionCost, TLS_LISTENERS, TLS_STREAMS } from './resources.ts';
import { disarmTimeout, waitWithTimeout } from './timeouts.ts';

/** Bytes of a certificate or key that are read at most. */
const MAX_PEM = 2 ** 20;
/** Certificates that a client may trust, twice as many as Node does: OpenSSL takes 40 us for each, all at once. */
const MAX_ROOTS = 256;
/** Certificates that are checked before giving way, and what each takes. */
const PIECE = 16;
const CERTIFICATE_WORK = 2 ** 17;

const BEGIN = '-----BEGIN';
const NOTHING = new Uint8Array(0);

/** Returns the only piece of a kind in a PEM text. Traps unless there is exactly one. */
function onlyBlock(memory: GuestMemory, pointer: number, length: number, label: string): string {
  if (length >>> 0 > MAX_PEM) throw hostTrap(`${length >>> 0} bytes are too many for one ${label}`);
  const blocks = pemBlocks(latin1(memory.slice(pointer, length))).filter((block) => block.label === label);
  const [only] = blocks;
  if (only === undefined || blocks.length > 1)
    throw hostTrap(`there must be exactly one "${label}" in the PEM text, not ${blocks.length}`);
  return only.text;
}

function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');
}

networking.define(
  'tls_bind',
  `(${ADDRESS}, id_u64_ptr: i32, certs_array_ptr: i32, certs_array_len: i32, keys_array_ptr: i32, keys_array_len: i32) -> i32`,
  { since: '0.12.0', needs: 'listen', blocking: true },
  'Binds a TLS socket with a certificate and a key, and listens on it.',
  ({ scheduler }) =>
    (
      type: number,
      address: number,
      port: number,
      _flowInfo: number,
      scopeId: number,
      idPointer: number,
      certificate: number,
      certificateLength: number,
      key: number,
      keyLength: number,
    ) => {
      const process = scheduler.current;
      const { memory } = process;
      const at = readEndpoint(process, type, address, port, scopeId);
      const keyText = onlyBlock(memory, key, keyLength, 'PRIVATE KEY');
      const certificateText = onlyBlock(memory, certificate, certificateLength, 'CERTIFICATE');
      memory.check(idPointer, 8);
      if (!mayListen(process.config, at.host, at.port))
        return fail(process, idPointer, listenRefusal(`listen on ${endpointText(at)}`));
      const refused = refuseSocket(process, idPointer);
      if (refused !== undefined) return refused;
      const identity = new TlsIdentity(certificateText, keyText);
      return scheduler.waitForEvent(process, (wake) =>
        Listening.open(at, (result) => {
          if (result instanceof Error) {
            wake(fail(process, idPointer, errorText(result)));
            return undefined;
          }
          const listener = new TlsListener(result, identity, process);
          wake(succeed(process, idPointer, process.slot(TLS_LISTENERS).add(listener)));
          return listener;
        }),
      );
    },
);

networking.define(
  'drop_tls_listener',
  '(tls_listener_id: i64)',
  { since: '0.12.0' },
  'Closes a TLS listener.',
  ({ scheduler }) =>
    (id: bigint) => {
      scheduler.current.slot(TLS_LISTENERS).remove(id).release();
    },
);

networking.define(
  'tls_local_addr',
  '(tls_listener_id: i64, id_u64_ptr: i32) -> i32',
  { since: '0.12.0' },
  'Gives the local address of a TLS listener as an iterator of one address.',
  ({ scheduler }) =>
    (id: bigint, idPointer: number) => {
      const { current } = scheduler;
      const listener = current.slot(TLS_LISTENERS).get(id);
      return giveAddress(current, idPointer, () => listener.local);
    },
);

networking.define(
  'tls_accept',
  '(listener_id: i64, id_u64_ptr: i32, socket_addr_id_ptr: i32) -> i32',
  { since: '0.12.0', blocking: true },
  'Waits for a connection and shakes hands.',
  ({ scheduler }) =>
    (id: bigint, idPointer: number, addressPointer: number) => {
      const process = scheduler.current;
      const listener = process.slot(TLS_LISTENERS).get(id);
      process.memory.check(idPointer, 8);
      process.memory.check(addressPointer, 8);
      const give = (accepted: TlsAccepted): number => {
        if (accepted instanceof Error) {
          process.memory.writeId(addressPointer, 0);
          return fail(process, idPointer, errorText(accepted));
        }
        const { socket, transport } = accepted.session;
        const stream = new NetStream(socket, process, transport);
        process.memory.writeId(addressPointer, addIterator(process, [accepted.peer]));
        return succeed(process, idPointer, process.slot(TLS_STREAMS).add(stream));
      };
      const accepted = listener.accept();
      if (accepted !== undefined) return give(accepted);
      return scheduler.waitForEvent(process, (wake) => listener.awaitConnection((next) => wake(give(next))));
    },
);

// -- connecting ----------------------------------------------------------------------------------------

/** Certificates that a guest wants to trust are invalid. */
class RootsError extends Error {}

/**
 * Reads the certificates to trust, and gives way in between. An empty list stands for the built-in roots.
 *
 * A record is an address and a length. The Rust SDK of 0.14 has them the other way round (abi 20.2). Read in the wrong
 * order, they name a long range that may contain other certificates, so a range that begins with a certificate is
 * preferred.
 */
function readRoots(
  scheduler: Scheduler,
  pointer: number,
  count: number,
): string[] | RootsError | Promise<string[] | RootsError> {
  const { work } = scheduler;
  const { memory } = scheduler.current;
  const total = count >>> 0;
  const start = memory.check(pointer, total * 8);
  if (total > MAX_ROOTS) return tooMany(total);
  const roots: string[] = [];
  let size = 0;
  for (let i = 0; i < total; i++) {
    const bytes = certificateAt(memory, memory.readU32(start + i * 8), memory.readU32(start + i * 8 + 4));
    size += bytes.length;
    if (size > MAX_PEM) return new RootsError(`${size} bytes of certificates to trust are too many`);
    work.chargeText(bytes.length);
    const certificates = pemBlocks(latin1(bytes)).filter(({ label }) => label === 'CERTIFICATE');
    if (certificates.length === 0) return noCertificate(i);
    roots.push(...certificates.map(({ text }) => text));
  }
  if (roots.length > MAX_ROOTS) return tooMany(roots.length);
  let checked = 0;
  return inPieces(scheduler, () => {
    const end = Math.min(roots.length, checked + PIECE);
    work.charge(CERTIFICATE_WORK * (end - checked));
    for (; checked < end; checked++) if (!isCertificate(roots[checked] ?? '')) return noCertificate(checked);
    return end === roots.length ? roots : undefined;
  });
}

function tooMany(count: number): RootsError {
  return new RootsError(`${count} certificates to trust are too many`);
}

function noCertificate(index: number): RootsError {
  return new RootsError(`certificate ${index} to trust is not a certificate in PEM`);
}

/** The bytes of a record, whose values may be in either order; none if there is no such range, or it is too large for a certificate. */
function certificateAt(memory: GuestMemory, first: number, second: number): Uint8Array {
  const straight = pemAt(memory, first, second);
  if (beginsAsPem(straight)) return straight;
  const swapped = pemAt(memory, second, first);
  return beginsAsPem(swapped) ? swapped : straight;
}

function pemAt(memory: GuestMemory, pointer: number, length: number): Uint8Array {
  return length > MAX_PEM || !memory.has(pointer, length) ? NOTHING : memory.slice(pointer, length);
}

function beginsAsPem(bytes: Uint8Array): boolean {
  return latin1(bytes.subarray(0, BEGIN.length)) === BEGIN;
}

function isCertificate(text: string): boolean {
  try {
    new X509Certificate(text);
    return true;
  } catch {
    return false;
  }
}

/** A host to connect to. */
interface Host {
  readonly name: string;
  readonly port: number;
}

/** Returns the addresses of a host that a process may connect to, or an error if there are none. */
function reachable(process: Process, { name, port }: Host, addresses: readonly string[]): string[] | Error {
  const allowed = addresses.filter((address) => mayConnect(process.config, address, port));
  if (allowed.length > 0) return allowed;
  return new Error(connectRefusal(process.config, `connect to ${name}, port ${port}`));
}

/**
 * Looks a host up and connects to it.
 * @param done called later, once
 * @returns a function that gives up
 */
function openHost(
  process: Process,
  host: Host,
  done: (result: Parameters<typeof connectTls>[0] | Error) => void,
) {
  let giveUp = (): void => {};
  const connect = (addresses: readonly string[]): void => {
    const allowed = reachable(process, host, addresses);
    if (allowed instanceof Error) done(allowed);
    else giveUp = connectTcp(allowed, host.port, done);
  };
  if (isIP(host.name) !== 0) {
    giveUp = connectTcp([host.name], host.port, done);
  } else {
    giveUp = lookUp(host.name, (result) => {
      if (result instanceof ResolveError) return done(result);
      learnAddresses(process.config, host.name, result);
      connect(result);
    });
  }
  return () => giveUp();
}

/** Returns why a process may not connect to a host, as far as that is known before the host is looked up. */
function refusal({ config }: Process, { name, port }: Host): string | undefined {
  if (isIP(name) !== 0)
    return mayConnect(config, name, port)
      ? undefined
      : connectRefusal(config, `connect to ${name}, port ${port}`);
  try {
    checkName(name);
  } catch (error) {
    return errorText(error);
  }
  return mayResolve(config, name) ? undefined : connectRefusal(config, `resolve ${name}`);
}

networking.define(
  'tls_connect',
  '(addr_str_ptr: i32, addr_str_len: i32, port: i32, timeout_duration: i64, id_u64_ptr: i32, certs_array_ptr: i32, certs_array_len: i32) -> i32',
  { since: '0.12.0', needs: 'connect', blocking: true },
  'Connects to a host by name and shakes hands.',
  ({ scheduler }) =>
    (
      name: number,
      nameLength: number,
      port: number,
      timeout: bigint,
      idPointer: number,
      certificates: number,
      certificateCount: number,
    ) => {
      const process = scheduler.current;
      const { memory } = process;
      const host: Host = { name: memory.string(name, nameLength), port: port & 0xffff };
      memory.check(idPointer, 8);
      return afterPieces(readRoots(scheduler, certificates, certificateCount), (roots) => {
        if (roots instanceof RootsError) return fail(process, idPointer, roots.message);
        return openSession(scheduler, host, roots, timeoutFromGuest(timeout), idPointer);
      });
    },
);

/** Connects the current process to a host, and shakes hands. */
function openSession(
  scheduler: Scheduler,
  host: Host,
  roots: readonly string[],
  timeout: number,
  idPointer: number,
): number | Promise<number> {
  const process = scheduler.current;
  const refused = refusal(process, host);
  if (refused !== undefined) return fail(process, idPointer, refused);
  const noSocket = refuseSocket(process, idPointer);
  if (noSocket !== undefined) return noSocket;

  const pemLength = roots.reduce((sum, { length }) => sum + length, 0);
  process.chargeForWait(sessionCost(pemLength));
  return waitWithTimeout(scheduler, process, idPointer, timeout, (wake) => {
    const finish = (result: TlsSession | Error): void => {
      if (result instanceof Error) {
        wake(fail(process, idPointer, errorText(result)));
      } else {
        const stream = new NetStream(result.socket, process, result.transport, pemLength);
        wake(succeed(process, idPointer, process.slot(TLS_STREAMS).add(stream)));
      }
    };
    let giveUp = openHost(process, host, (result) => {
      // The timeout does not apply to the handshake.
      disarmTimeout(process);
      if (result instanceof Error) {
        finish(result);
        return;
      }
      try {
        giveUp = connectTls(result, clientOptions(host, roots), finish);
      } catch (error) {
        // Node does not accept every name that can be looked up.
        result.destroy();
        finish(new HandshakeError(errorText(error)));
      }
    });
    return () => giveUp();
  });
}

function clientOptions({ name }: Host, roots: readonly string[]) {
  return {
    host: name,
    // A numeric address is checked against the certificate, but not sent to the server.
    ...(isIP(name) === 0 ? { servername: name } : {}),
    ...(roots.length === 0 ? {} : { ca: [...roots] }),
  };
}
