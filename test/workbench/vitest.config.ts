import { defineConfig } from 'vitest/config';

/** Tests in a real workbench. Files share a server and windows but where they ask for their own, so they are not isolated. */
export default defineConfig({
  test: {
    root: import.meta.dirname,
    globalSetup: ['../support/build.ts', './support/common-server.ts'],
    pool: 'forks',
    isolate: false,
    testTimeout: 240_000,
    hookTimeout: 60_000,
    // As long as the workbench of a test waits.
    expect: { poll: { timeout: 60_000 } },
    projects: [
      {
        // A window waits more than it computes.
        extends: true,
        test: {
          name: 'windows',
          include: ['**/*.test.ts'],
          exclude: ['crowd.test.ts'],
          maxWorkers: 2,
          sequence: { groupOrder: 0 },
        },
      },
      {
        // Measures the time that a window takes, and so has the machine for itself.
        extends: true,
        test: { name: 'crowd', include: ['crowd.test.ts'], maxWorkers: 1, sequence: { groupOrder: 1 } },
      },
    ],
  },
});
