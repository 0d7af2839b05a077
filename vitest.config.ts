import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Tests of the contract with guests in which a process gets no signals. */
const WITHOUT_SIGNALS = [
  'full-disk',
  'host-functions',
  'networking-dns',
  'other-functions',
  'sqlite-complex',
  'sqlite-memory',
  'sqlite-ordinary',
  'sqlite-shared',
  'wasi-fuzz',
  'wasi-race',
  'wasi-sandbox',
  'wasi-tools',
];

/** Tests of what one scheduler does: of its turns, of its own parts, of what it keeps. With several they would see no more of it. */
const OF_ONE_SCHEDULER = [
  'call-costs',
  'clean-instances',
  'dropped-memories',
  'entry-stacks',
  'expected-turn',
  'fairness',
  'holding',
  'linker',
  'long-calls',
  'machine-memory',
  'many-modules',
  'metrics',
  'observers',
  'plugins',
  'router',
  'scheduling',
  // Databases have other files where several schedulers use them: sqlite-shared is about those.
  'sqlite-sandbox',
];

/** Tests of the contract with guests that run once more with 2 and with 4 schedulers: those of what processes do to each other. */
const BETWEEN_PROCESSES = [
  'errors',
  'fuel',
  'links',
  'message-data',
  'message-requests',
  'message-tags',
  'modules',
  'monitors',
  'networking-tcp',
  'networking-udp',
  'registry',
  'serializability',
  'spawn',
  'sqlite',
  'ties',
  'timers',
  'trap-catch',
  'wasi-streams',
];

/**
 * Further ones with 2: of what a child has or gets from its parent. The rest is about what a process does alone, and runs with several
 * schedulers only if all is to run (`npm run conformance`).
 */
const WITH_CHILDREN = [
  'configs',
  'limits',
  'networking-messages',
  'networking-tls',
  'permissions',
  'small-holdings',
  'spawn-start-section',
  'wasi-poll',
];

const RUNS_ALL = process.env['LUNATIC_TEST_ALL'] === '1';

const conformance = (names: readonly string[]) => names.map((name) => `test/conformance/${name}.test.ts`);

/** Tests that mostly wait for OS processes: so three of them run on two cores. They hold nothing that others would notice. */
const WITH_COMMANDS = ['adapter', 'cli', 'inspect'].map((folder) => `test/${folder}/**/*.test.ts`);

/** Tests of how long processes wait: nothing else runs beside them. */
const ALONE = ['test/cli/fairness.test.ts'];

/** Files that take long. vitest would begin late with those that have few lines. */
const LONG = [
  'adapter/same-values',
  'cli/test-inspect',
  'cli/test-output',
  'inspect/connection',
  'templates/templates',
  'unit/host/sqlite-gaps',
  'unit/kernel/endurance',
  'unit/wasm/differential',
];

/** Begins with long files. The others are in vitest's own order. */
class LongFilesFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification) =>
      LONG.some((name) => moduleId.endsWith(`/test/${name}.test.ts`)) ? 0 : 1;
    return (await super.sort(files)).sort((a, b) => rank(a) - rank(b));
  }
}

export default defineConfig({
  test: {
    globalSetup: ['test/support/build.ts'],
    pool: 'forks',
    testTimeout: 30_000,
    hookTimeout: 60_000,
    // As the command runs its scheduler, see runtime/kernel/jspi.ts.
    execArgv: ['--expose-gc', '--min-semi-space-size=64', '--max-semi-space-size=64'],
    sequence: { sequencer: LongFilesFirst },
    projects: [
      {
        extends: true,
        test: {
          name: 'commands',
          include: WITH_COMMANDS,
          exclude: ALONE,
          isolate: false,
          maxWorkers: 3,
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: {
          name: 'all',
          include: ['test/**/*.test.ts'],
          // Tests in a workbench need a browser: scripts/test.mjs runs them with a configuration of their own.
          exclude: ['test/workbench/**', 'test/conformance/**', ...WITH_COMMANDS],
          maxWorkers: 2,
          sequence: { groupOrder: 1 },
        },
      },
      {
        extends: true,
        test: { name: 'alone', include: ALONE, maxWorkers: 1, sequence: { groupOrder: 2 } },
      },
      {
        extends: true,
        test: {
          name: 'conformance',
          include: ['test/conformance/**/*.test.ts'],
          isolate: false,
          maxWorkers: 2,
          sequence: { groupOrder: 1 },
        },
      },
      ...[2, 4].map((count) => ({
        // What guests see is the same where each process begins on another scheduler than its parent.
        extends: true as const,
        test: {
          name: `${count} schedulers`,
          include: RUNS_ALL
            ? ['test/conformance/**/*.test.ts']
            : conformance(count === 2 ? [...BETWEEN_PROCESSES, ...WITH_CHILDREN] : BETWEEN_PROCESSES),
          exclude: conformance([...WITHOUT_SIGNALS, ...OF_ONE_SCHEDULER]),
          isolate: false,
          maxWorkers: 2,
          sequence: { groupOrder: 1 },
          env: { LUNATIC_TEST_SCHEDULERS: String(count) },
        },
      })),
    ],
  },
});
