import { basename } from 'node:path';
import * as vscode from 'vscode';
import { displayName } from '../../../runtime/inspect/view/index.ts';
import {
  CoverageReadError,
  type ReportEvent,
  type ReportFrame,
  type SourceLocation,
  type TestFailure,
} from '../../../runtime/internal.ts';
import { type Log, messageOf } from '../../log.ts';
import type { Consent } from '../../node/consent.ts';
import { isOfWorkspace, type LunaticCommands } from '../../node/lunatic-command.ts';
import { NodeNotFoundError } from '../../node/node-finder.ts';
import { outsideOfOptions } from '../../node/outside-sandbox.ts';
import { tellNoNode } from '../../programs/configuration-provider.ts';
import { DisplayRoom, terminalText } from '../../terminal-text.ts';
import type { EditorCoverage } from '../coverage/coverage.ts';
import { CoverageFile } from '../coverage/coverage-file.ts';
import { sourceFile } from '../source-file.ts';
import { topFolder } from '../top-folder.ts';
import { dirOption, testArguments } from './test-arguments.ts';
import { callLabel, failureText, isDifference, ownCalls } from './test-messages.ts';
import { runTestProcess } from './test-process.ts';
import type { ChosenModule } from './test-selection.ts';

/** Tests that wait for a debugger. */
export interface InspectableTests {
  /** Address of their inspector. */
  readonly url: string;
  readonly name: string;
  /** Their module. */
  readonly uri: vscode.Uri;
  readonly run: vscode.TestRun;
}

/** Debugs tests. Resolves at the end of the session, and rejects if it cannot start. */
export type StartDebugger = (tests: InspectableTests) => Promise<{
  /** Whether the tests have ended. Otherwise the debugger has been disconnected. */
  readonly isOver: boolean;
}>;

/** The run of the tests of one module. */
export class ModuleRun {
  readonly #run: vscode.TestRun;
  readonly #module: ChosenModule;
  readonly #log: Log;
  readonly #coverage: EditorCoverage | undefined;
  /** Tests without a result yet, by their exports. */
  readonly #open: Map<string, vscode.TestItem>;
  /** Tests that have begun. */
  readonly #begun = new Set<string>();
  /** Files that compilers have named, where they were found. */
  readonly #files = new Map<string, string | undefined>();
  readonly #room = new DisplayRoom(MAX_OUTPUT);
  readonly #noiseRoom = new DisplayRoom(MAX_NOISE);
  #noise = '';

  /** @param coverage gets what the tests execute; without it that is not noted */
  constructor(run: vscode.TestRun, module: ChosenModule, log: Log, coverage?: EditorCoverage) {
    this.#run = run;
    this.#module = module;
    this.#log = log;
    this.#coverage = coverage;
    this.#open = new Map(module.chosen);
  }

  /**
   * Runs the chosen tests, and gives each its result.
   * @param debug starts a debugger that attaches to the tests; without it they run without a debugger
   */
  async run(commands: LunaticCommands, signal: AbortSignal, debug?: StartDebugger): Promise<void> {
    if (this.#open.size === 0) return;
    try {
      for (const words of this.#commandLines(debug !== undefined)) {
        if (signal.aborted) break;
        await this.#requireConsent(commands.consent);
        const command = await commands.find();
        await this.#covered(words, signal, (all) => this.#runCommand(command, all, signal, debug));
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

  /** @throws ConsentError */
  async #requireConsent(consent: Consent): Promise<void> {
    const config = vscode.workspace.getConfiguration('lunatic.tests', this.#module.uri);
    if (!isOfWorkspace(config, 'runtimeArgs')) return;
    const things = outsideOfOptions(config.get('runtimeArgs'), this.#folder);
    await consent.require('This workspace (lunatic.tests.runtimeArgs)', things);
  }

  /** Runs a command line, with what it needs for coverage. If that is missing, a line tells why. */
  async #covered(
    [name = '', ...words]: readonly string[],
    signal: AbortSignal,
    run: (words: readonly string[]) => Promise<void>,
  ): Promise<void> {
    if (this.#coverage === undefined) return await run([name, ...words]);
    const file = await CoverageFile.create();
    try {
      await run([name, ...file.options, ...words]);
      // A command that is ended may be writing.
      if (!signal.aborted) this.#coverage.add(this.#module, await file.read());
    } catch (error) {
      if (!(error instanceof CoverageReadError)) throw error;
      const message = `There is no coverage of ${basename(this.#module.uri.path)}: ${error.message}`;
      this.#log.warn(message);
      this.#run.appendOutput(terminalText(`${message}\n`));
    } finally {
      await file.remove();
    }
  }

  /** Where the tests run: in the folder of their project, as with `cargo test`. */
  get #folder(): string {
    const { uri, project } = this.#module;
    return project?.folder ?? topFolder(uri);
  }

  #commandLines(isDebugged: boolean): string[][] {
    const { uri, chosen, isAll } = this.#module;
    const config = vscode.workspace.getConfiguration('lunatic.tests', uri);
    const dirs = config.get<string[]>('dirs', []).map((dir) => dirOption(dir, topFolder(uri)));
    const options = [...dirs, ...config.get<string[]>('runtimeArgs', [])];
    return testArguments({
      file: uri.fsPath,
      exports: isAll ? null : [...chosen.keys()],
      arguments: config.get<string[]>('arguments', []),
      options: isDebugged ? [...options, '--inspect=debug,unlisted', '--inspect-wait'] : options,
      // While somebody debugs, time does not count, and one test runs at a time.
      timeout: isDebugged ? null : config.get<number | null>('timeout', null),
      jobs: isDebugged ? 1 : config.get<number | null>('jobs', null),
    });
  }

  async #runCommand(
    command: Awaited<ReturnType<LunaticCommands['find']>>,
    words: readonly string[],
    cancelled: AbortSignal,
    debug: StartDebugger | undefined,
  ): Promise<void> {
    const { uri } = this.#module;
    this.#log.info(`lunatic ${words.join(' ')}`);
    const left = new AbortController();
    const signal = AbortSignal.any([cancelled, left.signal]);
    const end = await runTestProcess({
      ...command,
      arguments: words,
      cwd: this.#folder,
      signal,
      onEvent: (event) => this.#show(event),
      // The tests do not go on after the debugger has been disconnected.
      onInspectable: (url) =>
        debug?.({ url, name: this.#name(), uri, run: this.#run }).then(
          ({ isOver }) => {
            if (!isOver) left.abort();
          },
          (error: unknown) => {
            this.#fail(messageOf(error));
            left.abort();
          },
        ),
      onNoise: (text) => {
        if (this.#noiseRoom.isFull) return;
        const shown = this.#noiseRoom.take(text);
        this.#noise = `${this.#noise}${shown}`.slice(-MAX_TOLD);
        this.#run.appendOutput(terminalText(shown));
      },
    });
    if (signal.aborted) this.#close(signal, '');
    if (signal.aborted || end.exitCode === 0 || end.exitCode === 1) return;
    const how = end.signal === null ? `with exit code ${end.exitCode}` : `by ${end.signal}`;
    const said = this.#noise.trim();
    for (const [name, item] of this.#open) {
      const whose = this.#begun.has(name) ? 'while this test was running' : 'before this test began';
      const message = [`The runtime ended ${how} ${whose}.`, said].join('\n\n').trim();
      this.#run.errored(item, new vscode.TestMessage(message));
    }
    this.#open.clear();
  }

  /** The name of the debug session. */
  #name(): string {
    const [first, ...others] = this.#open.values();
    return first !== undefined && others.length === 0 ? first.label : basename(this.#module.uri.path);
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
        this.#begun.add(event.export);
        this.#run.started(item);
        break;
      case 'ignored':
        this.#open.delete(event.export);
        this.#run.skipped(item);
        break;
      case 'finished': {
        const { outcome, duration, failures, output, title, name } = event;
        // A cancelled test has no result.
        if (outcome === 'cancelled') return;
        this.#open.delete(event.export);
        const heading = displayName(title === name ? name : `${name}: ${title}`);
        const shown = this.#room.take(output, MAX_TEST_OUTPUT);
        const text = shown === '' || shown.endsWith('\n') ? shown : `${shown}\n`;
        this.#run.appendOutput(
          terminalText(`${outcome === 'passed' ? '✓' : '✗'} ${heading}\n`),
          undefined,
          item,
        );
        if (text !== '') this.#run.appendOutput(terminalText(text), undefined, item);
        if (outcome === 'passed') this.#run.passed(item, duration);
        else this.#run.failed(item, this.#messages(failures, item), duration);
        break;
      }
    }
  }

  /** Gives the remaining tests their results: an error, or none if the run was cancelled. */
  #close(signal: AbortSignal, why: string): void {
    if (!signal.aborted) this.#fail(why);
    for (const item of this.#open.values()) this.#run.skipped(item);
    this.#open.clear();
  }

  #fail(why: string): void {
    for (const item of this.#open.values()) this.#run.errored(item, new vscode.TestMessage(why));
    this.#open.clear();
  }

  #messages(failures: readonly TestFailure[], item: vscode.TestItem): vscode.TestMessage[] {
    const folder = vscode.workspace.getWorkspaceFolder(this.#module.uri)?.uri.fsPath;
    return failures.map((failure) => {
      const text = failureText(failure, folder, this.#module.uri.fsPath);
      const message = isDifference(failure)
        ? vscode.TestMessage.diff(text, failure.expected, failure.actual)
        : new vscode.TestMessage(text);
      const place = this.#source(failure.location) ?? locationOf(item);
      if (place !== undefined) message.location = place;
      const stack = this.#stack(failure.stack);
      if (stack.length > 0) message.stackTrace = stack;
      return message;
    });
  }

  /** The author's calls whose sources are found. VS Code would lead from the others to the first line of nothing. */
  #stack(frames: readonly ReportFrame[]): vscode.TestMessageStackFrame[] {
    return ownCalls(frames, this.#module.uri.fsPath)
      .slice(0, MAX_CALLS)
      .flatMap((frame) => {
        const found = this.#source(frame.location);
        return found === undefined
          ? []
          : new vscode.TestMessageStackFrame(callLabel(frame), found.uri, found.range.start);
      });
  }

  #source(location: SourceLocation | null): vscode.Location | undefined {
    if (location === null) return undefined;
    const { uri } = this.#module;
    if (!this.#files.has(location.file))
      this.#files.set(location.file, sourceFile(location.file, uri.fsPath, topFolder(uri)));
    const file = this.#files.get(location.file);
    if (file === undefined) return undefined;
    const position = new vscode.Position(Math.max(0, location.line - 1), Math.max(0, location.column - 1));
    return new vscode.Location(vscode.Uri.file(file), position);
  }
}

/** Characters that are displayed of what the tests of a module print, one of them, and the runtime itself. */
const MAX_OUTPUT = 2 ** 25;
const MAX_TEST_OUTPUT = 2 ** 20;
const MAX_NOISE = 2 ** 18;
/** Characters of what the runtime has printed last that the results of tests contain if it ends too early. */
const MAX_TOLD = 4096;

/** Calls of a stack that a message lists. */
const MAX_CALLS = 100;

/** Where a failure is displayed whose own place is not found. */
function locationOf({ uri, range }: vscode.TestItem): vscode.Location | undefined {
  return uri === undefined || range === undefined ? undefined : new vscode.Location(uri, range);
}
