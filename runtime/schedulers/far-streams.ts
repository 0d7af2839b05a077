import type { ByteReader } from '../kernel/codec/byte-reader.ts';
import { FIRST_SCHEDULER, SCHEDULER_INDEXES, type SchedulerIndex } from '../kernel/ids.ts';
import { OutputLine } from '../kernel/output-line.ts';
import { type InputStream, OutputError, type OutputStream, type Stdio } from '../kernel/stdio.ts';
import { FarInput, InputService } from './far-input.ts';
import { Frame } from './frame.ts';
import type { Mesh } from './mesh.ts';
import type { Peers } from './peers.ts';
import { Questions } from './questions.ts';
import type { StreamsName, StreamsToken } from './streams-token.ts';

/** Bytes that a scheduler may have printed before they were taken, of each stream of each process. */
const MOST_UNTAKEN = 65_536;

/** Streams of a program's processes that are told apart on a scheduler. */
const MANY_STREAMS = 2000;

const OUTPUT = 1;
const ERROR = 2;
type Descriptor = typeof OUTPUT | typeof ERROR;

/** Bits of what is known of streams: which are terminals, and whether each child has streams of its own. */
const TRAITS = { input: 1, output: 2, error: 4, forChild: 8 } as const;

/** Gives numbers to the streams of processes that go to other schedulers, and serves them there. */
export class StreamService {
  readonly #mesh: Mesh;
  readonly #byNumber = new Numbered<Stdio>();
  readonly #numbers = new WeakMap<Stdio, number>();
  readonly #inputs: InputService;
  #last = 0;

  constructor(mesh: Mesh, peers: Peers) {
    this.#mesh = mesh;
    this.#inputs = new InputService(new Questions(peers), (name) => this.get(name).input);
  }

  /** @param key the number of the program */
  token(stdio: Stdio, key: number): StreamsToken {
    let number = this.#numbers.get(stdio);
    if (number === undefined) {
      number = ++this.#last * SCHEDULER_INDEXES;
      this.#numbers.set(stdio, number);
      this.#byNumber.set(number, stdio, key);
    }
    return { number, traits: traitsOf(stdio), parent: 0 };
  }

  /** The streams of a number. */
  get({ number, parent }: StreamsName): Stdio {
    const made = this.#find(number, parent);
    if (made === undefined) throw new Error(`no streams of number ${number}`);
    return made;
  }

  #find(number: number, parent: number): Stdio | undefined {
    const known = this.#byNumber.get(number);
    const of = this.#byNumber.get(parent);
    if (known !== undefined || of === undefined) return known;
    const made = of.forChild?.() ?? of;
    this.#byNumber.setBeside(parent, number, made);
    if (!this.#numbers.has(made)) this.#numbers.set(made, number);
    return made;
  }

  /** A process of another scheduler has been spawned. Streams are numbered in the order of that. */
  made(reader: ByteReader): void {
    const number = reader.varint();
    this.#find(number, reader.varint());
  }

  /** Gives up the streams of a program. */
  forget(key: number): void {
    this.#byNumber.forget(key);
  }

  /** A process of another scheduler has printed. */
  print(from: SchedulerIndex, reader: ByteReader): void {
    const number = reader.varint();
    const parent = reader.varint();
    const descriptor = reader.u8() as Descriptor;
    const bytes = reader.rest();
    const { length } = bytes;
    const stdio = this.#find(number, parent);
    // The program has ended.
    if (stdio === undefined) return;
    const taken = () =>
      this.#mesh.send(from, Frame.OutputTaken, (writer) => {
        writer.varint(number);
        writer.u8(descriptor);
        writer.varint(length);
      });
    const written = (descriptor === OUTPUT ? stdio.output : stdio.error).write(bytes);
    // A stream that breaks ends the program.
    if (written === null) taken();
    else written.then(taken, taken);
  }

  /** Another scheduler has gone. */
  lose(index: SchedulerIndex): void {
    this.#inputs.lose(index);
  }
}

/** The streams of processes that are not on the first scheduler. */
export class FarStreams {
  readonly #mesh: Mesh;
  readonly #questions: Questions;
  readonly #byNumber = new Numbered<FarStdio>();
  #last = 0;
  /** Called before what the process that has the turn prints goes to the owner of the streams. */
  onPrint: ((bytes: Uint8Array) => void) | null = null;

  constructor(mesh: Mesh, peers: Peers) {
    this.#mesh = mesh;
    this.#questions = new Questions(peers);
  }

  token(stdio: Stdio, _key?: number): StreamsToken {
    if (stdio instanceof FarStdio) return stdio.token;
    throw new Error('streams of this scheduler alone');
  }

  /** @param key the number of the program */
  get(token: StreamsToken, key: number): Stdio {
    const known = this.#byNumber.get(token.number);
    if (known !== undefined) return known;
    const child = () => this.#child(token, key);
    const outlet = { mesh: this.#mesh, printed: (bytes: Uint8Array) => this.onPrint?.(bytes) };
    const made = new FarStdio(token, outlet, this.#questions, child);
    this.#byNumber.set(token.number, made, key);
    return made;
  }

  #child({ number, traits }: StreamsToken, key: number): Stdio {
    const last = this.#byNumber.lastOfMany(key);
    if (last !== undefined) return last;
    const own = ++this.#last * SCHEDULER_INDEXES + this.#mesh.index;
    this.#mesh.send(FIRST_SCHEDULER, Frame.Streams, (writer) => {
      writer.varint(own);
      writer.varint(number);
    });
    return this.get({ number: own, traits, parent: number }, key);
  }

  /** Gives up the streams of a program. */
  forget(key: number): void {
    this.#byNumber.forget(key);
  }

  /** What was printed has been taken. */
  taken(reader: ByteReader): void {
    const number = reader.varint();
    const descriptor = reader.u8();
    this.#byNumber.get(number)?.taken(descriptor, reader.varint());
  }
}

/** Streams by their numbers, and by the programs that they are of. */
class Numbered<Streams> {
  readonly #all = new Map<number, Streams>();
  readonly #ofProgram = new Map<number, number[]>();
  readonly #programOf = new Map<number, number>();

  get(number: number): Streams | undefined {
    return this.#all.get(number);
  }

  /** @param key the number of the program */
  set(number: number, streams: Streams, key: number): void {
    this.#all.set(number, streams);
    this.#programOf.set(number, key);
    const numbers = this.#ofProgram.get(key);
    if (numbers === undefined) this.#ofProgram.set(key, [number]);
    else numbers.push(number);
  }

  /** Enters streams of the program that those of another number are of. */
  setBeside(other: number, number: number, streams: Streams): void {
    this.set(number, streams, this.#programOf.get(other) ?? 0);
  }

  /** If a program has so many that its further processes share theirs: these. */
  lastOfMany(key: number): Streams | undefined {
    const numbers = this.#ofProgram.get(key);
    return numbers === undefined || numbers.length < MANY_STREAMS
      ? undefined
      : this.#all.get(numbers.at(-1) ?? 0);
  }

  forget(key: number): void {
    for (const number of this.#ofProgram.get(key) ?? []) {
      this.#all.delete(number);
      this.#programOf.delete(number);
    }
    this.#ofProgram.delete(key);
  }
}

/** Where output goes. */
interface Outlet {
  readonly mesh: Mesh;
  printed(bytes: Uint8Array): void;
}

class FarStdio implements Stdio {
  readonly token: StreamsToken;
  readonly input: InputStream;
  readonly output: FarOutput;
  readonly error: FarOutput;
  readonly forChild?: () => Stdio;

  constructor(token: StreamsToken, outlet: Outlet, questions: Questions, child: () => Stdio) {
    const { traits } = token;
    this.token = token;
    this.input = new FarInput(token, questions, (traits & TRAITS.input) !== 0);
    this.output = new FarOutput(token, OUTPUT, outlet, (traits & TRAITS.output) !== 0);
    this.error = new FarOutput(token, ERROR, outlet, (traits & TRAITS.error) !== 0);
    if ((traits & TRAITS.forChild) !== 0) this.forChild = child;
  }

  taken(descriptor: number, bytes: number): void {
    (descriptor === OUTPUT ? this.output : this.error).taken(bytes);
  }
}

class FarOutput implements OutputStream {
  readonly isTerminal: boolean;
  readonly #token: StreamsToken;
  readonly #descriptor: Descriptor;
  readonly #outlet: Outlet;
  #untaken = 0;
  readonly #line = new OutputLine(() => this.isFull);
  #waiting: (() => void)[] = [];

  constructor(token: StreamsToken, descriptor: Descriptor, outlet: Outlet, isTerminal: boolean) {
    this.#token = token;
    this.#descriptor = descriptor;
    this.#outlet = outlet;
    this.isTerminal = isTerminal;
  }

  get isFull(): boolean {
    return this.#untaken >= MOST_UNTAKEN;
  }

  whenWritable(ready: () => void): () => void {
    return this.#line.enter(ready);
  }

  write(bytes: Uint8Array): Promise<void> | null {
    const { mesh, printed } = this.#outlet;
    if (mesh.peer(FIRST_SCHEDULER) === undefined)
      return Promise.reject(new OutputError('the program has ended'));
    printed(bytes);
    this.#untaken += bytes.length;
    const { number, parent } = this.#token;
    mesh.send(FIRST_SCHEDULER, Frame.Output, (writer) => {
      writer.varint(number);
      writer.varint(parent);
      writer.u8(this.#descriptor);
      writer.raw(bytes);
    });
    return this.isFull ? new Promise((resolve) => this.#waiting.push(resolve)) : null;
  }

  taken(bytes: number): void {
    this.#untaken -= bytes;
    if (this.isFull) return;
    for (const resolve of this.#waiting.splice(0)) resolve();
    this.#line.tell();
  }
}

function traitsOf({ input, output, error, forChild }: Stdio): number {
  return (
    (input.isTerminal ? TRAITS.input : 0) |
    (output.isTerminal ? TRAITS.output : 0) |
    (error.isTerminal ? TRAITS.error : 0) |
    (forChild === undefined ? 0 : TRAITS.forChild)
  );
}
