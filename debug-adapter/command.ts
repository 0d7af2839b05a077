/**
 * What `lunatic dap` runs. The runtime must not know the debug adapter, so its command line knows only that a file of this
 * name lies beside it once all is built, and loads it when it is wanted.
 */
import { join } from 'node:path';
import { servePort, serveStdio } from './serve.ts';

/** @param port undefined for standard input and output, 0 for any port that is free */
export async function runAdapter({ port }: { readonly port?: number }): Promise<void> {
  const defaults = { runtime: process.execPath, lunatic: join(import.meta.dirname, 'lunatic.js') };
  if (port === undefined) return await serveStdio(defaults);
  await servePort(port, defaults, (actual) => {
    process.stderr.write(`Debug adapter listens on 127.0.0.1:${actual}\n`);
  });
}
