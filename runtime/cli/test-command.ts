import { Command, InvalidArgumentError, Option } from 'commander';
import type { SchedulerFlags } from './allow-schedulers.ts';
import { type ColorChoice, wantsColors } from './colors.ts';
import type { CoreDumpFlags } from './core-dump-flags.ts';
import { withCoreDumpOptions } from './core-dump-options.ts';
import { type CoverageFlags, withCoverageOptions } from './coverage-options.ts';
import type { LogFilter } from './log-filter.ts';
import type { InspectFlags } from './open-inspection.ts';
import {
  colorOption,
  dirOption,
  inspectOption,
  inspectWaitOption,
  logOption,
  placeChildrenOption,
  pluginOption,
  schedulersOption,
  wholeNumber,
} from './options.ts';
import { type PermissionFlags, withPermissionOptions } from './permission-options.ts';
import { REPORTERS, type ReporterName } from './reporters/reporter.ts';
import type { TestCommand } from './test-settings.ts';

/** Words that name modules. All others are filters. */
const MODULE = /\.(wasm|wat)$/;

const STDOUT = 1;

interface TestFlags extends PermissionFlags, InspectFlags, CoreDumpFlags, CoverageFlags, SchedulerFlags {
  readonly exact: boolean;
  readonly export: string[];
  readonly ignored: boolean;
  readonly includeIgnored: boolean;
  readonly skip: string[];
  readonly list: boolean;
  readonly format?: ReporterName;
  readonly nocapture: boolean;
  readonly showOutput: boolean;
  readonly dir: string[];
  readonly plugin: string[];
  readonly color: ColorChoice;
  readonly log?: LogFilter;
  readonly jobs?: number;
  readonly testThreads?: number;
  readonly timeout?: number;
  readonly reporter?: ReporterName;
  readonly quiet: boolean;
  readonly watch: boolean;
}

/** Splits a command line at `--`: what follows are the arguments of the tests. */
export function splitGuestArguments(args: readonly string[]): [own: string[], guest: string[]] {
  const separator = args.indexOf('--');
  return separator < 0 ? [[...args], []] : [args.slice(0, separator), args.slice(separator + 1)];
}

/** `lunatic test`, which takes modules and filters. */
export function testCommand(guestArguments: readonly string[]): Command {
  const command = new Command('test')
    .summary('run the tests of modules')
    .description(
      'Runs the tests of modules: exports that `#[lunatic::test]` makes. Each test is a process of its own. All run ' +
        'concurrently. Words after the files are filters: only tests run whose name contains one of them.',
    )
    .argument('<words...>', 'modules to test (.wasm or .wat files), then filters')
    .usage('[options] <file...> [filter...] [-- wasm_args...]');
  return withTestOptions(command).action(async (words: string[], flags: TestFlags) => {
    const firstFilter = words.findIndex((word, i) => i > 0 && !MODULE.test(word));
    const files = firstFilter < 0 ? words : words.slice(0, firstFilter);
    const filters = firstFilter < 0 ? [] : words.slice(firstFilter);
    checkTogether(command, flags);
    const colors = wantsColors(STDOUT, flags.color);
    const { runTestFiles } = await import('./test.ts');
    process.exit(await runTestFiles(files, settings(flags, filters, guestArguments, colors)));
  });
}

/** The command as cargo's runner: it takes one module and at most one filter, and colours are always on (abi 21.3). */
export function cargoTestCommand(guestArguments: readonly string[]): Command {
  const command = new Command('lunatic')
    .description('Runs the tests of a module that cargo has built.')
    .argument('<wasm>', 'module to test')
    .argument('[filter]', 'run only tests whose name contains this')
    .argument('[wasm_args...]', 'arguments of the tests; those that start with - must follow --')
    .showHelpAfterError('(see `lunatic test --help`)');
  return withTestOptions(command).action(
    async (file: string, filter: string | undefined, words: string[], flags: TestFlags) => {
      if (flags.list && flags.format === undefined)
        command.error("error: option '--list' needs --format terse");
      if (flags.format === 'terse' && !flags.list)
        command.error("error: option '--format terse' needs --list");
      checkTogether(command, flags);
      const filters = filter === undefined ? [] : [filter];
      const guest = [...words, ...guestArguments];
      const { runTestFiles } = await import('./test.ts');
      process.exit(await runTestFiles([file], settings(flags, filters, guest, flags.color !== 'never')));
    },
  );
}

function withTestOptions(command: Command): Command {
  return withCoverageOptions(withCoreDumpOptions(withPermissionOptions(command)))
    .option('--exact', 'run only tests whose name equals a filter', false)
    .option('--export <name>', 'run only the tests of these exports; repeatable', collect, [])
    .option('--ignored', 'run only tests that are marked as ignored', false)
    .option('--include-ignored', 'run ignored tests, too', false)
    .option('--skip <filter>', 'leave out tests whose name contains this; repeatable', collect, [])
    .option('--list', 'list the tests instead of running them', false)
    .addOption(new Option('--reporter <name>', 'how to print results; default: pretty').choices(REPORTERS))
    .addOption(
      new Option('--format <name>', 'the same as --reporter; with --list, only terse is possible').choices(
        REPORTERS,
      ),
    )
    .option('--nocapture', 'show what tests print as they print it', false)
    .option('--show-output', 'also show what passing tests have printed', false)
    .option('--jobs <n>', 'tests that run at the same time; default: all', wholeNumber(1, 999_999_999))
    .option('--test-threads <n>', 'the same as --jobs', wholeNumber(1, 999_999_999))
    .addOption(schedulersOption('tests'))
    .addOption(placeChildrenOption('beside'))
    .option('--timeout <seconds>', 'time after which a test is killed and has failed', positiveNumber)
    .addOption(inspectOption())
    .addOption(inspectWaitOption())
    .addOption(logOption('error'))
    .addOption(colorOption())
    .option('-q, --quiet', 'the same as --reporter terse', false)
    .option('--watch', 'run the tests again whenever a file changes', false)
    .addOption(dirOption('tests'))
    .addOption(pluginOption('tests'))
    .helpOption('-h, --help', 'print this help')
    .addHelpText(
      'after',
      '\nExit status: 0 if no test failed; 1 if one failed, or a module cannot be read, compiled or instantiated; 2 for a\n' +
        'wrong command line; 130 after Ctrl-C, 143 after SIGTERM; 141 or 137 if nobody reads the output.',
    );
}

function settings(
  flags: TestFlags,
  filters: readonly string[],
  guestArguments: readonly string[],
  colors: boolean,
): TestCommand {
  const jobs = flags.jobs ?? flags.testThreads;
  const { timeout, inspect, inspectWait, schedulers, placeChildren } = flags;
  return {
    selection: {
      filters,
      exact: flags.exact,
      skip: flags.skip,
      ignored: flags.includeIgnored ? 'include' : flags.ignored ? 'only' : 'list',
      ...(flags.export.length === 0 ? {} : { exports: new Set(flags.export) }),
    },
    list: flags.list,
    nocapture: flags.nocapture,
    showOutput: flags.showOutput,
    permissions: flags,
    plugin: flags.plugin,
    guestArguments,
    colors,
    color: flags.color,
    ...(flags.log === undefined ? {} : { log: flags.log }),
    reporter: reporterOf(flags),
    watch: flags.watch,
    inspectWait,
    ...(flags.coreDump === undefined ? {} : { coreDumps: flags }),
    // Nothing is executed where tests are listed.
    ...(flags.coverage === undefined || flags.list ? {} : { coverage: flags }),
    ...(inspect === undefined ? {} : { inspect }),
    ...(schedulers === undefined ? {} : { schedulers }),
    ...(placeChildren === undefined ? {} : { placeChildren }),
    ...(jobs === undefined ? {} : { jobs }),
    ...(timeout === undefined ? {} : { timeout }),
  };
}

/** The reporter that the flags name. `--format` is the name of the option in Rust's own harness. */
function reporterOf({ reporter, format, list, quiet }: TestFlags): ReporterName {
  if (reporter !== undefined) return reporter;
  if (format !== undefined && !list) return format;
  return quiet ? 'terse' : 'pretty';
}

/** Ends the command if options are used that contradict each other. */
function checkTogether(command: Command, flags: TestFlags): void {
  if (flags.list && flags.format !== undefined && flags.format !== 'terse')
    command.error("error: option '--list' prints names: with it, only --format terse is possible");
  if (reporterOf(flags) === 'junit' && (flags.watch || flags.list))
    command.error(
      `error: the junit reporter prints one document: it cannot be used with ${flags.watch ? '--watch' : '--list'}`,
    );
  if (flags.watch && flags.list) command.error("error: option '--watch' cannot be used with --list");
  const inspects = flags.inspectWait ? '--inspect-wait' : flags.inspect === undefined ? null : '--inspect';
  const other = flags.watch ? '--watch' : flags.list ? '--list' : null;
  if (inspects !== null && other !== null)
    command.error(`error: option '${inspects}' cannot be used with ${other}`);
}

function collect(value: string, previous: string[]): string[] {
  return [...previous, value];
}

/** The longest time of a timer in Node, in seconds. */
const LONGEST_TIMER = 2_147_483;

function positiveNumber(value: string): number {
  const seconds = Number(value);
  if (seconds > 0 && seconds <= LONGEST_TIMER) return seconds;
  throw new InvalidArgumentError(`It must be more than 0 and at most ${LONGEST_TIMER}.`);
}
