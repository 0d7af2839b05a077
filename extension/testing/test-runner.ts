import { availableParallelism } from 'node:os';
import { dirname } from 'node:path';
import * as vscode from 'vscode';
import type { ReportEvent, SourceLocation, TestFailure } from '../../runtime/internal.ts';
import { type Log, messageOf } from '../log.ts';
import type { LunaticCommands } from '../node/lunatic-command.ts';
import { NodeNotFoundError } from '../node/node-finder.ts';
import { tellNoNode } from '../programs/configuration-provider.ts';
import { sourceFile } from './source-file.ts';
import { testArguments } from './test-arguments.ts';
import type { TestItems } from './test-items.ts';
import { failureText, isDifference, terminalText } from './test-messages.ts';
import { runTestProcess } from './test-process.ts';
import { type ChosenModule, chooseTests } from './test-selection.ts';
import { reportUnreadable } from './unreadable-module.ts';

/** Runs tests with the `lunatic test` command, the modules beside each other, and tells the editor how they go. */
export class TestRunner implements vscode.Disposable {
  readonly #controller: vscode.TestController;
  readonly #items: TestItems;
  readonly #commands: LunaticCommands;
  readonly #log: Log;
  /** Ends all that runs when the extension does. */
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

  async run(request: vscode.TestRunRequest, token: vscode.CancellationToken): Promise<void> {
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
        for (const module of left) await new ModuleRun(run, module, this.#log).run(this.#commands, signal);
      };
      await Promise.all(Array.from({ length: availableParallelism() }, work));
    } finally {
      run.end();
    }
  }
}

/** The run of the tests of one module. */
class ModuleRun {
  readonly #run: vscode.TestRun;
  readonly #module: ChosenModule;
  readonly #log: Log;
  /** Tests without a result, by their exports. */
  readonly #open: Map<string, vscode.TestItem>;
  #noise = '';

  constructor(run: vscode.TestRun, module: ChosenModule, log: Log) {
    this.#run = run;
    this.#module = module;
    this.#log = log;
    this.#open = new Map(module.chosen);
  }

  async run(commands: LunaticCommands, signal: AbortSignal): Promise<void> {
    if (this.#open.size === 0) return;
    try {
      for (const words of this.#commandLines()) {
        if (signal.aborted) break;
        await this.#runCommand(await commands.find(), words, signal);
      }
      this.#close(
        signal,
        'The test has not run: it is not in the module any more. Is the list of tests up to date?',
      );
    } catch (error) {
      const message = messageOf(error);
      this.#log.error(message);
      this.#run.appendOutput(terminalText(`${message}\n`));
      this.#close(signal, message);
      if (error instanceof NodeNotFoundError) tellNoNode(error);
    }
  }

  #commandLines(): string[][] {
    const { uri, chosen, isAll } = this.#module;
    const config = vscode.workspace.getConfiguration('lunatic.tests', uri);
    return testArguments({
      file: uri.fsPath,
      exports: isAll ? null : [...chosen.keys()],
      arguments: config.get<string[]>('arguments', []),
      options: config.get<string[]>('runtimeArgs', []),
      timeout: config.get<number | null>('timeout', null),
      jobs: config.get<number | null>('jobs', null),
    });
  }

  async #runCommand(
    command: Awaited<ReturnType<LunaticCommands['find']>>,
    words: readonly string[],
    signal: AbortSignal,
  ): Promise<void> {
    const { uri } = this.#module;
    this.#log.info(`lunatic ${words.join(' ')}`);
    const end = await runTestProcess({
      ...command,
      arguments: words,
      cwd: vscode.workspace.getWorkspaceFolder(uri)?.uri.fsPath ?? dirname(uri.fsPath),
      signal,
      onEvent: (event) => this.#show(event),
      onNoise: (text) => {
        this.#noise += text;
        this.#run.appendOutput(terminalText(text));
      },
    });
    if (signal.aborted || end.exitCode === 0 || end.exitCode === 1) return;
    const how = end.signal === null ? `with exit code ${end.exitCode}` : `by ${end.signal}`;
    this.#close(signal, [`The runtime ended ${how}.`, this.#noise.trim()].join('\n\n').trim());
  }

  #show(event: ReportEvent): void {
    if (event.event === 'error') {
      this.#noise = event.message;
      this.#fail(event.message);
    }
    const item = 'export' in event ? this.#open.get(event.export) : undefined;
    if (item === undefined) return;
    switch (event.event) {
      case 'started':
        this.#run.started(item);
        break;
      case 'ignored':
        this.#open.delete(event.export);
        this.#run.skipped(item);
        break;
      case 'finished': {
        const { outcome, duration, failures, output, title, name } = event;
        // A test that was given up has no result.
        if (outcome === 'cancelled') return;
        this.#open.delete(event.export);
        const heading = title === name ? name : `${name}: ${title}`;
        const text = output === '' || output.endsWith('\n') ? output : `${output}\n`;
        this.#run.appendOutput(
          terminalText(`${outcome === 'passed' ? '✓' : '✗'} ${heading}\n`),
          undefined,
          item,
        );
        if (text !== '') this.#run.appendOutput(terminalText(text), undefined, item);
        if (outcome === 'passed') this.#run.passed(item, duration);
        else this.#run.failed(item, messagesOf(failures, item), duration);
        break;
      }
    }
  }

  /** Gives the tests that are left their results. */
  #close(signal: AbortSignal, why: string): void {
    if (!signal.aborted) this.#fail(why);
    for (const item of this.#open.values()) this.#run.skipped(item);
    this.#open.clear();
  }

  #fail(why: string): void {
    for (const item of this.#open.values()) this.#run.errored(item, new vscode.TestMessage(why));
    this.#open.clear();
  }
}

function messagesOf(failures: readonly TestFailure[], item: vscode.TestItem): vscode.TestMessage[] {
  return failures.map((failure) => {
    const text = failureText(failure);
    const message = isDifference(failure)
      ? vscode.TestMessage.diff(text, failure.expected, failure.actual)
      : new vscode.TestMessage(text);
    const place = locationOf(failure.location, item);
    if (place !== undefined) message.location = place;
    return message;
  });
}

/** Where a failure is shown: at the place that it names, if that is found here, or else at its test. */
function locationOf(location: SourceLocation | null, item: vscode.TestItem): vscode.Location | undefined {
  if (location !== null && item.uri !== undefined) {
    const module = item.uri.fsPath;
    const top = vscode.workspace.getWorkspaceFolder(item.uri)?.uri.fsPath ?? dirname(module);
    const file = sourceFile(location.file, module, top);
    const position = new vscode.Position(Math.max(0, location.line - 1), Math.max(0, location.column - 1));
    if (file !== undefined) return new vscode.Location(vscode.Uri.file(file), position);
  }
  return item.uri === undefined || item.range === undefined
    ? undefined
    : new vscode.Location(item.uri, item.range);
}
