import { availableParallelism } from 'node:os';
import * as vscode from 'vscode';
import type { Log } from '../../log.ts';
import type { LunaticCommands } from '../../node/lunatic-command.ts';
import type { Project } from '../../projects/project.ts';
import { terminalText } from '../../terminal-text.ts';
import { EditorCoverage } from '../coverage/coverage.ts';
import type { TestFinder } from '../finding/test-finder.ts';
import type { TestItems } from '../test-items.ts';
import { ModuleRun } from './module-run.ts';
import type { BuiltTests, TestBuilder } from './test-builder.ts';
import { type ChosenModule, chooseTests } from './test-selection.ts';
import { startTestSession } from './test-session.ts';
import { reportUnreadable } from './unreadable-module.ts';

/** Runs tests with the `lunatic test` command, and reports their results to VS Code. */
export class TestRunner implements vscode.Disposable {
  readonly #controller: vscode.TestController;
  readonly #items: TestItems;
  readonly #finder: TestFinder;
  readonly #builder: TestBuilder;
  readonly #commands: LunaticCommands;
  readonly #log: Log;
  /** Ends all running tests when the extension is deactivated. */
  readonly #over = new AbortController();

  constructor(
    controller: vscode.TestController,
    parts: Readonly<{ items: TestItems; finder: TestFinder; builder: TestBuilder }>,
    commands: LunaticCommands,
    log: Log,
  ) {
    this.#controller = controller;
    this.#items = parts.items;
    this.#finder = parts.finder;
    this.#builder = parts.builder;
    this.#commands = commands;
    this.#log = log;
  }

  dispose(): void {
    this.#over.abort();
  }

  /**
   * Runs tests. Several modules run at the same time.
   * @param watched makes another run of the one that is to get the results
   */
  async run(
    request: vscode.TestRunRequest,
    token: vscode.CancellationToken,
    watched?: (run: vscode.TestRun) => vscode.TestRun,
  ): Promise<void> {
    await this.#runModules(
      request,
      token,
      availableParallelism(),
      (run, module, signal) => new ModuleRun(run, module, this.#log).run(this.#commands, signal),
      undefined,
      watched,
    );
  }

  /** Runs tests, and tells which lines of their sources each of them executes. */
  async cover(request: vscode.TestRunRequest, token: vscode.CancellationToken): Promise<void> {
    const coverage = new EditorCoverage();
    await this.#runModules(
      request,
      token,
      availableParallelism(),
      (run, module, signal) => new ModuleRun(run, module, this.#log, coverage).run(this.#commands, signal),
      (run) => coverage.publish(run),
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
    conclude: (run: vscode.TestRun) => void = () => {},
    watched: (run: vscode.TestRun) => vscode.TestRun = (run) => run,
  ): Promise<void> {
    const run = watched(this.#controller.createTestRun(request));
    const abort = new AbortController();
    token.onCancellationRequested(() => abort.abort());
    run.token.onCancellationRequested(() => abort.abort());
    const signal = AbortSignal.any([abort.signal, this.#over.signal]);
    try {
      const unbuilt = await this.#build(run, request, signal);
      const modules = this.#choose(run, request).filter(({ uri }) => !unbuilt.has(uri.fsPath));
      if (signal.aborted) {
        for (const { chosen } of modules) for (const item of chosen.values()) run.skipped(item);
        return;
      }
      const readable = modules.filter((module) => !reportUnreadable(run, this.#items, module));
      const left = readable[Symbol.iterator]();
      const work = async () => {
        for (const module of left) await runModule(run, module, signal);
      };
      await Promise.all(Array.from({ length: parallel }, work));
      this.#tellEmpty(run, request);
      conclude(run);
    } finally {
      run.end();
    }
  }

  /** Says of projects that were to be tested and have no tests why that is so. */
  #tellEmpty(run: vscode.TestRun, request: vscode.TestRunRequest): void {
    for (const item of request.include ?? []) {
      const data = this.#items.dataOf(item);
      if (data?.kind !== 'project' || item.children.size > 0) continue;
      const note = this.#items.noteOf(item) ?? 'None of the modules that it builds has any.';
      run.appendOutput(terminalText(`${item.label} has no tests that Lunatic can run. ${note}\n`));
    }
  }

  #choose(run: vscode.TestRun, request: vscode.TestRunRequest): ChosenModule[] {
    const modules = chooseTests(this.#items, request);
    for (const { chosen, ignored } of modules) {
      for (const item of chosen.values()) run.enqueued(item);
      for (const item of ignored) run.skipped(item);
    }
    return modules;
  }

  /**
   * Builds the projects of the requested tests.
   * @returns paths of modules whose tests cannot run; their tests have their results
   */
  async #build(
    run: vscode.TestRun,
    request: vscode.TestRunRequest,
    signal: AbortSignal,
  ): Promise<ReadonlySet<string>> {
    const unbuilt = new Set<string>();
    const modules = this.#choose(run, request);
    for (const project of this.#projectsOf(request.include ?? this.#items.tops())) {
      if (signal.aborted || !isBuiltFirst(project)) continue;
      let built: BuiltTests;
      try {
        const build = () => this.#builder.build(project, run, signal);
        built = await this.#items.whileBusy(project, () => this.#finder.readBuilt(project, build));
      } catch (error) {
        if (signal.aborted) break;
        throw error;
      }
      if ('modules' in built) continue;
      const own = modules.filter(({ uri }) => this.#items.projectOfModule(uri)?.file === project.file);
      const top = this.#items.projectItem(project);
      if (top !== undefined) run.errored(top, [...built.failures]);
      // A message for each error at each test would be thousands.
      for (const item of own.flatMap(({ chosen }) => [...chosen.values()]))
        run.errored(item, new vscode.TestMessage(`${project.name} could not be built.`));
      for (const { uri } of own) unbuilt.add(uri.fsPath);
    }
    return unbuilt;
  }

  #projectsOf(items: readonly vscode.TestItem[]): Project[] {
    const projects = items.flatMap((item) => this.#items.projectOf(item) ?? []);
    return [...new Map(projects.map((project) => [project.file, project])).values()];
  }
}

function isBuiltFirst({ file }: Project): boolean {
  return vscode.workspace.getConfiguration('lunatic.tests', vscode.Uri.file(file)).get('build', true);
}
