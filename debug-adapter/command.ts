/**
 * What `lunatic dap` runs. The runtime must not know the debug adapter, so its command line knows only that a file of this
 * name lies beside it once all is built, and loads it when it is wanted.
 */
import { randomBytes } from 'node:crypto';
import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { LogFile } from './log-file.ts';
import { servePort, serveStdio } from './serve.ts';

/** Names the token of an adapter on a port. */
const TOKEN_VARIABLE = 'LUNATIC_DAP_TOKEN';
const MIN_TOKEN = 16;
/** Random bytes of a token that is made. */
const TOKEN_SIZE = 24;

export interface AdapterOptions {
  /** Undefined for standard input and output, 0 for any port that is free. */
  readonly port?: number;
  /** File to which everything that happens is added. */
  readonly log?: string;
}

/** Serves the Debug Adapter Protocol until the client has gone, or on a port until the process is told to end. */
export async function runAdapter({ port, log }: AdapterOptions): Promise<void> {
  const defaults = { runtime: process.execPath, lunatic: join(import.meta.dirname, 'lunatic.cjs') };
  const chosen = takeChosenToken();
  const file = log === undefined ? undefined : openLog(log);
  if (port === undefined) {
    await serveStdio(defaults, file);
  } else {
    const token = chosen ?? randomBytes(TOKEN_SIZE).toString('base64url');
    const listening = (actual: number) => {
      const shown = chosen === undefined ? token : `that of the variable ${TOKEN_VARIABLE}`;
      process.stderr.write(
        `Debug adapter listens on 127.0.0.1:${actual}\nThe token of "launch" and "attach" is ${shown}\n`,
      );
    };
    await servePort(port, { ...defaults, token }, listening, file);
  }
  await file?.close();
}

/**
 * Returns the token that whoever starts the adapter has chosen, and takes it out of the environment: the programs that are
 * debugged get that.
 */
function takeChosenToken(): string | undefined {
  const token = process.env[TOKEN_VARIABLE];
  delete process.env[TOKEN_VARIABLE];
  if (token === undefined || token.length >= MIN_TOKEN) return token;
  process.stderr.write(`Error: ${TOKEN_VARIABLE} must have at least ${MIN_TOKEN} characters\n`);
  process.exit(2);
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
