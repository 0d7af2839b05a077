import { openStreams } from './session.ts';

/** Prints what a command found out to standard output, and waits until it is written. */
export async function printAll(text: string): Promise<void> {
  const streams = openStreams();
  streams.output.write(Buffer.from(text));
  await streams.flush();
}
