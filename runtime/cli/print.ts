import { openStreams } from './session.ts';

/** Prints the result of a command to standard output, and waits until it is written. */
export async function printAll(text: string): Promise<void> {
  const streams = openStreams();
  streams.output.write(Buffer.from(text));
  await streams.flush();
}
