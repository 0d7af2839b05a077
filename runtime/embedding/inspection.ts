import manifest from '../../package.json' with { type: 'json' };
import type { Program } from '../inspect/client-session.ts';
import { Inspector } from '../inspect/inspector.ts';
import { PROTOCOL_VERSION } from '../inspect/protocol.ts';
import { InspectServer } from '../inspect/server.ts';
import type { LoadedModule } from '../kernel/module.ts';
import type { Process } from '../kernel/process.ts';
import type { Scheduler } from '../kernel/scheduler.ts';
import { InspectListenError } from './errors.ts';

/** How a running program can be inspected. */
export interface InspectOptions {
  /** Default: 127.0.0.1. On any other address the token crosses the network unencrypted. */
  readonly host?: string;
  /** Default: 0, any port that is free. */
  readonly port?: number;
  /** What inspectors call the program. Default: the name of the file that Node runs. */
  readonly name?: string;
}

/** An open inspection: debuggers, `lunatic ps` and process trees connect to its URL. */
export class Inspection implements AsyncDisposable {
  /** As in `ws://127.0.0.1:38211/TOKEN`. Whoever knows it controls the processes. */
  readonly url: string;
  readonly #close: () => Promise<void>;
  #closed: Promise<void> | null = null;

  /** @internal Made by `Lunatic.inspect`. */
  constructor(url: string, close: () => Promise<void>) {
    this.url = url;
    this.#close = close;
  }

  /** Disconnects all clients. Processes that one of them held go on. */
  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

/** What can be inspected. */
export interface Inspected {
  readonly scheduler: Scheduler;
  readonly module: LoadedModule;
  /** The first process of the environment. */
  readonly first: Process;
  /** Called when the inspection begins to close, with a promise of its end. */
  readonly onClose: (closed: Promise<void>) => void;
}

/**
 * Begins to serve the inspection protocol.
 * @throws InspectListenError
 */
export async function openInspection(
  { scheduler, module, first, onClose }: Inspected,
  { host = '127.0.0.1', port = 0, name = '' }: InspectOptions,
): Promise<Inspection> {
  const inspector = new Inspector(scheduler, name);
  inspector.addModule(module);
  inspector.index.add(first);
  const program: Program = {
    welcome: () => {
      // What waits for anything but a message cannot be looked at later.
      scheduler.stacks.keepRare();
      return {
        version: PROTOCOL_VERSION,
        runtime: `lunatic ${manifest.version}`,
        pid: process.pid,
        program: name,
        arguments: process.argv.slice(2),
        waiting: false,
      };
    },
    start: () => {},
  };
  let server: InspectServer;
  try {
    server = await InspectServer.listen({ host, port }, inspector, program);
  } catch (cause) {
    inspector.stop();
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new InspectListenError(`The inspector cannot listen on ${host}:${port}: ${why}`, { cause });
  }
  const close = async () => {
    await server.close({ exitCode: 0, reason: 'the inspection is closed' });
    inspector.stop();
  };
  return new Inspection(server.url, () => {
    const closed = close();
    onClose(closed);
    return closed;
  });
}
