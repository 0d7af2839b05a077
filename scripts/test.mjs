// `npm test`: installs what is missing, checks the sources, and runs every test. The last line has the totals.
// Arguments are passed to vitest, and then checks and fuzzers are left out. Tests in a workbench need Chromium, and run last but
// for the fuzzers.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative, resolve } from 'node:path';
import { check } from './check.mjs';
import { findChromium } from './chromium.mjs';
import { findOlderNode } from './older-node.mjs';
import { install, jspiNode, projectFolder, run } from './setup.mjs';
import { canMountSmallDisk } from './small-disk.mjs';

const WORKBENCH = join('test', 'workbench');

/** What fuzzers are given: a third of a minute each, and a longer time to wait than by hand, since this machine may be any. */
const FUZZ_MINUTES = '0.33';
const FUZZ_SEED = '1';
const FUZZ_GAP = '100';
const FUZZ_JOBS = '2';

/** Commands without which some tests are left out, and what these test. */
const TOOLS = {
  cargo: 'crates that are built and debugged from the editor, and templates in Rust',
  clang: 'programs in C that are built from the editor, and templates in C',
  curl: 'an HTTP server that a client from elsewhere talks to',
  fish: 'the completions of fish',
  make: 'templates in C',
  rustfmt: 'the form of templates in Rust',
  zsh: 'the completions of zsh',
};

install();
const args = process.argv.slice(2);
const total = args.length === 0 ? check() : { passed: 0, failed: 0 };
const leftOut = [];

// Words that name files, and not the value of an option.
const files = args.filter((word, i) => !word.startsWith('-') && !/^-[a-zA-Z]$/.test(args[i - 1] ?? ''));
const inWorkbench = files.filter((word) => relative(projectFolder, resolve(word)).startsWith(WORKBENCH));
const others = args.filter((word) => !inWorkbench.includes(word));

if (files.length === 0 || files.length > inWorkbench.length) runVitest(others);
if (files.length === 0 || inWorkbench.length > 0) runWorkbenchTests();

if (args.length === 0) runFuzzers();
if (files.length === 0) tellMissingTools();

for (const text of leftOut) console.log(`\nLEFT OUT: ${text}`);
console.log(`${total.passed} passed, ${total.failed} failed`);
process.exit(total.failed === 0 ? 0 : 1);

/** Runs each fuzzer for a short time, always the same cases as far as it gets. Each counts as a test. */
function runFuzzers() {
  const folder = mkdtempSync(join(tmpdir(), 'lunatic-test-'));
  const report = join(folder, 'report.json');
  const options = ['--minutes', FUZZ_MINUTES, '--seed', FUZZ_SEED, '--gap', FUZZ_GAP, '--jobs', FUZZ_JOBS];
  run(jspiNode, [join('test', 'fuzz', 'main.ts'), ...options, '--json', report]);
  const { passed, failed } = existsSync(report)
    ? JSON.parse(readFileSync(report, 'utf8'))
    : { passed: 0, failed: 1 };
  total.passed += passed;
  total.failed += failed;
  rmSync(folder, { recursive: true });
}

function tellMissingTools() {
  for (const [tool, tested] of Object.entries(TOOLS)) {
    const { error } = spawnSync(tool, ['--version'], { stdio: 'ignore' });
    if (error !== undefined) leftOut.push(`tests of ${tested}. They need ${tool}.`);
  }
  if (!canMountSmallDisk())
    leftOut.push(
      'tests of databases on a full disk. They need a file system of their own, from `unshare` and `mount`.',
    );
  if (findOlderNode() === undefined)
    leftOut.push(
      'tests of the command on an older Node. They need one that cannot suspend wasm in the PATH.',
    );
}

function runWorkbenchTests() {
  if (findChromium() === undefined) {
    leftOut.push(
      `the tests in a VS Code workbench (${WORKBENCH}). They need Chromium: install it, or name it in the variable CHROMIUM.`,
    );
    return;
  }
  if (process.platform !== 'linux') {
    leftOut.push(`the tests in a VS Code workbench (${WORKBENCH}). They need Linux.`);
    return;
  }
  const folder = join(projectFolder, WORKBENCH);
  const words = args.map((word) => (inWorkbench.includes(word) ? relative(folder, resolve(word)) : word));
  runVitest(['--config', join(WORKBENCH, 'vitest.config.ts'), ...words.filter((word) => word !== '')]);
}

/** Runs vitest and adds up its counts. */
function runVitest(words) {
  const folder = mkdtempSync(join(tmpdir(), 'lunatic-test-'));
  const report = join(folder, 'report.json');
  const vitest = join(projectFolder, 'node_modules', 'vitest', 'vitest.mjs');
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
  const code = run(jspiNode, [vitest, 'run', ...reporters, ...words]);
  const failedBefore = total.failed;
  if (existsSync(report)) {
    const { numPassedTests, numFailedTests, testResults } = JSON.parse(readFileSync(report, 'utf8'));
    total.passed += numPassedTests;
    total.failed += numFailedTests;
    // A file that cannot even be loaded has no failed test.
    total.failed += testResults.filter(
      (file) => file.status === 'failed' && file.assertionResults.length === 0,
    ).length;
  }
  rmSync(folder, { recursive: true });
  // Errors outside of tests fail the run too.
  if (code !== 0 && total.failed === failedBefore) total.failed++;
}
