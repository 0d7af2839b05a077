import type { InputStream, OutputStream } from '../kernel/stdio.ts';
import { Descriptor, FdFlag, FileType } from './descriptor.ts';
import { Right } from './rights.ts';

const STREAM_RIGHTS = Right.FdFdstatSetFlags | Right.FdFilestatGet | Right.PollFdReadwrite;

/** A standard stream. Closing the descriptor does not close the stream, which other processes use too. */
export abstract class StreamDescriptor extends Descriptor {
  abstract readonly stream: InputStream | OutputStream;

  get fileType(): FileType {
    return this.stream.isTerminal ? FileType.CharacterDevice : FileType.Unknown;
  }
}

/** Standard input. */
export class InputDescriptor extends StreamDescriptor {
  readonly stream: InputStream;

  constructor(stream: InputStream) {
    super(STREAM_RIGHTS | Right.FdRead, 0, 0);
    this.stream = stream;
  }
}

/** Standard output or error. */
export class OutputDescriptor extends StreamDescriptor {
  readonly stream: OutputStream;

  constructor(stream: OutputStream) {
    super(STREAM_RIGHTS | Right.FdWrite, 0, FdFlag.Append);
    this.stream = stream;
  }
}
