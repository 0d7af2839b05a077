import { availableParallelism } from 'node:os';
import type * as vscode from 'vscode';
import type { Log } from '../log.ts';
import type { LunaticCommands } from '../node/lunatic-command.ts';
import { ModuleRun } from './module-run.ts';
import type { TestItems } from './test-items.ts';
import { type ChosenModule, chooseTests } from './test-selection.ts';
import { startTestSession } from './test-session.ts';
import { reportUnreadable } from './unreadable-module.ts';

/** Runs tests with the `lunatic test` command, and reports their results to VS Code. */
export class TestRunner implements vscode.Disposable {
  readonly #controller: vscode.TestController;
  readonly #items: TestItems;
  readonly #commands: LunaticCommands;
  readonly #log: Log;
  /** Ends all running tests when the extension is deactivated. */
  readonly #over = new AbortController();

  constructor(controller: vscode.TestController, items: TestItems, commands: LunaticCommands, log: Log) {
    this.#controller = controller;
    this.#items = items;
    this.#commands = commands;
    this.#log = log;
  }

  dispose(): void {
    this.#over.abort();
  }

  /** Runs tests. Several modules run at the same time. */
  async run(request: vscode.TestRunRequest, token: vscode.CancellationToken): Promise<void> {
    await this.#runModules(request, token, availableParallelism(), (run, module, signal) =>
      new ModuleRun(run, module, this.#log).run(this.#commands, signal),
    );
  }

  /** Runs tests one after the other, with a debugger attached. They are judged as without it. */
  async debug(request: vscode.TestRunRequest, token: vscode.CancellationToken): Promise<void> {
    await this.#runModules(request, token, 1, (run, module, signal) =>
      new ModuleRun(run, module, this.#log).run(this.#commands, signal, startTestSession),
    );
  }

  async #runModules(
    request: vscode.TestRunRequest,
    token: vscode.CancellationToken,
    parallel: number,
    runModule: (run: vscode.TestRun, module: ChosenModule, signal: AbortSignal) => Promise<void>,
  ): Promise<void> {
    const run = this.#controller.createTestRun(request);
    const abort = new AbortController();
    token.onCancellationRequested(() => abort.abort());
    run.token.onCancellationRequested(() => abort.abort());
    const signal = AbortSignal.any([abort.signal, this.#over.signal]);
    try {
      const modules = chooseTests(this.#items, request);
      for (const { chosen, ignored } of modules) {
        for (const item of chosen.values()) run.enqueued(item);
        for (const item of ignored) run.skipped(item);
      }
      const readable = modules.filter((module) => !reportUnreadable(run, this.#items, module));
      const left = readable[Symbol.iterator]();
      const work = async () => {
        for (const module of left) await runModule(run, module, signal);
      };
      await Promise.all(Array.from({ length: parallel }, work));
    } finally {
      run.end();
    }
  }
}
