import { ReadableInput } from '../embedding/readable-input.ts';
import type { InputStream } from '../kernel/stdio.ts';
import { isTerminal } from './terminal.ts';

/** Standard input of this command. It is opened when a program first reads: programs that do not read leave the terminal alone. */
export function standardInput(): InputStream {
  return new ReadableInput(
    () => process.stdin,
    () => isTerminal(0),
  );
}
