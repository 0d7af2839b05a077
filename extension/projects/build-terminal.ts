import * as vscode from 'vscode';
import { messageOf } from '../log.ts';
import { terminalText } from '../terminal-text.ts';
import type { Profile, Program } from './project.ts';
import type { ProjectBuilds } from './project-builds.ts';
import { BuildFailure } from './run-build.ts';

/** Ends all colours. */
const RESET = '\x1b[0m';

/** Lines that are kept for a terminal that is not open yet. */
const MAX_KEPT = 1000;

/** Chooses the module that is run of those that a build has made, the newest first. Undefined if none is. */
export type ChooseModule = (modules: readonly string[]) => Promise<string | undefined>;

/** A build that a terminal of VS Code displays. Closing the terminal gives it up. */
export class BuildTerminal implements vscode.Pseudoterminal {
  readonly #writer = new vscode.EventEmitter<string>();
  readonly #closer = new vscode.EventEmitter<number>();
  readonly #abort = new AbortController();
  readonly #build: () => Promise<readonly string[]>;
  readonly #choose: ChooseModule;
  readonly onDidWrite = this.#writer.event;
  readonly onDidClose = this.#closer.event;
  #result: Promise<readonly string[]> | undefined;
  #module: Promise<string | undefined> | undefined;
  #isOpen = false;
  /** What was written before it was open: VS Code does not listen until then. */
  #kept: string[] = [];

  /** @param choose is asked for the module that is run. Default: none is */
  constructor(
    { project, target }: Program,
    profile: Profile,
    builds: ProjectBuilds,
    choose: ChooseModule = async () => undefined,
  ) {
    this.#choose = choose;
    this.#build = () =>
      builds.run(
        project,
        async () => [await target.build(profile)],
        (text) => this.#write(text),
        this.#abort.signal,
      );
  }

  /**
   * Begins the build, unless it has begun already.
   * @returns the paths of the modules; rejects as `ProjectBuilds.run` does
   */
  run(): Promise<readonly string[]> {
    this.#result ??= this.#build();
    return this.#result;
  }

  /**
   * The module that is run, once it is built.
   * @returns undefined if none is; rejects as `run` does
   */
  module(): Promise<string | undefined> {
    this.#module ??= this.#chosen();
    return this.#module;
  }

  async #chosen(): Promise<string | undefined> {
    const modules = await this.run();
    const module = await this.#choose(modules);
    if (module !== undefined && modules.length > 1)
      this.#write(`Running ${module}, one of ${modules.length} modules`);
    return module;
  }

  giveUp(): void {
    this.#abort.abort(new vscode.CancellationError());
  }

  /** Called by VS Code once it displays what is written. */
  async open(): Promise<void> {
    this.#isOpen = true;
    this.#writer.fire(this.#kept.join(''));
    this.#kept = [];
    try {
      await this.module();
      this.#closer.fire(0);
    } catch (error) {
      // A compiler may have left a colour on.
      this.#writer.fire(RESET);
      this.#write(error instanceof BuildFailure ? error.end : messageOf(error));
      this.#closer.fire(1);
    }
  }

  /** Called by VS Code. One that could not be opened only displays nothing. */
  close(): void {
    if (this.#isOpen) this.giveUp();
  }

  #write(line: string): void {
    const text = terminalText(`${line}\n`);
    if (this.#isOpen) this.#writer.fire(text);
    else if (this.#kept.push(text) > MAX_KEPT) this.#kept.shift();
  }
}
