import { defineConfig } from 'vitest/config';

/** Tests in a real workbench. Each file has a server and a browser of its own; one after the other has the machine. */
export default defineConfig({
  test: {
    root: import.meta.dirname,
    include: ['**/*.test.ts'],
    globalSetup: ['../support/build.ts'],
    pool: 'forks',
    maxWorkers: 1,
    testTimeout: 240_000,
    hookTimeout: 60_000,
  },
});
