import { ByteReader } from '../kernel/codec/byte-reader.ts';
import { ByteWriter } from '../kernel/codec/byte-writer.ts';
import { SILENCE } from './transport.ts';

/** What a packet is. */
const Packet = { Frames: 0, Received: 1, Broken: 2 } as const;

/** In place of a session that is not known. */
const NONE = 0;

/** Sessions that are remembered when they have ended: what is left of them may come yet. */
const MOST_PAST = 8;

/** Room for most packets. */
const ROOM = 256;
/** Bytes of frames that are sent together at most; more go at once. */
const LARGEST_BATCH = 2 ** 15;
/** Bytes before a frame, which tell its length. */
const LENGTH = 4;
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
 * | frames   | 0, session: u32, session of the other side or 0: u32, number of the    |
 * |          | first frame in its session from 0: varint, and for each frame its      |
 * |          | length: u32, kind: u8, content                                         |
 * | received | 1, session: u32, number of frames of it that have come: varint         |
 * | broken   | 2, session: u32                                                        |
 */
export class Conversation {
  readonly #send: (packet: Uint8Array) => void;
  readonly #listener: ConversationListener;
  readonly #later: (flush: () => void) => void;
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
  /** Frames that have not been sent, as one packet. */
  #batch = new ByteWriter(ROOM);
  /** Where the frame begins that is being written. */
  #start = 0;
  #isScheduled = false;

  /**
   * @param send sends a packet, which is not kept
   * @param later calls back when what is said at the moment has been said
   * @param now milliseconds
   */
  constructor(
    send: (packet: Uint8Array) => void,
    listener: ConversationListener,
    later: (flush: () => void) => void,
    now: () => number = () => performance.now(),
  ) {
    this.#send = send;
    this.#listener = listener;
    this.#later = later;
    this.#now = now;
  }

  /** Whether nothing has to be told or awaited. */
  get isQuiet(): boolean {
    return this.#unheardSince === null && this.#told === this.#received;
  }

  /** Begins a frame. Its content is written to what this returns, and then `end` is called. */
  begin(kind: number): ByteWriter {
    const batch = this.#batch;
    if (batch.length === 0) {
      batch.u8(Packet.Frames);
      batch.u32(this.#own);
      batch.u32(this.#other ?? NONE);
      batch.varint(this.#sent);
    }
    this.#start = batch.u32();
    batch.u8(kind);
    return batch;
  }

  end(): void {
    const batch = this.#batch;
    batch.setU32(this.#start, batch.length - this.#start - LENGTH);
    this.#sent++;
    this.#unheardSince ??= this.#now();
    if (batch.length >= LARGEST_BATCH) this.#flush();
    else if (!this.#isScheduled) {
      this.#isScheduled = true;
      this.#later(this.#flush);
    }
  }

  /** Sends the frames that have been written. */
  readonly #flush = (): void => {
    this.#isScheduled = false;
    const batch = this.#batch;
    if (batch.length === 0) return;
    this.#send(batch.finish());
    batch.clear();
    if (batch.buffer.length > LARGEST_KEPT) this.#batch = new ByteWriter(ROOM);
  };

  #tell(packet: number, session: number, write: (writer: ByteWriter) => void = () => {}): void {
    const writer = new ByteWriter(16);
    writer.u8(packet);
    writer.u32(session);
    write(writer);
    this.#send(writer.finish());
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
      case Packet.Frames:
        this.#takeFrames(session, reader);
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

  #takeFrames(session: number, reader: ByteReader): void {
    const known = reader.u32();
    let number = reader.varint();
    if (session !== this.#other) {
      // The beginning is missing, or this is a rest of what was broken.
      if (number > 0 || this.#past.includes(session)) {
        this.#tell(Packet.Broken, session);
        return;
      }
      // The other side has begun anew. Whether it knows the session here tells whether that has to begin anew as well.
      if (this.#other !== null) this.#end(known !== this.#own);
      this.#other = session;
      this.#received = this.#told = 0;
    }
    if (number > this.#received) {
      this.#tell(Packet.Broken, session);
      this.break();
      return;
    }
    try {
      for (; !reader.isAtEnd; number++) {
        const frame = reader.part(reader.u32());
        if (number < this.#received) continue;
        this.#received++;
        this.#listener.frame(frame.u8(), frame);
        // What it has said may have broken all this.
        if (this.#other !== session) return;
      }
    } catch (error) {
      this.#tell(Packet.Broken, session);
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

  /** Tells how far frames have come, and sees whether the other side has. To be called some times a second while it is not quiet. */
  tick(): void {
    if (this.#told < this.#received && this.#other !== null) {
      this.#told = this.#received;
      this.#tell(Packet.Received, this.#other, (writer) => writer.varint(this.#received));
    }
    if (this.#unheardSince === null || this.#now() - this.#unheardSince <= SILENCE) return;
    // The other side may have nothing to say, and would wait for what is forgotten here.
    if (this.#other !== null) this.#tell(Packet.Broken, this.#other);
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
      this.#batch.clear();
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
