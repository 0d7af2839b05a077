import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import type { TLSSocket } from 'node:tls';
import { SOCKET_BUFFER } from './socket.ts';

/**
 * The stream that a TLS session runs over. It passes on the bytes of a TCP socket, and finds out whether the peer closed
 * the session or only hung up, as somebody in between may have done to cut a message short. Node does not tell.
 *
 * If the session ends before the socket does, the peer has sent its close notification.
 */
export class TlsTransport {
  readonly stream: Duplex;
  /** The error that broke the connection. */
  failure: Error | null = null;
  /** The peer hung up in the middle of the session. */
  truncated = false;
  #hungUp = false;
  #ended = false;

  /** @param socket connected and paused */
  constructor(socket: Socket) {
    const stream = new Duplex({
      allowHalfOpen: true,
      highWaterMark: SOCKET_BUFFER,
      read: () => {
        socket.resume();
      },
      write: (chunk: Buffer, _encoding, done) => {
        socket.write(chunk, done);
      },
      final: (done) => {
        socket.end(done);
      },
      destroy: (error, done) => {
        // A peer that does not read must not keep a connection open that was given up.
        if (stream.writableFinished) socket.destroySoon();
        else socket.destroy();
        done(error);
      },
    });
    this.stream = stream;
    socket
      .on('data', (chunk) => {
        if (!stream.push(chunk)) socket.pause();
      })
      .on('end', () => stream.push(null))
      .on('error', (error) => {
        this.failure = error;
        stream.destroy(error);
      })
      .on('close', () => stream.destroy());
    stream.on('error', () => {});
    // By then everything that came before has been passed on.
    stream.on('end', () => {
      this.#hungUp = true;
    });
  }

  /** Watches the session that runs over this stream. */
  watch(session: TLSSocket): void {
    session.push = (chunk, encoding) => {
      // The end may come twice; the first time counts.
      if (chunk === null && !this.#ended) {
        this.#ended = true;
        this.truncated = this.#hungUp;
      }
      return Duplex.prototype.push.call(session, chunk, encoding);
    };
  }
}
