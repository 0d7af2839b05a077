/**
 * What `lunatic dap` runs. The runtime must not know the debug adapter, so its command line knows only that a file of this
 * name lies beside it once all is built, and loads it when it is wanted.
 */
import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { LogFile } from './log-file.ts';
import { servePort, serveStdio } from './serve.ts';

export interface AdapterOptions {
  /** Undefined for standard input and output, 0 for any port that is free. */
  readonly port?: number;
  /** File to which everything that happens is added. */
  readonly log?: string;
}

/** Serves the Debug Adapter Protocol until the client has gone, or on a port until the process is told to end. */
export async function runAdapter({ port, log }: AdapterOptions): Promise<void> {
  const defaults = { runtime: process.execPath, lunatic: join(import.meta.dirname, 'lunatic.cjs') };
  const file = log === undefined ? undefined : openLog(log);
  if (port === undefined) {
    await serveStdio(defaults, file);
  } else {
    const listening = (actual: number) => {
      process.stderr.write(`Debug adapter listens on 127.0.0.1:${actual}\n`);
    };
    await servePort(port, defaults, listening, file);
  }
  await file?.close();
}

function openLog(path: string): LogFile {
  // What ends the adapter is the last thing to be known of it.
  process.on('uncaughtExceptionMonitor', (error) => {
    try {
      appendFileSync(path, `${new Date().toISOString()} !! the adapter ends: ${error.stack ?? error}\n`);
    } catch {
      // Node prints the error, too.
    }
  });
  return new LogFile(path, false, ({ message }) => {
    process.stderr.write(`The log cannot be written: ${message}\n`);
  });
}
