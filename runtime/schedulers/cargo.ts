import type { ByteReader } from '../kernel/codec/byte-reader.ts';
import { ByteWriter } from '../kernel/codec/byte-writer.ts';
import { ResourcesInTransit } from '../kernel/codec/resources-in-transit.ts';
import { SignalCodec } from '../kernel/codec/signal-codec.ts';
import type { ProcessId, SchedulerIndex } from '../kernel/ids.ts';
import type { Message } from '../kernel/message.ts';
import { Frame } from './frame.ts';
import type { Mesh } from './mesh.ts';
import type { SharedModules } from './shared-modules.ts';
import type { SocketCrossing } from './sockets.ts';

const ROOM = 1024;

/** How signals to and from another scheduler are written and read. */
interface Codecs {
  readonly writing: SignalCodec;
  /** What messages to it carry, until it is written. */
  readonly departing: ResourcesInTransit;
  readonly reading: SignalCodec;
  /** What messages from it carry that have not come. */
  readonly arriving: ResourcesInTransit;
}

/** What messages between schedulers carry besides bytes: modules and sockets. It is written before the message itself. */
export class Cargo {
  readonly #mesh: Mesh;
  readonly #modules: SharedModules;
  readonly #sockets: SocketCrossing;
  readonly #codecs = new Map<SchedulerIndex, Codecs>();

  constructor(mesh: Mesh, modules: SharedModules, sockets: SocketCrossing) {
    this.#mesh = mesh;
    this.#modules = modules;
    this.#sockets = sockets;
  }

  #codecsOf(index: SchedulerIndex): Codecs {
    const known = this.#codecs.get(index);
    if (known !== undefined) return known;
    const departing = new ResourcesInTransit();
    const arriving = new ResourcesInTransit();
    const writing = new SignalCodec(departing);
    const codecs = { departing, arriving, writing, reading: new SignalCodec(arriving) };
    this.#codecs.set(index, codecs);
    return codecs;
  }

  writing(to: SchedulerIndex): SignalCodec {
    return this.#codecsOf(to).writing;
  }

  reading(from: SchedulerIndex): SignalCodec {
    return this.#codecsOf(from).reading;
  }

  /** Sends a message that carries something. */
  send(to: SchedulerIndex, key: number, target: ProcessId, message: Message): void {
    const bytes = new ByteWriter(ROOM + message.length);
    this.writing(to).writeMessage(bytes, message);
    this.load(to, key);
    this.#mesh.send(to, Frame.Signal, (writer) => {
      writer.varint(key);
      writer.varint(target);
      writer.raw(bytes.finish());
    });
  }

  /**
   * Writes what messages carry that have been written elsewhere and go next.
   * @param key of their program
   */
  load(to: SchedulerIndex, key: number): void {
    for (const [handle, resource] of this.#codecsOf(to).departing.takeAll()) {
      if (resource.kind !== 'module') {
        const bytes = this.#sockets.depart(resource, to);
        this.#mesh.send(to, Frame.CarriedSocket, (writer) => {
          writer.varint(handle);
          writer.varint(key);
          writer.raw(bytes);
        });
        continue;
      }
      const name = this.#modules.sendMade(to, resource.bytes);
      this.#mesh.send(to, Frame.Carried, (writer) => {
        writer.varint(handle);
        writer.text(name);
      });
    }
  }

  /** Takes a module that a message carries which comes next. */
  takeModule(from: SchedulerIndex, reader: ByteReader): void {
    const handle = reader.varint();
    const bytes = this.#modules.bytes(from, reader.text());
    this.#codecsOf(from).arriving.put(handle, { kind: 'module', bytes });
  }

  /**
   * Takes a socket, and nothing else of the sender before it is here: what follows may be the message that carries it.
   * @param environmentOf the environment of a program
   */
  takeSocket(from: SchedulerIndex, reader: ByteReader, environmentOf: (key: number) => object): void {
    const handle = reader.varint();
    const environment = environmentOf(reader.varint());
    const bytes = reader.rest().slice();
    const link = this.#mesh.peer(from)?.link;
    if (link === undefined) return;
    const goOn = link.pause();
    this.#sockets.arrive(from, bytes, { environment }).then(
      (resource) => {
        if (link.isClosed) {
          resource.socket.release();
          return;
        }
        this.#codecsOf(from).arriving.put(handle, resource);
        goOn();
      },
      () => link.destroy(),
    );
  }

  /** Releases what has come for a message that nobody can read. */
  dump(from: SchedulerIndex): void {
    this.#codecsOf(from).arriving.releaseAll();
  }

  /** Another scheduler has gone, with what was on its way. */
  lose(index: SchedulerIndex): void {
    this.#sockets.peerEnded(index);
    this.#codecs.get(index)?.arriving.releaseAll();
    this.#codecs.delete(index);
  }
}
