import { Readable, type Writable } from 'node:stream';
import type { OutputStream, Stdio } from '../kernel/stdio.ts';
import { ReadableInput } from './readable-input.ts';
import { WritableOutput } from './writable-output.ts';

/** Where the input of a process, and of all that it spawns, comes from, and where their output goes. */
export interface Streams {
  /** What it reads: a stream of bytes, or all of its input. Default: nothing. */
  readonly stdin?: Readable | Uint8Array | string;
  /** Where it prints: a stream, for which it waits while that is full; null drops the output. Default: `process.stdout`. */
  readonly stdout?: Writable | null;
  /** Where it prints errors, in the same way. Default: `process.stderr`. */
  readonly stderr?: Writable | null;
}

const BYTES = { objectMode: false };

const DROPPED: OutputStream = {
  isTerminal: false,
  isFull: false,
  whenWritable: () => () => {},
  write: () => null,
};

/** The outputs by their streams. Each stream has one, so that it gets one set of listeners. */
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
