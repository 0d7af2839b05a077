import { setTimeout } from 'node:timers/promises';
import type { LoadedModule } from '../kernel/module.ts';
import type { OutputStream } from '../kernel/stdio.ts';
import { Runtime } from '../runtime.ts';
import { TestService } from '../schedulers/test-service.ts';
import {
  discovered,
  discoverTests,
  runTests,
  selectTests,
  type TestCoverage,
  TestStartError,
  type TestWatcher,
} from '../testing/index.ts';
import { displayName } from '../text/display-name.ts';
import { printable } from '../text/printable.ts';
import { allowSchedulers, tellsSchedulers, whereOf } from './allow-schedulers.ts';
import { paintFor } from './colors.ts';
import type { DumpedRun } from './core-dumps.ts';
import type { CommandCoverage } from './coverage.ts';
import { debugging } from './debugging.ts';
import { errorText, messageOf } from './error-text.ts';
import { heapNotice } from './heap-notice.ts';
import type { Inspection } from './inspection.ts';
import { CommandError, readModuleFile } from './load.ts';
import { LoadingNotice } from './loading-notice.ts';
import { type Log, openLog } from './log.ts';
import { moduleCache } from './module-cache.ts';
import { loadNamed, moduleLimits } from './module-limits.ts';
import { logExit } from './process-log.ts';
import { Reports } from './report.ts';
import { createReporter, type Reporter, testList } from './reporters/index.ts';
import type { OpenedSchedulers } from './schedulers.ts';
import { Sources } from './sources.ts';
import type { TestCommand, TestSurroundings } from './test-settings.ts';

/** Milliseconds within which tests end that are given up since the command is. */
const GIVING_UP = 1500;

/** Milliseconds for which tests keep each other waiting before other schedulers are started: most runs have ended by then. */
const PATIENCE = 50;

/** The width of a terminal that does not tell its own. */
const COLUMNS = 80;

/** Runs the tests of some files once. */
export class TestRound {
  readonly #command: TestCommand;
  readonly #surroundings: TestSurroundings;
  readonly #signal: AbortSignal | undefined;
  readonly #interruption = new AbortController();
  /** Pending while tests run. */
  #tests: Promise<unknown> = Promise.resolve();
  #reported: Promise<void> | null = null;
  readonly #reporter: Reporter;
  readonly #notice = new LoadingNotice();
  readonly #sources: Sources;
  #runtime: Runtime | null = null;
  /** The other schedulers; null as long as there are none. */
  #others: OpenedSchedulers | null = null;
  #service: TestService | null = null;
  #isOver = false;
  #dumped: DumpedRun | undefined;
  readonly #coverage: CommandCoverage | null;
  /** The file of the module that is being loaded. */
  #loading: string | null = null;
  #silent = false;

  /**
   * @param start when the time begins that is printed, as `performance.now()` tells it
   * @param signal gives up the round when it is aborted. Nothing is printed afterwards
   */
  constructor(command: TestCommand, surroundings: TestSurroundings, start: number, signal?: AbortSignal) {
    this.#command = command;
    this.#surroundings = surroundings;
    this.#signal = signal;
    this.#coverage = surroundings.collectCoverage?.(() => this.#loading) ?? null;
    const { output } = surroundings.streams;
    const { colors, showOutput, nocapture, reporter } = command;
    const progress = output.isTerminal && !nocapture && process.env['TERM'] !== 'dumb';
    this.#reporter = createReporter(reporter, {
      print: (text) => this.#print(output, text),
      colors,
      showOutput,
      start,
      columns: progress ? () => process.stdout.columns || COLUMNS : null,
    });
    // Reports for programs have places, and no lines of the sources.
    const isForPeople = reporter === 'pretty' || reporter === 'terse';
    this.#sources = new Sources(() => ({
      showsLine: isForPeople && (output.isTerminal || colors),
      paint: paintFor(isForPeople && colors),
    }));
    signal?.addEventListener('abort', () => this.#fallSilent());
  }

  /**
   * Runs the files in turn. Of several, those that cannot be run are told as failures, and the others are run.
   * @returns whether no test failed, and all files could be run
   * @throws CommandError, or an error of the module, if there is only one
   */
  async run(files: readonly string[]): Promise<boolean> {
    let passed = true;
    try {
      for (const file of files) {
        if (this.#interruption.signal.aborted) break;
        const filePassed = await this.#runFile(file).catch((error: unknown) => {
          if (files.length === 1) throw error;
          this.#print(this.#surroundings.streams.error, errorText(error));
          return false;
        });
        passed &&= filePassed;
      }
    } finally {
      await this.#report();
      // Whoever has interrupted it ends the command.
      if (this.#interruption.signal.aborted) await new Promise(() => {});
    }
    return passed;
  }

  /** Runs all files. If one cannot be run, a line tells why. */
  async runInTurn(files: readonly string[]): Promise<void> {
    for (const file of files) {
      if (this.#signal?.aborted) break;
      await this.#runFile(file).catch((error: unknown) => {
        const [line] = errorText(error).split('\n');
        this.#print(this.#surroundings.streams.error, `${line}\n`);
      });
    }
    await this.end();
    if (this.#signal?.aborted) return;
    await this.#report();
    const { output } = this.#surroundings.streams;
    if (output.isTerminal)
      this.#print(output, `Waiting for changes of ${files.map(printable).join(', ')}; Ctrl-C ends.\n`);
  }

  /** Gives up the tests, and resolves when what is known of them is reported. The command ends. */
  async interrupt(): Promise<void> {
    this.#reporter.clear?.();
    // Of a round that others can give up, nobody waits for the report. In JSON, everything is told already.
    const reports = this.#signal === undefined && this.#command.reporter !== 'json';
    if (reports) {
      this.#interruption.abort();
      await Promise.race([this.#tests, setTimeout(GIVING_UP)]).catch(() => {});
    }
    this.#runtime?.scheduler.halt();
    if (reports) await this.#report();
    else this.#writeCoverage();
    this.#fallSilent();
  }

  /** Ends the other schedulers, when they have printed all. */
  async end(): Promise<void> {
    this.#isOver = true;
    await this.#others?.far.end();
    this.#others?.close();
  }

  /** Ends the report, once. */
  #report(): Promise<void> {
    this.#reported ??= this.#reporter.end().then(() => this.#writeCoverage());
    return this.#reported;
  }

  #writeCoverage(): void {
    const { error, output } = this.#surroundings.streams;
    const { colors } = this.#command;
    // A document on standard output must not be mixed with a table.
    const printed = this.#printsDocument ? error : output;
    this.#coverage?.write({
      print: (text) => void this.#print(printed, text),
      say: (text) => void this.#print(error, `lunatic: ${text}`),
      paint: paintFor(colors && printed === output),
      isForPrograms: this.#command.reporter === 'json',
    });
  }

  get #printsDocument(): boolean {
    const { reporter } = this.#command;
    return reporter === 'junit' || reporter === 'json';
  }

  #fallSilent(): void {
    this.#reporter.clear?.();
    this.#silent = true;
  }

  /** Prints to a stream. Returns a promise where nothing more should be printed before it resolves: nobody reads so fast. */
  #print(stream: OutputStream, text: string): Promise<void> | null {
    // A broken stream ends the command, see `openStreams`.
    return this.#silent ? null : (stream.write(Buffer.from(text))?.catch(() => {}) ?? null);
  }

  /** Runs or lists the tests of one module. Returns whether none failed. */
  async #runFile(file: string): Promise<boolean> {
    const reporter = this.#reporter;
    reporter.begin(file);
    try {
      const module = await this.#load(file);
      const { config } = this.#surroundings;
      if (!this.#command.list) loadNamed(file, config.hostFunctions, () => module.checkLimits(config));
      return this.#command.list ? this.#list(module) : await this.#test(module);
    } catch (thrown) {
      const error = thrown instanceof TestStartError ? notStarted(file, thrown) : thrown;
      reporter.fail(messageOf(error));
      throw error;
    }
  }

  async #load(file: string): Promise<LoadedModule> {
    const { signals, streams, config } = this.#surroundings;
    const since = Date.now();
    const bytes = await readModuleFile(file);
    const runtime = this.#openRuntime();
    this.#loading = file;
    await streams.flush();
    signals.leave();
    try {
      const module = loadNamed(file, config.hostFunctions, () =>
        this.#notice.during(file, () => runtime.load(bytes, config)),
      );
      this.#sources.add(module, file, since);
      return module;
    } finally {
      this.#loading = null;
      signals.take();
    }
  }

  #list(module: LoadedModule): true {
    const { selection, reporter } = this.#command;
    const all = discoverTests(module);
    const selected = selectTests(all, selection);
    const filteredOut = all.length - selected.length;
    if (reporter === 'json') this.#reporter.show(discovered(selected, filteredOut));
    else this.#print(this.#surroundings.streams.output, testList(selected));
    return true;
  }

  async #test(module: LoadedModule): Promise<boolean> {
    const { selection, jobs, timeout, nocapture } = this.#command;
    const { config, input, streams, inspection } = this.#surroundings;
    const runtime = this.#openRuntime();
    await inspection?.begin(runtime, module);
    // A document on standard output must not be mixed with the output of tests.
    const echo = this.#printsDocument ? streams.error : streams.output;
    const options = {
      selection,
      config,
      input,
      ...(nocapture ? { echo } : {}),
      ...(jobs === undefined ? {} : { jobs }),
      ...(timeout === undefined ? {} : { timeout }),
      childrenWhere: whereOf(this.#command),
      others: () => this.#service,
      signal: this.#signal ?? this.#interruption.signal,
      sources: this.#sources,
      ...(this.#coverage === null ? {} : { coverage: this.#testCoverage(module, this.#coverage) }),
      ...(inspection === undefined && this.#dumped === undefined
        ? {}
        : { watcher: watcherFor(inspection, this.#dumped) }),
    };
    const tests = runTests(runtime, module, options, (event) => this.#reporter.show(event));
    this.#tests = tests;
    return (await tests).failed === 0;
  }

  #testCoverage(module: LoadedModule, { collector }: CommandCoverage): TestCoverage {
    const file = this.#sources.fileOf(module) ?? '';
    return {
      ended: ({ name, exportName }, environment) =>
        collector.addTest({ file, name, export: exportName }, environment),
    };
  }

  /** The runtime of all files. By default it does not log failing processes: reporters tell of failures. */
  #openRuntime(): Runtime {
    if (this.#runtime !== null) return this.#runtime;
    const { streams, plugins, dumps } = this.#surroundings;
    const { error } = streams;
    const reports = new Reports({
      write: (bytes) => {
        this.#reporter.clear?.();
        return error.write(bytes);
      },
    });
    const log = openLog(reports, 'error', this.#command);
    const forDebugger = this.#command.inspect?.debug ? debugging(() => this.#loading) : dumps?.debugging;
    this.#runtime = new Runtime({
      plugins,
      store: moduleCache(process.env, log),
      ...(this.#coverage === null ? {} : { coverage: this.#coverage.coverage }),
      ...(forDebugger === undefined ? {} : { debugging: forDebugger }),
      ...moduleLimits(this.#command.permissions),
      onRewrite: this.#notice.onRewrite,
      // Tests begin all at once, and each calls functions that none has called: compiled then, they would delay each other.
      compilesAhead: true,
      observer: { onExit: (ended, exit) => logExit(log, ended, exit), ...heapNotice(reports) },
    });
    this.#dumped = dumps?.watch(this.#runtime.scheduler, (module) => this.#sources.fileOf(module));
    if (!this.#isAlone) this.#allowSchedulers(this.#runtime, log, reports);
    return this.#runtime;
  }

  /** Whether something looks at all processes: it sees this scheduler alone. */
  get #isAlone(): boolean {
    const { plugins, dumps, inspection } = this.#surroundings;
    // Debug sessions have one unless told otherwise.
    const isDebugged = this.#command.inspect?.debug === true && inspection !== undefined;
    const isAlone = plugins?.watchesProcesses === true || dumps !== undefined || this.#coverage !== null;
    return isAlone || (isDebugged && !tellsSchedulers(this.#command));
  }

  #allowSchedulers(runtime: Runtime, log: Log, reports: Reports): void {
    const { inspection } = this.#surroundings;
    allowSchedulers(runtime, this.#command, {
      ...{ log, reports, patience: PATIENCE },
      inspector: () => inspection?.inspector ?? null,
      opened: (others) => {
        this.#others = others;
        this.#service = new TestService(others.system);
        if (this.#isOver) others.close();
      },
    });
  }
}

/** Shows the tests to whoever inspects or dumps them. */
function watcherFor(inspection: Inspection | undefined, dumped: DumpedRun | undefined): TestWatcher {
  return {
    onRoot: (root) => {
      inspection?.add(root);
      dumped?.addRoot(root);
    },
    onOutput: (bytes) => {
      inspection?.print('stdout', bytes);
      dumped?.printed(bytes);
    },
    beforeKill: async () => await inspection?.untilNobodyLooks('The tests have ended'),
  };
}

function notStarted(file: string, error: TestStartError): CommandError {
  const message = `Failed to spawn process from ${printable(file)}::${displayName(error.test)}\n  ${error.message}`;
  return new CommandError(message, { cause: error });
}
