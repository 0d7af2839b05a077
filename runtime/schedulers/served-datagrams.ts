import type { Received } from '../net/datagrams.ts';
import { errorText } from '../net/system-error.ts';
import { UdpSocket } from '../net/udp-socket.ts';
import { readFlag, readOptional, writeFlag, writeOptional, writeText } from './optional-bytes.ts';
import type { SchedulerIndex } from './peers.ts';
import { bodyOf, NOTHING, type Questions } from './questions.ts';
import type { Served, Serving } from './serving.ts';
import { readEndpoint, readReceived, writeEndpoint, writeReceived } from './socket-bytes.ts';

/** Bytes of an answer besides those of its datagram. */
const ROOM = 128;

function receivedAnswer(received: Received | null): Uint8Array {
  const size = received === null || received instanceof Error ? 0 : received.bytes.length;
  return bodyOf((writer) => writeOptional(writer, received, writeReceived), ROOM + size);
}

function failureAnswer(error: unknown): Uint8Array {
  return bodyOf((writer) => writeOptional(writer, error ? errorText(error) : null, writeText));
}

/** Does with the UDP sockets of this scheduler what others ask for who have a reference to them. */
export class ServedDatagrams {
  readonly #serving: Serving;

  constructor(serving: Serving, questions: Questions) {
    this.#serving = serving;
    questions.answer(
      'udp/receive',
      (reader) => ({ ticket: reader.varint(), call: reader.varint() }),
      (peer, { ticket, call }) => {
        const { socket, served } = this.#at(peer, ticket);
        const received = socket.receive();
        if (received !== undefined) return receivedAnswer(received);
        return served.wait(call, receivedAnswer(null), (done) =>
          socket.awaitDatagram((next) => done(receivedAnswer(next))),
        );
      },
    );
    questions.answer(
      'udp/return',
      (reader) => ({ ticket: reader.varint(), received: readReceived(reader) }),
      (peer, { ticket, received }) => {
        this.#at(peer, ticket).socket.giveBack(received);
        return NOTHING;
      },
    );
    questions.answer(
      'udp/send',
      (reader) => ({
        ticket: reader.varint(),
        to: readOptional(reader, readEndpoint),
        bytes: reader.bytes().slice(),
      }),
      (peer, { ticket, to, bytes }) => attempt((done) => this.#at(peer, ticket).socket.send(bytes, to, done)),
    );
    questions.answer(
      'udp/connect',
      (reader) => ({ ticket: reader.varint(), to: readEndpoint(reader) }),
      (peer, { ticket, to }) => attempt((done) => this.#at(peer, ticket).socket.connect(to, done)),
    );
    questions.answer(
      'udp/settings',
      (reader) => ({
        ticket: reader.varint(),
        broadcast: readOptional(reader, readFlag),
        ttl: readOptional(reader, (body) => body.varint()),
      }),
      (peer, { ticket, broadcast, ttl }) => {
        const { socket } = this.#at(peer, ticket);
        try {
          const settings = socket.settings({
            ...(broadcast === null ? {} : { broadcast }),
            ...(ttl === null ? {} : { ttl }),
          });
          return bodyOf((writer) => {
            writeFlag(writer, false);
            writeOptional(writer, settings.peer, writeEndpoint);
            writeFlag(writer, settings.broadcast);
            writer.varint(settings.ttl);
          });
        } catch (error) {
          return failureAnswer(error);
        }
      },
    );
  }

  #at(peer: SchedulerIndex, ticket: number): { socket: UdpSocket; served: Served } {
    const served = this.#serving.at(peer, ticket);
    if (served.socket instanceof UdpSocket) return { socket: served.socket, served };
    throw new Error(`ticket ${ticket} is not that of a UDP socket`);
  }
}

/** Answers with what goes wrong, also at once. */
function attempt(begin: (done: (error?: Error | null) => void) => void): Promise<Uint8Array> {
  return new Promise((resolve) => {
    try {
      begin((error) => resolve(failureAnswer(error)));
    } catch (error) {
      resolve(failureAnswer(error));
    }
  });
}
