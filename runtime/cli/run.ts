import { basename } from 'node:path';
import type { InspectAddress } from '../inspect/address.ts';
import type { Debugging } from '../kernel/debugging.ts';
import type { Exit } from '../kernel/exit.ts';
import { FULL_STACK_DEPTH, STACK_DEPTH } from '../kernel/guest-stack.ts';
import { SCHEDULER_VARIABLE } from '../kernel/lazy-placement.ts';
import type { Process } from '../kernel/process.ts';
import type { Metrics } from '../metrics/metrics.ts';
import { sharedDatabases } from '../permissions/shared-databases.ts';
import { type Root, Runtime, SpawnError } from '../runtime.ts';
import { displayName } from '../text/display-name.ts';
import { printable } from '../text/printable.ts';
import { allowSchedulers, type SchedulerFlags, tellsSchedulers, whereOf } from './allow-schedulers.ts';
import { paintFor, wantsColors } from './colors.ts';
import type { CoreDumpFlags } from './core-dump-flags.ts';
import type { CoreDumps, DumpedCommand } from './core-dumps.ts';
import type { CommandCoverage } from './coverage.ts';
import type { CoverageFlags } from './coverage-options.ts';
import type { FarReports } from './far-reports.ts';
import { noteRun } from './has-run.ts';
import { heapNotice } from './heap-notice.ts';
import { leaveThreads } from './leave-threads.ts';
import { CommandError } from './load.ts';
import { LoadingNotice } from './loading-notice.ts';
import { type LogOptions, openLog } from './log.ts';
import { moduleCache } from './module-cache.ts';
import { whileUnchanged } from './module-file.ts';
import { loadNamed, moduleLimits } from './module-limits.ts';
import { type InspectFlags, openInspection } from './open-inspection.ts';
import { pluginsOf } from './plugins.ts';
import { logExit } from './process-log.ts';
import { describeProcesses, Reports, reportProcesses } from './report.ts';
import { type ConfigFlags, rootConfig } from './root-config.ts';
import { EndingSignals, ExitCode, mayBlock, openStreams } from './session.ts';
import { Sources } from './sources.ts';
import { stackStyle } from './stack-style.ts';
import { standardInput } from './standard-input.ts';
import type { StandardOutput } from './standard-output.ts';
import { watchedStream } from './watched-stream.ts';

export interface RunOptions
  extends LogOptions,
    ConfigFlags,
    InspectFlags,
    CoreDumpFlags,
    CoverageFlags,
    SchedulerFlags {
  readonly bench: boolean;
  /** Modules with host functions besides the runtime's own. */
  readonly plugin?: readonly string[];
  /** Whether to keep the stacks of processes that wait for anything but a message, for the OS signal that prints all stacks. */
  readonly trace: boolean;
  /** The export that the root process calls. */
  readonly entry: string;
  /** Whether to serve metrics. */
  readonly prometheus?: boolean;
  /** The address at which metrics are served. Default: `METRICS_ADDRESS`. */
  readonly prometheusHttp?: InspectAddress;
}

const STDOUT = 1;
const STDERR = 2;

/** Where metrics are served if no address is given: at upstream's port, for this machine alone. */
const METRICS_ADDRESS: InspectAddress = { host: '127.0.0.1', port: 9927 };

/**
 * Runs a program until its root process ends.
 * @returns the exit code: 0 if the root process ended normally, the code of its `proc_exit`, or 1
 * @throws CommandError, or an error of the module
 */
export async function run(
  path: string,
  guestArguments: readonly string[],
  options: RunOptions,
): Promise<number> {
  Error.stackTraceLimit =
    options.inspect?.debug || options.coreDump !== undefined ? FULL_STACK_DEPTH : STACK_DEPTH;
  const streams = openStreams();
  // Whoever sets the variable by mistake is not the one who started this.
  if (process.env[SCHEDULER_VARIABLE] !== undefined && process.connected)
    return await runScheduler(path, options, streams);
  const reports = new Reports(streams.error);
  const log = openLog(reports, 'warn', options);
  const plugins = await pluginsOf(options.plugin ?? []);
  const commandLine = [basename(path), ...guestArguments, ...(options.bench ? ['--bench'] : [])];
  const config = rootConfig(commandLine, options, plugins);
  let loading: string | null = path;
  const dumps =
    options.coreDump === undefined
      ? undefined
      : await openCoreDumps(options, {
          path,
          arguments: guestArguments,
          print: (text) => reports.print(`lunatic: ${text}`),
        });
  const coverage = options.coverage === undefined ? undefined : await openCoverage(options, () => loading);
  const inspection = await openInspection(options, { path, arguments: guestArguments });
  const metrics = options.prometheus
    ? await openMetrics(options.prometheusHttp ?? METRICS_ADDRESS, streams)
    : undefined;
  const sources = new Sources(() => stackStyle(STDERR, options.color));
  const notice = new LoadingNotice();
  const debugging = options.inspect?.debug ? await openDebugging(() => loading) : dumps?.debugging;
  const runtime = new Runtime({
    plugins,
    ...(coverage === undefined ? {} : { coverage: coverage.coverage }),
    ...moduleLimits(options),
    onRewrite: notice.onRewrite,
    store: moduleCache(process.env, log),
    ...(debugging === undefined ? {} : { debugging }),
    ...(metrics === undefined ? {} : { metrics }),
    observer: { onExit: (ended, exit) => logExit(log, ended, exit, sources), ...heapNotice(reports) },
  });
  if (options.trace) runtime.scheduler.stacks.kept = 'all';
  const dumped = dumps?.watch(runtime.scheduler, (loaded) => sources.fileOf(loaded));
  let root: Root | undefined;
  let covered: object | undefined;
  let far: FarReports | undefined;
  const writeCoverage = () => {
    if (coverage === undefined || covered === undefined) return;
    coverage.collector.addProgram(covered);
    coverage.write({
      print: (text) => void streams.output.write(Buffer.from(text)),
      say: (text) => reports.print(`lunatic: ${text}`),
      paint: paintFor(wantsColors(STDOUT, options.color)),
    });
  };
  // Windows has no such OS signal.
  if (process.platform !== 'win32') {
    process.on('SIGUSR1', async () => {
      if (root !== undefined)
        reports.print(
          describeProcesses([
            await reportProcesses(root.environment, runtime.scheduler, sources),
            ...((await far?.describe(root.process)) ?? []),
          ]),
        );
    });
  }

  const since = Date.now();
  const module = await whileUnchanged(path, ({ bytes, again }) =>
    loadNamed(path, config.hostFunctions, () => {
      const loaded = notice.during(path, () => runtime.load(bytes, config, again));
      loaded.checkLimits(config);
      return loaded;
    }),
  );
  sources.add(module, path, since);
  // What looks at all processes sees this scheduler alone.
  const isAlone =
    plugins?.watchesProcesses === true ||
    // Debug sessions have one unless told otherwise.
    (options.inspect?.debug === true && !tellsSchedulers(options)) ||
    coverage !== undefined ||
    dumps !== undefined;
  if (!isAlone)
    allowSchedulers(runtime, options, {
      log,
      reports,
      inspector: () => inspection?.inspector ?? null,
      metrics,
      opened: (others) => {
        far = others.far;
      },
    });
  loading = null;
  const halt = () => {
    // Most debug sessions end so.
    if (inspection !== undefined && root !== undefined) noteRun();
    runtime.scheduler.halt();
    writeCoverage();
    reports.hurry();
  };
  const signals = new EndingSignals(streams, halt, mayBlock(options));
  signals.takeAfterFirstTurn();
  const stdio = {
    input: standardInput(),
    output: inspection?.watched('stdout', streams.output) ?? streams.output,
    error: inspection?.watched('stderr', streams.error) ?? streams.error,
  };
  if (dumped !== undefined) {
    stdio.output = watchedStream(stdio.output, (bytes) => dumped.printed(bytes));
    stdio.error = watchedStream(stdio.error, (bytes) => dumped.printed(bytes));
  }
  // A program whose processes all wait for messages is not over.
  const awake = setInterval(() => {}, 2 ** 30);
  try {
    await inspection?.begin(runtime, module);
    root = await runtime.run(module, {
      config,
      stdio,
      entry: { name: options.entry, params: [] },
      onCreated: (created) => {
        created.childrenWhere = whereOf(options);
        covered = created.environment;
        inspection?.add(created);
        dumped?.addRoot(created);
      },
    });
    const exit = await root.ended;
    noteRun();
    // Whoever kills it wants the program to end.
    if (exit.kind !== 'killed') await inspection?.untilNobodyLooks('The root process has ended');
    // Processes that are left are abandoned. They must not print while the output is flushed.
    runtime.scheduler.halt();
    writeCoverage();
    const code = exitCode(exit);
    await inspection?.close(code, exit);
    return code;
  } catch (error) {
    if (!(error instanceof SpawnError)) throw error;
    const failure = new CommandError(
      `Failed to spawn process from ${printable(path)}::${displayName(options.entry)}()\n  ${error.message}`,
      { cause: error },
    );
    await inspection?.close(ExitCode.Failed, failure.message);
    throw failure;
  } finally {
    await far?.end();
    await reports.settle();
    clearInterval(awake);
    // A program that has ended so soon has nothing else to do, and signals end it, whoever it writes to.
    if (!signals.areTaken) streams.writeAtOnce();
    await streams.flush();
    leaveThreads();
  }
}

/** Runs this OS process as one of several schedulers. */
async function runScheduler(path: string, options: RunOptions, streams: StandardOutput): Promise<never> {
  const { FarOutlet, runAsScheduler, SentReports } = await import('./schedulers.ts');
  const outlet = new FarOutlet();
  const reports = new SentReports(outlet);
  const log = openLog(reports, 'warn', options);
  const sources = new Sources(() => stackStyle(STDERR, options.color));
  const since = Date.now();
  const know = ({ module }: Process) => {
    if (!module.isCounted) sources.add(module, path, since);
  };
  let isLoading = false;
  const debugging = options.inspect?.debug ? await openDebugging(() => (isLoading ? path : null)) : undefined;
  const far = options.prometheus ? await openFarMetrics() : undefined;
  sharedDatabases.share();
  return await runAsScheduler(
    (index) => {
      const runtime = new Runtime({
        index,
        ...moduleLimits(options),
        store: moduleCache(process.env, log),
        ...(debugging === undefined ? {} : { debugging }),
        ...(far === undefined ? {} : { metrics: far.make(index) }),
        observer: {
          onExit: (ended, exit) => {
            know(ended);
            logExit(log, ended, exit, sources);
          },
          // V8 may end this scheduler before another one can print it.
          ...heapNotice(new Reports(streams.error)),
        },
      });
      if (options.trace) runtime.scheduler.stacks.kept = 'all';
      return runtime;
    },
    {
      log,
      outlet,
      describe: (environment, scheduler) => {
        for (const running of environment.processes()) know(running);
        return reportProcesses(environment, scheduler, sources);
      },
      onConnect: far?.connect ?? null,
      loadsProgram: (begins) => {
        isLoading = begins;
      },
      isInspected: options.inspect !== undefined || options.inspectWait,
    },
  );
}

/** See `debugging`, the code of which is loaded only if it is needed. */
async function openDebugging(pathOf: () => string | null): Promise<Debugging> {
  const { debugging } = await import('./debugging.ts');
  return debugging(pathOf);
}

/** The code is loaded only if it is needed. */
async function openCoreDumps(flags: CoreDumpFlags, command: DumpedCommand): Promise<CoreDumps> {
  const { CoreDumps } = await import('./core-dumps.ts');
  return new CoreDumps(flags, command);
}

/** The code is loaded only if it is needed. */
async function openCoverage(flags: CoverageFlags, pathOf: () => string | null): Promise<CommandCoverage> {
  const { CommandCoverage, prepareCoverage } = await import('./coverage.ts');
  prepareCoverage(flags);
  return new CommandCoverage(flags, pathOf);
}

/** The metrics of another scheduler than the first one. The code is loaded only if it is needed. */
async function openFarMetrics() {
  const { openFarMetrics } = await import('./metrics-export.ts');
  return openFarMetrics();
}

/** Serves metrics and prints their URL. The code is loaded only if it is needed. */
async function openMetrics(address: InspectAddress, streams: StandardOutput): Promise<Metrics> {
  const { openMetrics } = await import('./metrics-export.ts');
  const { metrics, url } = await openMetrics(address);
  streams.error.write(Buffer.from(`Metrics are at ${url}\n`));
  return metrics;
}

function exitCode(exit: Exit): number {
  switch (exit.kind) {
    case 'returned':
      return 0;
    case 'exited':
      // The operating system keeps eight bits. A failure must not become 0.
      return exit.code === 0 ? 0 : exit.code & 0xff || ExitCode.Failed;
    default:
      return ExitCode.Failed;
  }
}
