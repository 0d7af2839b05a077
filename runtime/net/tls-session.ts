import type { Socket } from 'node:net';
import { type ConnectionOptions, connect, type SecureContext, TLSSocket } from 'node:tls';
import { errorText } from './system-error.ts';
import { TlsTransport } from './tls-transport.ts';

/** A TLS connection whose handshake is done. It is paused. */
export interface TlsSession {
  readonly socket: TLSSocket;
  readonly transport: TlsTransport;
}

/** A TLS handshake failed. */
export class HandshakeError extends Error {
  override readonly name = 'HandshakeError';
  readonly code = 'LUNATIC_TLS_HANDSHAKE';
}

/**
 * Shakes hands as a server.
 * @param done called once, later
 * @returns a function that gives up
 */
export function acceptTls(
  raw: Socket,
  secureContext: SecureContext,
  done: (result: TlsSession | HandshakeError) => void,
): () => void {
  const transport = new TlsTransport(raw);
  const socket = new TLSSocket(transport.stream, { isServer: true, secureContext });
  return shakeHands(socket, transport, 'secure', done);
}

/** Shakes hands as a client. See `acceptTls`. */
export function connectTls(
  raw: Socket,
  options: ConnectionOptions,
  done: (result: TlsSession | HandshakeError) => void,
): () => void {
  const transport = new TlsTransport(raw);
  const socket = connect({ ...options, socket: transport.stream });
  return shakeHands(socket, transport, 'secureConnect', done);
}

function shakeHands(
  socket: TLSSocket,
  transport: TlsTransport,
  success: 'secure' | 'secureConnect',
  done: (result: TlsSession | HandshakeError) => void,
): () => void {
  transport.watch(socket);
  socket.pause();
  let reason: Error | null = null;
  let pending = true;
  const noteReason = (error: Error): void => {
    reason ??= error;
  };
  const fail = (): void => {
    if (!pending) return;
    pending = false;
    const why = reason ?? transport.failure;
    const text = why === null ? 'the peer closed the connection' : reasonText(why);
    done(new HandshakeError(`TLS handshake failed: ${text}`));
  };
  // The reason why a server's handshake fails comes only this way. The socket closes in any case.
  socket.on('_tlsError', noteReason);
  socket.on('error', noteReason);
  socket.once('close', fail);
  socket.once(success, () => {
    if (!pending) return;
    pending = false;
    socket.off('close', fail).off('_tlsError', noteReason);
    done({ socket, transport });
  });
  // During the handshake nothing else tells that the peer hung up.
  transport.stream.once('end', () => {
    if (pending) socket.destroy();
  });
  return () => {
    pending = false;
    socket.destroy();
    transport.stream.destroy();
  };
}

/** The part of an OpenSSL error that people understand. */
function reasonText(error: Error): string {
  const { reason } = error as Error & { reason?: unknown };
  // Node appends advice for whoever started it.
  return typeof reason === 'string' ? reason : (errorText(error).split('; ', 1)[0] ?? '');
}
