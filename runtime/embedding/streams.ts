import { Readable, type Writable } from 'node:stream';
import type { OutputStream, Stdio } from '../kernel/stdio.ts';
import { ReadableInput } from './readable-input.ts';
import { WritableOutput } from './writable-output.ts';

/** Where the input of a process, and of all that it spawns, comes from, and where their output goes. */
export interface Streams {
  /** What it reads: a stream, or all of the input. Default: nothing. */
  readonly stdin?: Readable | Uint8Array | string;
  /** What it prints: a stream, which slows down whoever prints while it is full; null drops it. Default: `process.stdout`. */
  readonly stdout?: Writable | null;
  /** The same for errors. Default: `process.stderr`. */
  readonly stderr?: Writable | null;
}

const BYTES = { objectMode: false };

const DROPPED: OutputStream = { isTerminal: false, write: () => null };

/** One for each stream of Node, so that each is listened to once. */
const outputs = new WeakMap<Writable, OutputStream>();

/** The standard streams of a process. */
export function stdioOf({ stdin = '', stdout = process.stdout, stderr = process.stderr }: Streams): Stdio {
  return { input: inputOf(stdin), output: outputTo(stdout), error: outputTo(stderr) };
}

function inputOf(source: Readable | Uint8Array | string): ReadableInput {
  if (!(source instanceof Readable)) {
    return new ReadableInput(() => Readable.from(source.length === 0 ? [] : [Buffer.from(source)], BYTES));
  }
  if (source.readableObjectMode || source.readableEncoding !== null)
    throw new TypeError('stdin must be a stream of bytes, without an encoding and not in object mode');
  return new ReadableInput(() => source);
}

function outputTo(stream: Writable | null): OutputStream {
  if (stream === null) return DROPPED;
  let output = outputs.get(stream);
  if (output === undefined) {
    output = new WritableOutput(stream);
    outputs.set(stream, output);
  }
  return output;
}
