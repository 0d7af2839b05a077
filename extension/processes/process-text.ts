/** Processes, mailboxes and stacks in words. */
import type {
  MessageInfo,
  ProcessInfo,
  ProcessState,
  Stack,
  StackFrame,
  WaitReason,
} from '../../runtime/inspect/protocol.ts';

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
  turn: 'running',
  event: 'waiting for event',
};

/** `#5 worker`: its id, and a registered name or else the function that it runs. */
export function processName({ id, environment, names, entry }: ProcessInfo): string {
  const number = environment === 1 ? `#${id}` : `#${environment}:${id}`;
  return `${number} ${names[0] ?? entry}`;
}

/** `waiting for message` */
export function processActivity(info: ProcessInfo): string {
  const { reason } = info;
  return reason === undefined ? stateText(info) : `${stateText(info)}: ${firstLine(reason)}`;
}

function stateText({ state, waitsFor }: ProcessInfo): string {
  return state === 'waiting' && waitsFor !== undefined ? WAITS[waitsFor] : STATES[state];
}

/** `10,000` */
export function grouped(count: number): string {
  return `${count}`.replace(/\B(?=(\d{3})+$)/g, ',');
}

/** `1 message`, `2 messages`, `10,000 messages` */
export function countOf(count: number, noun: string): string {
  return `${grouped(count)} ${count === 1 ? noun : noun.endsWith('s') ? `${noun}es` : `${noun}s`}`;
}

/** `1.1 MiB` */
export function bytesOf(bytes: number): string {
  const units = ['bytes', 'KiB', 'MiB', 'GiB'];
  let unit = 0;
  let size = bytes;
  for (; size >= 1024 && unit < units.length - 1; unit++) size /= 1024;
  return `${unit === 0 || size >= 100 ? Math.round(size) : Number(size.toFixed(1))} ${units[unit]}`;
}

// -- mailboxes --------------------------------------------------------------------------------------------

/** What a mailbox holds, as a page of text. */
export function mailboxText(
  info: ProcessInfo,
  { messages, length }: { readonly messages: readonly MessageInfo[]; readonly length: number },
): string {
  const head = `Mailbox of ${processName(info)}: ${countOf(length, 'message')}\n`;
  const entries = messages.map((message, i) => `\n${messageText(message, i + 1)}`);
  const left = length - messages.length;
  const rest = left > 0 ? `\n... and ${countOf(left, 'more message')}\n` : '';
  return `${head}${entries.join('')}${rest}`;
}

/**
 *     1  tag 7, 5 bytes
 *        hello
 */
function messageText(message: MessageInfo, number: number): string {
  const { kind, tag, size, resources, process } = message;
  const words: string[] = [];
  if (kind === 'link-died') words.push('a linked process has died');
  if (kind === 'process-died') words.push(`process ${process ?? '?'} has died`);
  if (tag !== '0') words.push(`tag ${tag}`);
  if (kind === 'data') words.push(countOf(size, 'byte'));
  if (resources.length > 0) words.push(`with ${resources.join(', ')}`);
  const label = `${number}`.padStart(3);
  const data = Buffer.from(message.data, 'base64');
  const lines = kind === 'data' && data.length > 0 ? dataLines(data, size) : [];
  const indent = ' '.repeat(label.length + 2);
  return [`${label}  ${words.join(', ')}`, ...lines.map((line) => `${indent}${line}`)]
    .join('\n')
    .concat('\n');
}

function dataLines(data: Buffer, size: number): string[] {
  const text = textOf(data, size);
  const lines = text === undefined ? hexLines(data) : text.replace(/\n$/, '').split(/\r?\n|\r/);
  if (data.length < size) lines.push(`... ${countOf(size - data.length, 'more byte')}`);
  return lines;
}

/** Data as a text, where it is one: UTF-8 without control characters but white space. */
function textOf(data: Buffer, size: number): string | undefined {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(data, { stream: data.length < size });
    return /[\p{Cc}]/u.test(text.replace(/[\t\n\r]/g, '')) ? undefined : text;
  } catch {
    return undefined;
  }
}

const LINE_BYTES = 16;

/**
 *     00000000  01 00 00 00 00 00 00 00  68 65 6c 6c 6f           ........hello
 */
function hexLines(data: Buffer): string[] {
  const lines: string[] = [];
  // Two digits and a space a byte, and one space more in the middle.
  const columns = Math.min(data.length, LINE_BYTES);
  const width = 3 * columns - 1 + (columns > LINE_BYTES / 2 ? 1 : 0);
  for (let at = 0; at < data.length; at += LINE_BYTES) {
    const bytes = data.subarray(at, at + LINE_BYTES);
    const hex = [...bytes].map((byte, i) => `${i === LINE_BYTES / 2 ? ' ' : ''}${hexOf(byte, 2)}`).join(' ');
    const plain = bytes.toString('latin1').replace(/[^ -~]/g, '.');
    lines.push(`${hexOf(at, 8)}  ${hex.padEnd(width)}  ${plain}`);
  }
  return lines;
}

function hexOf(value: number, digits: number): string {
  return value.toString(16).padStart(digits, '0');
}

// -- stacks -----------------------------------------------------------------------------------------------

/** A page of text, and the frame that each of its lines shows. */
export interface StackText {
  readonly text: string;
  readonly frames: readonly { readonly line: number; readonly length: number; readonly frame: StackFrame }[];
}

/** The stack of a process, as a page of text. */
export function stackText(info: ProcessInfo, { frames, missing }: Stack): StackText {
  const lines = [`Stack of ${processName(info)}: ${stateText(info)}`, ''];
  if (info.reason !== undefined) lines.push(...info.reason.split('\n'), '');
  const placed = [];
  for (const frame of frames) {
    const text = frameText(frame);
    placed.push({ line: lines.length, length: text.length, frame });
    lines.push(text);
  }
  if (frames.length === 0) lines.push(missing ?? 'It has no stack.');
  return { text: `${lines.join('\n')}\n`, frames: placed };
}

/** `at wait_for_orders (function 12, offset 0x2a1)` */
function frameText({ functionName, functionIndex, offset }: StackFrame): string {
  const place = `function ${functionIndex}, offset 0x${offset.toString(16)}`;
  return functionName === undefined ? `at ${place}` : `at ${functionName} (${place})`;
}

// -- one process ------------------------------------------------------------------------------------------

/** What is known of a process, as rows of a table. */
export function processRows(info: ProcessInfo): [name: string, value: string][] {
  const { names, parent, entry, since, mailbox, memory, links, monitors } = info;
  return [
    ['State', `${processActivity(info)} since ${new Date(since).toLocaleTimeString()}`],
    ...(names.length === 0 ? [] : [['Registered as', names.join(', ')] satisfies [string, string]]),
    ['Entry', entry],
    ...(parent === null
      ? []
      : [['Parent', `#${parent.slice(parent.indexOf(':') + 1)}`] satisfies [string, string]]),
    ['Mailbox', countOf(mailbox, 'message')],
    ['Memory', bytesOf(memory)],
    ['Links', `${links}`],
    ['Monitored by', countOf(monitors, 'process')],
  ];
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0] ?? '';
}
