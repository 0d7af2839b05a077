import type { FailureReport } from '../host/running-tests.ts';
import type { Snapshot } from '../inspect/snapshot.ts';
import type { ByteReader } from '../kernel/codec/byte-reader.ts';
import type { ByteWriter } from '../kernel/codec/byte-writer.ts';
import { type Exit, KILLED_EXIT, RETURNED } from '../kernel/exit.ts';
import type { ProcessId, SchedulerIndex } from '../kernel/ids.ts';
import type { LoadedModule } from '../kernel/module.ts';
import type { StackFrame } from '../symbols/stack-frame.ts';
import type { DeathCause, UnlocatedStack } from '../testing/death-causes.ts';
import type { FarSnapshot } from '../testing/other-schedulers.ts';
import { readOptional, readText, writeOptional, writeText } from './optional-bytes.ts';
import { readStreams, writeStreams } from './streams-token.ts';
import type { SchedulerSystem } from './system.ts';

/**
 * Requests about tests: their kinds. The body of each begins with the number of the test's program. They keep their places among what
 * processes print and the ends of these, so none of them needs an answer but where it says so.
 */
export const TestRequest = {
  /** To the first scheduler: the root process has its first turn. */
  Begun: 'test begun',
  /** To the first scheduler: the test's name for people. */
  Named: 'test named',
  /** To the first scheduler: the message with which the test has to fail. */
  ShouldTrap: 'test should trap',
  /** To the first scheduler: a failure that the test reports, and the stack on which it does. */
  Reported: 'test reported',
  /** To the first scheduler: how many failures were reported besides, of which no more is told. */
  Counted: 'test counted',
  /** To the first scheduler: the root process has ended: how, and what of. */
  Ended: 'test ended',
  /** To the first scheduler: whether somebody holds a process of the test: 1 or 0. */
  Held: 'test held',
  /** To any scheduler: a process there, and what it is about to die of. */
  Cause: 'test cause',
  /** To another scheduler: how many processes are to be told of. Answered with how many there are, and what those are doing. */
  Describe: 'test describe',
  /** To another scheduler: answered when all that was sent before has come. */
  Settle: 'test settle',
} as const;

const KINDS = ['returned', 'exited', 'killed', 'no-entry', 'trapped', 'bug'] as const;

export function writeExit(writer: ByteWriter, exit: Exit): void {
  writer.u8(KINDS.indexOf(exit.kind));
  if (exit.kind === 'exited') writer.u32(exit.code >>> 0);
  else if ('message' in exit) writer.text(exit.message);
}

export function readExit(reader: ByteReader): Exit {
  const kind = KINDS[reader.u8()];
  switch (kind) {
    case 'returned':
      return RETURNED;
    case 'killed':
      return KILLED_EXIT;
    case 'exited':
      return { kind, code: reader.u32() | 0 };
    case 'no-entry':
      return { kind, message: reader.text() };
    case 'trapped':
    case 'bug': {
      const message = reader.text();
      // Its stack is told apart.
      return { kind, message, error: new Error(message) };
    }
    default:
      throw reader.error('kind', 'an unknown end of a process');
  }
}

export function writeReport(writer: ByteWriter, { message, expected, actual }: FailureReport): void {
  writer.text(message);
  writeOptional(writer, expected, writeText);
  writeOptional(writer, actual, writeText);
}

export function readReport(reader: ByteReader): FailureReport {
  return {
    message: reader.text(),
    expected: readOptional(reader, readText),
    actual: readOptional(reader, readText),
  };
}

/** What this scheduler and another one tell each other of tests. */
export class TestWire {
  readonly #system: SchedulerSystem;
  readonly #peer: SchedulerIndex;

  constructor(system: SchedulerSystem, peer: SchedulerIndex) {
    this.#system = system;
    this.#peer = peer;
  }

  /** Writes a stack. If the peer does not have its module, that is sent before. */
  writeStack(writer: ByteWriter, { module, frames }: UnlocatedStack): void {
    writeOptional(writer, module, (_, known) => this.#writeModule(writer, known));
    writeFrames(writer, frames);
  }

  readStack(reader: ByteReader): UnlocatedStack {
    const module = readOptional(reader, readText);
    return this.#stackOf(module, readFrames(reader));
  }

  #writeModule(writer: ByteWriter, module: LoadedModule): void {
    const { modules } = this.#system;
    modules.send(this.#peer, module);
    writer.text(modules.keyOf(module.bytes));
  }

  /** The module is asked for when the stack is found in the sources: most are not. */
  #stackOf(key: string | null, frames: readonly StackFrame[]): UnlocatedStack {
    const { modules } = this.#system;
    const from = this.#peer;
    return {
      get module() {
        try {
          return key === null ? null : modules.get(from, key);
        } catch {
          // Others may have taken its place.
          return null;
        }
      },
      frames,
    };
  }

  /** @param stack that of the cause, which is left out where it is null */
  writeCause(
    writer: ByteWriter,
    { id, exit, stdio }: DeathCause,
    key: number,
    stack: UnlocatedStack | null,
  ): void {
    writer.varint(id);
    writeExit(writer, exit);
    const { streams } = this.#system;
    writeOptional(writer, stdio, (_, known) => writeStreams(writer, streams.token(known, key)));
    writeOptional(writer, stack, (_, known) => this.writeStack(writer, known));
  }

  readCause(reader: ByteReader, key: number): DeathCause {
    const id = reader.varint() as ProcessId;
    const exit = readExit(reader);
    const { streams } = this.#system;
    const stdio = readOptional(reader, () => streams.get(readStreams(reader), key));
    const stack = readOptional(reader, () => this.readStack(reader));
    return { id, exit, stdio, stack: () => stack };
  }

  writeSnapshots(writer: ByteWriter, snapshots: readonly Snapshot[]): void {
    writer.varint(snapshots.length);
    for (const { id, activity, messages, module, stack } of snapshots) {
      writer.varint(id);
      writer.text(activity);
      writer.varint(messages);
      this.writeStack(writer, { module, frames: stack });
    }
  }

  /** @param namesOf finds the names of a process: the first scheduler keeps these */
  readSnapshots(reader: ByteReader, namesOf: (id: ProcessId) => string[]): FarSnapshot[] {
    return Array.from({ length: reader.count(1) }, () => {
      const id = reader.varint() as ProcessId;
      const activity = reader.text();
      const messages = reader.varint();
      const stack = this.readStack(reader);
      return {
        ...{ id, names: namesOf(id), activity, messages, stack: stack.frames },
        get module() {
          return stack.module;
        },
      };
    });
  }
}

function writeFrames(writer: ByteWriter, frames: readonly StackFrame[]): void {
  writer.varint(frames.length);
  for (const { functionIndex, functionName, offset } of frames) {
    writer.varint(functionIndex);
    writer.varint(offset);
    writeOptional(writer, functionName, writeText);
  }
}

function readFrames(reader: ByteReader): StackFrame[] {
  return Array.from({ length: reader.count(1) }, () => {
    const functionIndex = reader.varint();
    const offset = reader.varint();
    const functionName = readOptional(reader, readText);
    return { functionIndex, offset, ...(functionName === null ? {} : { functionName }) };
  });
}
