import type { Readable } from 'node:stream';
import { ReadableInput } from '../embedding/readable-input.ts';
import type { InputStream } from '../kernel/stdio.ts';
import { isTerminal } from './terminal.ts';

/** What Node reads a pipe, a socket or a terminal with. */
interface Handle {
  setBlocking?(blocking: boolean): number;
}

let opened: Handle | null = null;

/** Standard input of this command. It is opened when a program first reads: programs that do not read leave the terminal alone. */
export function standardInput(): InputStream {
  return new ReadableInput(open, () => isTerminal(0));
}

function open(): Readable {
  const stream: Readable & { _handle?: Handle } = process.stdin;
  opened = stream._handle ?? null;
  return stream;
}

/**
 * Must be called before another program takes the place of this one. Node reads pipes and sockets without blocking, which is then so
 * for all OS processes that have the same one as their input. It sets them back only if it exits itself.
 */
export function setInputBack(): void {
  opened?.setBlocking?.(true);
}
