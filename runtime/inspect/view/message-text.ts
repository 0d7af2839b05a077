import { jsonText } from '../../text/json-text.ts';
import { printable } from '../../text/printable.ts';
import { countOf, grouped } from '../../text/quantities.ts';
import type { MessageInfo } from '../protocol.ts';
import { dataOf, hexLines, hexOf, textOf } from './message-data.ts';
import { type NamedProcess, processName } from './process-text.ts';

/** Characters or bytes of data that one line displays. */
const LINE_TEXT = 60;
const LINE_BYTES = 16;

/** A message in one line: `tag 7, 5 bytes, "hello"`. */
export function messageLine(message: MessageInfo): string {
  const { kind, size, resources } = message;
  const parts = headOf(message);
  if (kind === 'data' && message.data !== '') parts.push(dataLine(dataOf(message.data), size));
  if (resources.length > 0) parts.push(`with ${resources.join(', ')}`);
  return parts.join(', ');
}

function dataLine(data: Uint8Array, size: number): string {
  const text = textOf(data, size);
  if (text !== undefined) {
    return text.length <= LINE_TEXT ? jsonText(text) : `${jsonText(text.slice(0, LINE_TEXT))}…`;
  }
  return `${hexOf(data.subarray(0, LINE_BYTES))}${size > LINE_BYTES ? ' …' : ''}`;
}

/** The contents of a mailbox, as a page of text. */
export function mailboxText(
  process: NamedProcess,
  { messages, length }: { readonly messages: readonly MessageInfo[]; readonly length: number },
): string {
  const head = `Mailbox of ${processName(process)}: ${countOf(length, 'message')}\n`;
  const entries = messages.map((message, i) => `\n${messageEntry(message, i + 1)}`);
  const left = length - messages.length;
  const rest = left > 0 ? `\n... and ${countOf(left, 'more message')}\n` : '';
  return `${head}${entries.join('')}${rest}`;
}

/**
 *     1  tag 7, 5 bytes
 *        hello
 */
function messageEntry(message: MessageInfo, number: number): string {
  const { kind, size, resources } = message;
  const words = headOf(message);
  if (resources.length > 0) words.push(`with ${resources.join(', ')}`);
  const label = grouped(number).padStart(3);
  const lines = kind === 'data' && message.data !== '' ? dataLines(dataOf(message.data), size) : [];
  const indent = ' '.repeat(label.length + 2);
  return [`${label}  ${words.join(', ')}`, ...lines.map((line) => `${indent}${line}`), ''].join('\n');
}

function headOf({ kind, tag, size, process }: MessageInfo): string[] {
  const words: string[] = [];
  if (kind === 'link-died') words.push('a linked process has died');
  if (kind === 'process-died') words.push(`process ${process ?? '?'} has died`);
  if (tag !== '0') words.push(`tag ${tag}`);
  if (kind === 'data') words.push(countOf(size, 'byte'));
  return words;
}

function dataLines(data: Uint8Array, size: number): string[] {
  const text = textOf(data, size);
  const lines =
    text === undefined
      ? hexLines(data)
      : text
          .replace(/\n$/, '')
          .split(/\r?\n|\r/)
          .map(dataText);
  if (data.length < size) lines.push(`... ${countOf(size - data.length, 'more byte')}`);
  return lines;
}

/** A line of a text with tabs in it. */
function dataText(line: string): string {
  return line.split('\t').map(printable).join('\t');
}
