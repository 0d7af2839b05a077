import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runTests } from '@vscode/test-electron';
import { build } from 'esbuild';
import { expect, test } from 'vitest';
import { projectFolder } from '../support/command.ts';
import type { HostResult } from './host/harness.ts';
import { POST_OFFICE, TESTS } from './programs.ts';
import { Workspace } from './support/session.ts';

// They run in the extension host, all at once, and are told of here one by one.
const results = await runInExtensionHost();

for (const { name, error } of results) {
  test(`in the extension host: ${name}`, () => {
    expect(error).toBe(undefined);
  });
}

async function runInExtensionHost(): Promise<HostResult[]> {
  const folder = mkdtempSync(join(tmpdir(), 'lunatic-host-'));
  const workspace = new Workspace({ 'post-office.wat': POST_OFFICE, 'tests.wat': TESTS });
  const resultsFile = join(folder, 'results.json');
  const code = join(folder, 'code');
  const main = join(import.meta.dirname, 'support', 'code.ts');
  writeFileSync(code, `#!/bin/sh\nexec "${process.execPath}" "${main}" "$@"\n`, { mode: 0o755 });
  const tests = join(folder, 'tests.cjs');
  await build({
    entryPoints: [join(import.meta.dirname, 'host', 'index.ts')],
    outfile: tests,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    external: ['vscode'],
    sourcemap: 'inline',
    logLevel: 'warning',
  });
  try {
    await runTests({
      vscodeExecutablePath: code,
      extensionDevelopmentPath: projectFolder,
      extensionTestsPath: tests,
      launchArgs: [workspace.folder],
      extensionTestsEnv: { LUNATIC_HOST_RESULTS: resultsFile },
      reuseMachineInstall: true,
    });
    return JSON.parse(readFileSync(resultsFile, 'utf8'));
  } finally {
    rmSync(folder, { recursive: true });
    workspace.remove();
  }
}
