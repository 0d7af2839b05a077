import manifest from '../../package.json' with { type: 'json' };
import type { InspectAddress } from '../inspect/address.ts';
import type { Program } from '../inspect/client-session.ts';
import { Inspector } from '../inspect/inspector.ts';
import { INSPECTOR_ANNOUNCEMENT, PROTOCOL_VERSION, type Welcome } from '../inspect/protocol.ts';
import { InspectServer } from '../inspect/server.ts';
import type { Exit } from '../kernel/exit.ts';
import type { LoadedModule } from '../kernel/module.ts';
import type { OutputStream } from '../kernel/stdio.ts';
import type { Runtime } from '../runtime.ts';
import { CommandError } from './load.ts';

/** What is inspected. */
export interface InspectedProgram {
  readonly path: string;
  readonly arguments: readonly string[];
  /** It begins when a client says so. */
  readonly waits: boolean;
}

/** A program that can be inspected while it runs. */
export class Inspection {
  readonly inspector: Inspector;
  readonly #program: InspectedProgram;
  readonly #started = Promise.withResolvers<{ readonly pauseRoot: boolean }>();
  #waiting: boolean;
  #server: InspectServer | null = null;

  constructor(program: InspectedProgram) {
    this.inspector = new Inspector(program.path);
    this.#program = program;
    this.#waiting = program.waits;
    if (!program.waits) this.#started.resolve({ pauseRoot: false });
  }

  /**
   * Begins to serve.
   * @param runtime made with the inspector as its observer
   * @param module the program's own
   * @throws CommandError where it cannot listen
   */
  async listen(address: InspectAddress, { scheduler }: Runtime, module: LoadedModule): Promise<void> {
    this.inspector.attach(scheduler, module);
    const answers: Program = {
      welcome: () => {
        // What waits for anything but a message cannot be looked at later. That is rare enough to cost nothing.
        if (scheduler.traces === 'none') scheduler.traces = 'rare';
        return this.#welcome();
      },
      start: (pauseRoot) => {
        this.#waiting = false;
        this.#started.resolve({ pauseRoot });
      },
    };
    try {
      this.#server = await InspectServer.listen(address, this.inspector, answers);
    } catch (error) {
      const cause = error instanceof Error ? error.message : String(error);
      throw new CommandError(`The inspector cannot listen on ${address.host}:${address.port}: ${cause}`);
    }
    process.stderr.write(`${INSPECTOR_ANNOUNCEMENT}${this.#server.url}\n`);
  }

  #welcome(): Welcome {
    return {
      version: PROTOCOL_VERSION,
      runtime: `lunatic ${manifest.version}`,
      pid: process.pid,
      program: this.#program.path,
      arguments: this.#program.arguments,
      waiting: this.#waiting,
    };
  }

  /** Settles when the program may begin. */
  get started(): Promise<{ readonly pauseRoot: boolean }> {
    return this.#started.promise;
  }

  /** The same stream, of which clients are told too. */
  watched(name: 'stdout' | 'stderr', stream: OutputStream): OutputStream {
    return {
      isTerminal: stream.isTerminal,
      write: (bytes) => {
        this.#server?.output(name, bytes);
        return stream.write(bytes);
      },
    };
  }

  /** Tells the clients how the program has ended. */
  async close(exitCode: number, exit: Exit | string): Promise<void> {
    const reason = typeof exit === 'string' ? exit : 'message' in exit ? exit.message : exit.kind;
    await this.#server?.close({ exitCode, reason });
  }
}
