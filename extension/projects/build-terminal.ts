import * as vscode from 'vscode';
import { terminalText } from '../terminal-text.ts';
import type { Profile, Program } from './project.ts';
import type { ProjectBuilds } from './project-builds.ts';

/** A build in a terminal of VS Code. It begins when the terminal is opened, and is given up when that is closed. */
export class BuildTerminal implements vscode.Pseudoterminal {
  readonly #writer = new vscode.EventEmitter<string>();
  readonly #closer = new vscode.EventEmitter<number>();
  readonly #abort = new AbortController();
  readonly #result = Promise.withResolvers<readonly string[]>();
  readonly #run: () => Promise<readonly string[]>;
  readonly onDidWrite = this.#writer.event;
  readonly onDidClose = this.#closer.event;

  constructor({ project, target }: Program, profile: Profile, builds: ProjectBuilds) {
    this.#run = () =>
      builds.run(
        project,
        async () => [await target.build(profile)],
        (text) => this.#write(text),
        this.#abort.signal,
      );
    // Whoever only looks at the terminal asks for no result.
    this.#result.promise.catch(() => undefined);
  }

  /** The paths of the modules; rejects as `ProjectBuilds.run` does. */
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
