import type { InspectRequest } from '../inspect/address.ts';
import type { InputStream } from '../kernel/stdio.ts';
import type { ProcessConfig } from '../permissions/config.ts';
import type { PluginHost } from '../plugins/plugin-host.ts';
import type { Selection } from '../testing/index.ts';
import type { SchedulerFlags } from './allow-schedulers.ts';
import type { CoreDumpFlags } from './core-dump-flags.ts';
import type { CoreDumps } from './core-dumps.ts';
import type { CommandCoverage } from './coverage.ts';
import type { CoverageFlags } from './coverage-options.ts';
import type { Inspection } from './inspection.ts';
import type { LogOptions } from './log.ts';
import type { ReporterName } from './reporters/index.ts';
import type { ConfigFlags } from './root-config.ts';
import type { EndingSignals } from './session.ts';
import type { StandardOutput } from './standard-output.ts';

/** What the command line says about a run of tests. */
export interface TestCommand extends LogOptions, SchedulerFlags {
  readonly selection: Selection;
  readonly list: boolean;
  readonly nocapture: boolean;
  readonly showOutput: boolean;
  readonly permissions: ConfigFlags;
  /** The files of plugins. */
  readonly plugin: readonly string[];
  readonly guestArguments: readonly string[];
  /** Whether to colour standard output. */
  readonly colors: boolean;
  readonly reporter: ReporterName;
  /** Whether to run the tests again whenever a file changes. */
  readonly watch: boolean;
  readonly jobs?: number;
  /** Seconds after which a test is killed and has failed. */
  readonly timeout?: number;
  /** The address at which debuggers and process trees may connect; undefined for none. */
  readonly inspect?: InspectRequest;
  /** Whether the tests begin when a client says so. */
  readonly inspectWait: boolean;
  /** What the command line says about core dumps; undefined for none. */
  readonly coreDumps?: CoreDumpFlags;
  readonly coverage?: CoverageFlags;
}

/** What all rounds of a run share. */
export interface TestSurroundings {
  readonly config: ProcessConfig;
  readonly plugins: PluginHost | undefined;
  readonly input: InputStream;
  readonly streams: StandardOutput;
  readonly signals: EndingSignals;
  /** Undefined if the tests cannot be inspected. */
  readonly inspection?: Inspection;
  readonly dumps?: CoreDumps;
  /** Makes what collects the coverage of a round; undefined for none. */
  readonly collectCoverage?: (pathOf: () => string | null) => CommandCoverage;
}
