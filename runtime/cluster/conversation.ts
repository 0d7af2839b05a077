import { ByteReader } from '../kernel/codec/byte-reader.ts';
import { ByteWriter } from '../kernel/codec/byte-writer.ts';
import { SILENCE } from './transport.ts';

/** What a packet is. */
const Packet = { Frame: 0, Received: 1, Broken: 2 } as const;

/** In place of a session that is not known. */
const NONE = 0;

/** Sessions that are remembered when they have ended: what is left of them may come yet. */
const MOST_PAST = 8;

/** Room for most packets. */
const ROOM = 256;
/** Bytes of a writer that is kept for the next packet. */
const LARGEST_KEPT = 2 ** 16;

/** What a conversation does with what it hears. */
export interface ConversationListener {
  /**
   * Takes a frame, in the order in which they were sent. None is missing and none comes twice.
   * @throws FormatError for one that nobody can have sent: the conversation breaks
   */
  frame(kind: number, reader: ByteReader): void;

  /** Something may be lost that was sent before, or was to come: everything before this is over. */
  broken(): void;
}

/**
 * What this node and another one say to each other in one environment. Transports may lose what they carry while they connect anew, so
 * frames are numbered, and how far they have come is told. Whoever misses a frame, or does not hear that one has come, breaks the
 * conversation, which begins anew with the next frame. Nothing is sent twice.
 *
 * | packet   | bytes                                                                  |
 * | -------- | ---------------------------------------------------------------------- |
 * | frame    | 0, session: u32, session of the other side or 0: u32, number in its own |
 * |          | session from 0: varint, kind: u8, content                              |
 * | received | 1, session: u32, number of frames of it that have come: varint         |
 * | broken   | 2, session: u32                                                        |
 */
export class Conversation {
  readonly #send: (packet: Uint8Array) => void;
  readonly #listener: ConversationListener;
  readonly #now: () => number;
  /** The session of what is sent, and how many frames it has. */
  #own = newSession();
  #sent = 0;
  /** Since when the other side has not told that it has received more; null if it has all. */
  #unheardSince: number | null = null;
  /** The session of what comes; null before it has begun. */
  #other: number | null = null;
  #received = 0;
  /** Sessions of it that have ended. */
  #past: readonly number[] = [];
  /** How many of these the other side was told of. */
  #told = 0;
  #writer = new ByteWriter(ROOM);

  /**
   * @param send sends a packet, which is not kept
   * @param now milliseconds
   */
  constructor(
    send: (packet: Uint8Array) => void,
    listener: ConversationListener,
    now: () => number = () => performance.now(),
  ) {
    this.#send = send;
    this.#listener = listener;
    this.#now = now;
  }

  /** Whether nothing has to be told or awaited. */
  get isQuiet(): boolean {
    return this.#unheardSince === null && this.#told === this.#received;
  }

  /** Begins a frame. Its content is written to what this returns, and then `end` is called. */
  begin(kind: number): ByteWriter {
    const writer = this.#begin(Packet.Frame, this.#own);
    writer.u32(this.#other ?? NONE);
    writer.varint(this.#sent);
    writer.u8(kind);
    return writer;
  }

  end(): void {
    this.#sent++;
    this.#unheardSince ??= this.#now();
    this.#send(this.#writer.finish());
    if (this.#writer.buffer.length > LARGEST_KEPT) this.#writer = new ByteWriter(ROOM);
  }

  #begin(packet: number, session: number): ByteWriter {
    const writer = this.#writer;
    writer.clear();
    writer.u8(packet);
    writer.u32(session);
    return writer;
  }

  /**
   * Takes a packet of the other side.
   * @param packet may be of anybody. What nobody can have sent breaks the conversation
   * @throws FormatError
   */
  take(packet: Uint8Array): void {
    const reader = new ByteReader(packet, 'a packet of a node');
    const kind = reader.u8();
    const session = reader.u32();
    switch (kind) {
      case Packet.Frame:
        this.#takeFrame(session, reader);
        break;
      case Packet.Received:
        this.#heard(session, reader);
        break;
      case Packet.Broken:
        reader.end();
        if (session === this.#own) this.break();
        break;
      default:
        throw reader.error('kind', `unknown kind of packet ${kind}`);
    }
  }

  #takeFrame(session: number, reader: ByteReader): void {
    const known = reader.u32();
    const number = reader.varint();
    if (session !== this.#other) {
      // The beginning is missing, or this is a rest of what was broken.
      if (number > 0 || this.#past.includes(session)) {
        this.#tellBroken(session);
        return;
      }
      // The other side has begun anew. Whether it knows the session here tells whether that has to begin anew as well.
      if (this.#other !== null) this.#end(known !== this.#own);
      this.#other = session;
      this.#received = this.#told = 0;
    }
    if (number < this.#received) return;
    if (number > this.#received) {
      this.#tellBroken(session);
      this.break();
      return;
    }
    this.#received++;
    try {
      this.#listener.frame(reader.u8(), reader);
    } catch (error) {
      this.#tellBroken(session);
      this.break();
      throw error;
    }
  }

  #heard(session: number, reader: ByteReader): void {
    const received = reader.varint();
    reader.end();
    if (session !== this.#own || received > this.#sent) return;
    this.#unheardSince = received === this.#sent ? null : this.#now();
  }

  #tellBroken(session: number): void {
    this.#begin(Packet.Broken, session);
    this.#send(this.#writer.finish());
  }

  /** Tells how far frames have come, and sees whether the other side has. To be called some times a second while it is not quiet. */
  tick(): void {
    if (this.#told < this.#received && this.#other !== null) {
      this.#told = this.#received;
      this.#begin(Packet.Received, this.#other).varint(this.#received);
      this.#send(this.#writer.finish());
    }
    if (this.#unheardSince === null || this.#now() - this.#unheardSince <= SILENCE) return;
    // The other side may have nothing to say, and would wait for what is forgotten here.
    if (this.#other !== null) this.#tellBroken(this.#other);
    this.break();
  }

  /** Ends all that was said. */
  break(): void {
    this.#end(true);
  }

  /** @param isNew whether what is sent from now on is a session of its own */
  #end(isNew: boolean): void {
    if (isNew) {
      this.#own = newSession();
      this.#sent = 0;
      this.#unheardSince = null;
    }
    if (this.#other !== null) this.#past = [this.#other, ...this.#past].slice(0, MOST_PAST);
    this.#other = null;
    this.#received = this.#told = 0;
    this.#listener.broken();
  }
}

/** A number that no earlier session has had: others may remember that. */
function newSession(): number {
  return (crypto.getRandomValues(new Uint32Array(1))[0] ?? 0) || 1;
}
