import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { Inspector } from '../../runtime/inspect/inspector.ts';
import { PROTOCOL_VERSION } from '../../runtime/inspect/protocol.ts';
import { InspectServer } from '../../runtime/inspect/server.ts';
import { type AnyPlugin, type Exit, ProcessConfig, Runtime } from '../../runtime/internal.ts';
import type { LoadedModule } from '../../runtime/kernel/module.ts';
import { PluginHost } from '../../runtime/plugins/plugin-host.ts';
import { Capture, Feed } from '../support/program.ts';

/** How a program ended. */
export interface Ended {
  readonly exit: Exit;
  readonly output: string;
  /** The end of what it printed to standard error. */
  readonly errors: string;
  /** Whether it was killed before it had ended by itself. */
  readonly cut: boolean;
}

export interface RunOptions {
  readonly entry?: string;
  /** Its own name first. */
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Whether it may use databases: their paths are those of this OS process, not of the program's folder. */
  readonly databases?: boolean;
  /** Changes the config of a root process. */
  readonly configure?: (config: ProcessConfig) => void;
  /** Milliseconds after which it is killed; it may end earlier. */
  readonly cutAfter?: number | undefined;
}

/** Characters of what a program printed to standard error that a failure tells. */
const ERRORS_SHOWN = 1000;

/** What fuzzers' modules import. Nobody looks at it here. */
const FUZZ: AnyPlugin = {
  namespace: 'fuzz',
  functions: {
    began: { signature: '(i32)', call: () => {} },
    answered: { signature: '(i32, i32)', call: () => {} },
    said: { signature: '(i32, i32)', call: () => {} },
  },
};

/** One runtime, for all programs of a run, with its inspector. */
export class Session {
  readonly runtime: Runtime;
  /** Where inspection clients connect. */
  readonly url: string;
  /** Failures of host functions, which nothing may cause. */
  readonly bugs: string[] = [];
  readonly #temporary: string;
  readonly #server: InspectServer;

  private constructor(temporary: string, runtime: Runtime, server: InspectServer) {
    this.runtime = runtime;
    this.url = server.url;
    this.#temporary = temporary;
    this.#server = server;
    runtime.scheduler.observers.add({
      onExit: ({ entry }, exit) => {
        if (exit.kind === 'bug') this.bugs.push(`${entry.name}: ${exit.error.stack ?? exit.message}`);
      },
    });
  }

  /** @param temporary the folder for everything that is temporary */
  static async begin(temporary: string): Promise<Session> {
    const runtime = new Runtime({ gc: true, plugins: new PluginHost([FUZZ]) });
    const inspector = new Inspector(runtime.scheduler, 'soak.wasm');
    const server = await InspectServer.listen({ host: '127.0.0.1', port: 0 }, inspector, {
      welcome: () => ({
        version: PROTOCOL_VERSION,
        runtime: 'lunatic',
        pid: process.pid,
        program: 'soak.wasm',
        arguments: [],
        waiting: false,
      }),
      start: () => {},
    });
    return new Session(temporary, runtime, server);
  }

  /** A folder for a time. */
  async withFolder<T>(use: (folder: string) => Promise<T>): Promise<T> {
    const folder = mkdtempSync(join(this.#temporary, 'program-'));
    try {
      return await use(folder);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }

  /** Runs a program in a folder of its own until nothing of it is left. */
  run(module: LoadedModule, options: RunOptions = {}): Promise<Ended> {
    return this.withFolder(async (folder) => {
      const output = new Capture();
      const errors = new Capture();
      const config = ProcessConfig.forRoot();
      config.commandLineArguments.push(...(options.args ?? ['program.wasm']));
      config.environmentVariables.push(...Object.entries(options.env ?? {}));
      config.preopenedDirectories.push({ guestPath: '.', hostPath: folder });
      if (options.databases)
        config.preopenedDirectories.push({ guestPath: '/all', hostPath: this.#temporary });
      options.configure?.(config);
      const input = new Feed();
      input.end();
      const root = await this.runtime.run(module, {
        config,
        stdio: { input, output, error: errors },
        entry: { name: options.entry ?? '_start', params: [] },
      });
      let cut = false;
      const timer =
        options.cutAfter === undefined
          ? undefined
          : setTimeout(() => {
              cut = true;
              root.stop();
            }, options.cutAfter);
      const exit = await root.ended;
      clearTimeout(timer);
      while (root.environment.size > 0) {
        root.stop();
        await new Promise((turn) => setImmediate(turn));
      }
      return { exit, output: output.text, errors: errors.text.slice(-ERRORS_SHOWN), cut };
    });
  }

  async end(): Promise<void> {
    await this.#server.close({ exitCode: 0, reason: 'over' });
  }
}
