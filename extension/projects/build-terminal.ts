import * as vscode from 'vscode';
import { terminalText } from '../terminal-text.ts';
import type { BuildFaults } from './build-faults.ts';
import type { Fault } from './compiler-messages.ts';
import type { Profile, Program } from './project.ts';
import { runBuild } from './run-build.ts';

/** A build in a terminal of VS Code. It begins when the terminal is opened, and is given up when that is closed. */
export class BuildTerminal implements vscode.Pseudoterminal {
  readonly #writer = new vscode.EventEmitter<string>();
  readonly #closer = new vscode.EventEmitter<number>();
  readonly #abort = new AbortController();
  readonly #result = Promise.withResolvers<readonly string[]>();
  readonly #run: () => Promise<readonly string[]>;
  readonly onDidWrite = this.#writer.event;
  readonly onDidClose = this.#closer.event;

  /**
   * @param faults shows what compilers say
   * @param node finds the Node that runs compilers written for it
   */
  constructor(
    { project, target }: Program,
    profile: Profile,
    { faults, node }: { readonly faults: BuildFaults; readonly node: () => Promise<string> },
  ) {
    this.#run = async () => {
      faults.clear(project.file);
      const build = await target.build(profile);
      const listener = {
        line: (text: string) => this.#write(text),
        fault: (fault: Fault) => faults.add(project.file, fault),
      };
      return await runBuild(build, listener, node, this.#abort.signal);
    };
    // Whoever only looks at the terminal asks for no result.
    this.#result.promise.catch(() => undefined);
  }

  /** The same as that of `runBuild`. */
  get result(): Promise<readonly string[]> {
    return this.#result.promise;
  }

  async open(): Promise<void> {
    try {
      this.#result.resolve(await this.#run());
      this.#closer.fire(0);
    } catch (error) {
      this.#write(error instanceof Error ? error.message : String(error));
      this.#result.reject(error);
      this.#closer.fire(1);
    }
  }

  close(): void {
    this.#abort.abort(new vscode.CancellationError());
  }

  #write(text: string): void {
    this.#writer.fire(terminalText(`${text}\n`));
  }
}
