import { FIRST_SCHEDULER } from '../kernel/ids.ts';
import type { InputStream } from '../kernel/stdio.ts';
import { readFlag, writeFlag } from './optional-bytes.ts';
import type { SchedulerIndex } from './peers.ts';
import { bodyOf, NOTHING, type Questions } from './questions.ts';
import type { StreamsName } from './streams-token.ts';

const READ = 'input/read';
const LEAVE = 'input/leave';
const UNREAD = 'input/unread';

/** Bytes of an answer besides those that were read. */
const ROOM = 16;

/**
 * Reads the input of this scheduler for processes of others. Each reader asks for itself, so that it takes nothing if it is killed
 * while it waits, nor if its scheduler dies.
 */
export class InputService {
  /** Readers that wait, by their scheduler and the number of their call, and how they give up. */
  readonly #waiting = new Map<SchedulerIndex, Map<number, () => void>>();

  /** @param inputOf finds an input, and throws if there is none */
  constructor(questions: Questions, inputOf: (name: StreamsName) => InputStream) {
    questions.answer(
      READ,
      (reader) => ({
        number: reader.varint(),
        parent: reader.varint(),
        call: reader.varint(),
        most: reader.varint(),
        waits: readFlag(reader),
      }),
      (peer, { call, most, waits, ...name }) => this.#read(peer, call, inputOf(name), most, waits),
    );
    questions.answer(
      LEAVE,
      (reader) => reader.varint(),
      (peer, call) => {
        this.#waiting.get(peer)?.get(call)?.();
        return NOTHING;
      },
    );
    questions.answer(
      UNREAD,
      (reader) => ({ number: reader.varint(), parent: reader.varint(), bytes: reader.bytes() }),
      (_, { bytes, ...name }) => {
        inputOf(name).unread(bytes);
        return NOTHING;
      },
    );
  }

  /** @param most 0 for a reader that only wants to know when there is something */
  #read(
    peer: SchedulerIndex,
    call: number,
    input: InputStream,
    most: number,
    waits: boolean,
  ): Uint8Array | Promise<Uint8Array> {
    const now = most === 0 ? null : input.read(most);
    if (now !== null || !waits) return answerOf(now);
    const calls = this.#waiting.get(peer) ?? new Map<number, () => void>();
    this.#waiting.set(peer, calls);
    return new Promise((resolve) => {
      const settle = (bytes: Uint8Array | null): void => {
        calls.delete(call);
        resolve(answerOf(bytes));
      };
      const wait = (): void => {
        const cancel = input.whenReadable(() => {
          const bytes = most === 0 ? NOTHING : input.read(most);
          if (bytes === null) wait();
          else settle(bytes);
        });
        calls.set(call, () => {
          cancel();
          settle(null);
        });
      };
      wait();
    });
  }

  /** Another scheduler has gone. Its readers take nothing. */
  lose(index: SchedulerIndex): void {
    for (const leave of [...(this.#waiting.get(index)?.values() ?? [])]) leave();
    this.#waiting.delete(index);
  }
}

/** An input that the first scheduler has. */
export class FarInput implements InputStream {
  static #calls = 0;

  readonly isTerminal: boolean;
  readonly #name: StreamsName;
  readonly #questions: Questions;

  constructor(name: StreamsName, questions: Questions, isTerminal: boolean) {
    this.#name = name;
    this.#questions = questions;
    this.isTerminal = isTerminal;
  }

  /** Only `fetch` gives bytes. */
  read(): null {
    return null;
  }

  whenReadable(ready: () => void): () => void {
    return this.#ask(0, true, ready);
  }

  fetch(length: number, waits: boolean, done: (bytes: Uint8Array | null) => void): () => void {
    return this.#ask(length, waits, done);
  }

  unread(bytes: Uint8Array): void {
    this.#questions.tell(
      FIRST_SCHEDULER,
      UNREAD,
      (writer) => {
        writer.varint(this.#name.number);
        writer.varint(this.#name.parent);
        writer.bytes(bytes);
      },
      ROOM + bytes.length,
    );
  }

  #ask(most: number, waits: boolean, done: (bytes: Uint8Array | null) => void): () => void {
    const call = ++FarInput.#calls;
    let isWanted = true;
    const settle = (bytes: Uint8Array | null): void => {
      if (isWanted) {
        isWanted = false;
        done(bytes);
      } else if (bytes !== null && bytes.length > 0) {
        this.unread(bytes);
      }
    };
    const asked = this.#questions.ask(
      FIRST_SCHEDULER,
      READ,
      (writer) => {
        writer.varint(this.#name.number);
        writer.varint(this.#name.parent);
        writer.varint(call);
        writer.varint(most);
        writeFlag(writer, waits);
      },
      (reader) => (readFlag(reader) ? reader.bytes() : null),
    );
    // Without the first scheduler there is no input any more.
    asked.then(settle, () => settle(NOTHING));
    return () => {
      if (!isWanted) return;
      isWanted = false;
      this.#questions.tell(FIRST_SCHEDULER, LEAVE, (writer) => writer.varint(call));
    };
  }
}

/** Null if the reader has left, or there was nothing for one that does not wait. */
function answerOf(bytes: Uint8Array | null): Uint8Array {
  return bodyOf(
    (writer) => {
      writeFlag(writer, bytes !== null);
      if (bytes !== null) writer.bytes(bytes);
    },
    ROOM + (bytes?.length ?? 0),
  );
}
