import * as vscode from 'vscode';
import { isModule } from '../../programs/choose-module.ts';
import { ProjectError } from '../../projects/project.ts';
import type { Projects } from '../../projects/projects.ts';
import { isSource } from '../../projects/sources.ts';
import type { TestFinder } from '../finding/test-finder.ts';
import type { TestItems } from '../test-items.ts';

/** Runs tests once. */
export type RunTests = (request: vscode.TestRunRequest, token: vscode.CancellationToken) => Promise<void>;

/**
 * Runs tests again whenever something changes that they are made of: their module, or a source of a project that is built before its
 * tests run.
 */
export class ContinuousRuns implements vscode.Disposable {
  readonly #items: TestItems;
  readonly #finder: TestFinder;
  readonly #projects: Projects;
  readonly #subscriptions = new Set<vscode.Disposable>();

  constructor(items: TestItems, finder: TestFinder, projects: Projects) {
    this.#items = items;
    this.#finder = finder;
    this.#projects = projects;
  }

  dispose(): void {
    for (const subscription of this.#subscriptions) subscription.dispose();
  }

  /** Runs what is requested: once, or again and again until the token is cancelled. */
  async run(
    request: vscode.TestRunRequest,
    token: vscode.CancellationToken,
    runTests: RunTests,
  ): Promise<void> {
    if (request.continuous !== true) return await runTests(request, token);
    const runs = new LatestRun(request, token, runTests);
    const subscription = vscode.Disposable.from(
      runs,
      this.#finder.onDidChange((module) => {
        const item = this.#items.moduleItem(module);
        if (item !== undefined) void runs.start(this.#below(item, request.include));
      }),
      vscode.workspace.onDidSaveTextDocument(async ({ uri }) => {
        const item = await this.#projectItem(uri);
        if (item !== undefined) void runs.start(this.#below(item, request.include));
      }),
    );
    this.#subscriptions.add(subscription);
    token.onCancellationRequested(() => {
      subscription.dispose();
      this.#subscriptions.delete(subscription);
    });
  }

  /** The project of a source, if it is built before its tests run. */
  async #projectItem(source: vscode.Uri): Promise<vscode.TestItem | undefined> {
    if (!isSource(source.path) || isModule(source)) return undefined;
    const project = await this.#projects.of(source).catch((error: unknown) => {
      if (error instanceof ProjectError) return undefined;
      throw error;
    });
    const config = vscode.workspace.getConfiguration('lunatic.tests', source);
    return project && config.get('build', true) ? this.#items.projectItem(project) : undefined;
  }

  /** What is to run of what has changed: all of it, or what was requested of it. */
  #below(changed: vscode.TestItem, requested: readonly vscode.TestItem[] | undefined): vscode.TestItem[] {
    if (requested === undefined) return [changed];
    const isIn = (item: vscode.TestItem | undefined, top: vscode.TestItem): boolean =>
      item !== undefined && (item.id === top.id || isIn(item.parent, top));
    return requested.some((item) => isIn(changed, item))
      ? [changed]
      : requested.filter((item) => isIn(item, changed));
  }
}

/** The last of several runs of the same request. One that is not over when the next begins is given up. */
class LatestRun implements vscode.Disposable {
  readonly #request: vscode.TestRunRequest;
  readonly #token: vscode.CancellationToken;
  readonly #runTests: RunTests;
  #source: vscode.CancellationTokenSource | undefined;
  /** Settles when the run is over. */
  #running: Promise<void> = Promise.resolve();
  /** What has changed since a run was over that was not given up. */
  readonly #unfinished = new Set<vscode.TestItem>();

  constructor(request: vscode.TestRunRequest, token: vscode.CancellationToken, runTests: RunTests) {
    this.#request = request;
    this.#token = token;
    this.#runTests = runTests;
  }

  dispose(): void {
    this.#source?.cancel();
  }

  async start(items: readonly vscode.TestItem[]): Promise<void> {
    if (items.length === 0) return;
    for (const item of items) this.#unfinished.add(item);
    this.#source?.cancel();
    const source = new vscode.CancellationTokenSource();
    this.#source = source;
    // Whoever has begun that hears of its failure.
    await this.#running.catch(() => {});
    if (source.token.isCancellationRequested || this.#token.isCancellationRequested) return;
    const { exclude, profile } = this.#request;
    const include = [...this.#unfinished].filter(({ parent }) => !this.#includes(parent));
    this.#running = this.#runTests(new vscode.TestRunRequest(include, exclude, profile, true), source.token);
    await this.#running;
    if (!source.token.isCancellationRequested) this.#unfinished.clear();
  }

  /** Whether an item runs as a part of another one. */
  #includes(item: vscode.TestItem | undefined): boolean {
    return item !== undefined && (this.#unfinished.has(item) || this.#includes(item.parent));
  }
}
