/** Processes and messages in words. */
import type { MessageInfo, ProcessInfo, ProcessState, WaitReason } from '../runtime/inspect/protocol.ts';

const STATES: Readonly<Record<ProcessState, string>> = {
  initializing: 'starting',
  ready: 'ready',
  running: 'running',
  waiting: 'waiting',
  paused: 'paused',
  trapped: 'trapped',
};

const WAITS: Readonly<Record<WaitReason, string>> = {
  message: 'waiting for message',
  sleep: 'sleeping',
  spawn: 'waiting for spawn',
  // Between two of its turns a process that computes waits for the next one.
  turn: 'running',
  event: 'waiting for event',
};

/** `#5 worker`: its id, and a registered name or else its entry function. */
export function processName({ id, environment, names, entry }: ProcessInfo): string {
  const number = environment === 1 ? `#${id}` : `#${environment}:${id}`;
  return `${number} ${names[0] ?? entry}`;
}

/** `waiting for message, 3 in mailbox` */
export function processActivity({ state, waitsFor, mailbox }: ProcessInfo): string {
  const waits = waitsFor === undefined || waitsFor === 'turn' ? undefined : WAITS[waitsFor];
  const parts =
    state === 'waiting' ? [waitsFor === undefined ? STATES.waiting : WAITS[waitsFor]] : [STATES[state]];
  if (state === 'paused' && waits !== undefined) parts.push(waits);
  if (mailbox > 0) parts.push(`${mailbox} in mailbox`);
  return parts.join(', ');
}

/** `#5 worker (waiting for message, 3 in mailbox)` */
export function threadName(info: ProcessInfo): string {
  return `${processName(info)} (${processActivity(info)})`;
}

/** Characters or bytes of data that one line shows. */
const LINE_TEXT = 60;
const LINE_BYTES = 16;

/** A message in a line: `tag 7, 5 bytes, "hello"`. */
export function describeMessage(message: MessageInfo): string {
  const { kind, tag, size, resources } = message;
  const parts: string[] = [];
  if (kind === 'link-died') parts.push('link died');
  if (kind === 'process-died') parts.push(`process ${message.process ?? '?'} died`);
  if (tag !== '0') parts.push(`tag ${tag}`);
  if (kind === 'data') parts.push(countOf(size, 'byte'));
  const data = Buffer.from(message.data, 'base64');
  if (data.length > 0) parts.push(describeBytes(data, size));
  if (resources.length > 0) parts.push(resources.join(', '));
  return parts.join(', ');
}

function describeBytes(data: Buffer, size: number): string {
  const text = textOf(data, size);
  if (text !== undefined) {
    return text.length <= LINE_TEXT ? JSON.stringify(text) : `${JSON.stringify(text.slice(0, LINE_TEXT))}…`;
  }
  return `${hexOf(data.subarray(0, LINE_BYTES))}${size > LINE_BYTES ? ' …' : ''}`;
}

/**
 * Data as a text, where it is one: UTF-8 without control characters but white space.
 * @param size of the whole of which the data is the beginning: then its last character may be cut
 */
export function textOf(data: Buffer, size: number): string | undefined {
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(data, {
      stream: data.length < size,
    });
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for.
    return /[\0-\x08\x0e-\x1f\x7f]/.test(text) ? undefined : text;
  } catch {
    return undefined;
  }
}

/** `68 65 6c` */
export function hexOf(data: Buffer): string {
  return data.toString('hex').replace(/..(?=.)/g, '$& ');
}

/** `1 byte`, `2 bytes` */
export function countOf(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}
