import {
  BOOLEAN,
  BYTE,
  type Code,
  type Context,
  ExpressionError,
  INTEGER,
  type Scope,
  TEXT,
  type Type,
  type Value,
} from '../expressions/index.ts';
import { NO_PROCESS, type ProcessId } from '../kernel/ids.ts';
import { type Message, MessageKind } from '../kernel/message.ts';
import { type Process, Wait } from '../kernel/process.ts';
import { NO_TAG, type Tag } from '../kernel/tag.ts';
import { displayName } from '../text/display-name.ts';
import { PresentFacts, processCode } from './process-code.ts';
import type { EventKind } from './protocol.ts';

/** Bytes of a message that conditions know as a text. */
const MOST_CONTENT = 2 ** 20;

const NO_MEMORY = new DataView(new ArrayBuffer(0));

/** Something that happens to a process. Which of its fields mean something depends on what it is. */
export class ActorEvent implements Context {
  readonly memory = NO_MEMORY;
  readonly facts = new PresentFacts(this);
  /** The process that stops. */
  process: Process | null = null;
  sender: ProcessId = NO_PROCESS;
  receiver: ProcessId = NO_PROCESS;
  peer: ProcessId = NO_PROCESS;
  by: ProcessId = NO_PROCESS;
  message: Message | null = null;
  tag: Tag = NO_TAG;
  /** What is made or broken, is sent, or is waited for. */
  kind = '';
  made = false;
  link = false;
  name = '';
  target = 0n;
  length = 0;
  bytes = 0;
  /** Milliseconds. */
  waited = 0;
  code = 0;
  /** Whether it has printed the message of a panic. */
  panic = false;

  /** Begins with another one. */
  begin(process: Process): this {
    this.process = process;
    this.sender = this.receiver = this.peer = this.by = NO_PROCESS;
    this.message = null;
    this.tag = NO_TAG;
    this.kind = this.name = '';
    this.made = this.link = this.panic = false;
    this.target = 0n;
    this.length = this.bytes = this.waited = this.code = 0;
    return this;
  }

  carry(message: Message): void {
    this.message = message;
    this.tag = message.tag;
    this.kind = KINDS[message.kind];
  }
}

const KINDS: Readonly<Record<MessageKind, string>> = {
  [MessageKind.Data]: 'data',
  [MessageKind.LinkDied]: 'link died',
  [MessageKind.ProcessDied]: 'process died',
};

const WAITS: Readonly<Record<Wait, string>> = {
  [Wait.None]: '',
  [Wait.Receive]: 'message',
  [Wait.Sleep]: 'sleep',
  [Wait.Spawn]: 'spawn',
  [Wait.Turn]: '',
  [Wait.Event]: 'event',
};

/** What a process waits for, in a word; an empty text if it does not wait. */
export function waitOf({ wait }: Process): string {
  return WAITS[wait];
}

type Part = Code<ActorEvent>;

function part(type: Type, value: (event: ActorEvent) => Value): Part {
  return { type, value };
}

const TAG = part({ kind: 'integer', bytes: 8, isSigned: null }, ({ tag }) => tag);
const KIND = part(TEXT, ({ kind }) => kind);

const CONTENT: Part = {
  type: TEXT,
  value: ({ message }) => (message === null ? '' : textIn(message)),
  length: ({ message }) => message?.length ?? 0,
  element: (index) => ({
    type: BYTE,
    value: (event) => {
      const at = index(event);
      const byte = event.message === null ? undefined : bytesIn(event.message)[at];
      if (byte === undefined) throw new ExpressionError(`the message has no byte ${at}`);
      return byte;
    },
  }),
};

/** Its beginning is enough, and is not copied first. */
function textIn(message: Message): string {
  const { buffer, byteOffset, length } = bytesIn(message);
  return Buffer.from(buffer, byteOffset, Math.min(length, MOST_CONTENT)).toString();
}

function bytesIn({ buffer, length }: Message): Uint8Array {
  return buffer.subarray(0, length);
}

const MESSAGE: Readonly<Record<string, Part>> = {
  tag: TAG,
  kind: KIND,
  size: part(INTEGER, ({ message }) => message?.length ?? 0),
  sender: part(INTEGER, ({ sender }) => sender),
  receiver: part(INTEGER, ({ receiver }) => receiver),
  content: CONTENT,
};

const PANIC = part(BOOLEAN, ({ panic }) => panic);

const NAMES: Readonly<Record<EventKind, Readonly<Record<string, Part>>>> = {
  spawn: {},
  trap: { panic: PANIC },
  'failed-exit': { code: part(INTEGER, ({ code }) => code), panic: PANIC },
  'normal-exit': {},
  kill: { by: part(INTEGER, ({ by }) => by), link: part(BOOLEAN, ({ link }) => link) },
  send: MESSAGE,
  receive: MESSAGE,
  tie: {
    kind: KIND,
    made: part(BOOLEAN, ({ made }) => made),
    peer: part(INTEGER, ({ peer }) => peer),
    tag: TAG,
  },
  name: { name: part(TEXT, ({ name }) => displayName(name)), target: part(INTEGER, ({ target }) => target) },
  mailbox: {
    ...MESSAGE,
    length: part(INTEGER, ({ length }) => length),
    bytes: part(INTEGER, ({ bytes }) => bytes),
  },
  wait: { waited: part(INTEGER, ({ waited }) => waited), kind: KIND },
};

/** What names stand for in conditions of a kind of events. */
export function scopeOf(kind: EventKind): Scope<ActorEvent> {
  const names = NAMES[kind];
  return {
    find(name) {
      if (name === 'process') return processCode();
      if (Object.hasOwn(names, name)) return names[name];
      const known = [...Object.keys(names), 'process'].join(', ');
      throw new ExpressionError(`there is no ${name} here, but ${known}`);
    },
  };
}
