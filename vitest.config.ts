import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    globalSetup: ['test/support/build.ts'],
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 30_000,
    hookTimeout: 60_000,
    // As the command runs its scheduler, see runtime/kernel/jspi.ts.
    execArgv: ['--expose-gc', '--min-semi-space-size=64', '--max-semi-space-size=64'],
    projects: [
      {
        extends: true,
        test: {
          name: 'all',
          include: ['test/**/*.test.ts'],
          // Tests in a workbench need a browser: scripts/test.mjs runs them with a configuration of their own.
          exclude: ['test/workbench/**', 'test/conformance/**'],
        },
      },
      {
        extends: true,
        test: { name: 'conformance', include: ['test/conformance/**/*.test.ts'], isolate: false },
      },
      {
        // What guests see is the same where every signal is written as bytes and read again.
        extends: true,
        test: {
          name: 'loop-back',
          include: ['test/conformance/**/*.test.ts'],
          isolate: false,
          env: { LUNATIC_TEST_ROUTER: 'loop-back' },
        },
      },
    ],
  },
});
