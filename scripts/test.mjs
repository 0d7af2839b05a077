// `npm test`: installs what is missing, checks the sources, and runs every test. At the end it lists what failed, and the last
// line has the totals.
// Arguments are passed to vitest, and then checks and fuzzers are left out. Tests in a workbench need Chromium, and run last but
// for the fuzzers.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join, relative, resolve } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { check } from './check.mjs';
import { findChromium } from './chromium.mjs';
import { findOlderNode } from './older-node.mjs';
import { canBuildRust } from './rust.mjs';
import { install, jspiNode, projectFolder, run } from './setup.mjs';
import { canMountSmallDisk } from './small-disk.mjs';

const WORKBENCH = join('test', 'workbench');

/** What fuzzers are given: a third of a minute each, and a longer time to wait than by hand, since this machine may be any. */
const FUZZ_MINUTES = '0.33';
const FUZZ_SEED = '1';
const FUZZ_GAP = '100';
const FUZZ_JOBS = '2';

/** How many failures are listed at most, and how many characters of each. */
const MAX_LISTED = 50;
const MAX_LISTED_LENGTH = 300;

/** Commands without which some tests are left out, and what these test. */
const TOOLS = {
  clang: 'programs in C that are built from the editor, and templates in C',
  cmake: 'projects of CMake',
  curl: 'an HTTP server that a client from elsewhere talks to',
  fish: 'the completions of fish',
  make: 'templates in C',
  'nats-server': 'clusters over NATS',
  rustfmt: 'the form of templates in Rust',
  zsh: 'the completions of zsh',
};

install();
const args = process.argv.slice(2);
const leftOut = [];
let passed = 0;
/** A line for each test that failed. */
const failures = [];

// Words that name files, and not the value of an option.
const files = args.filter((word, i) => !word.startsWith('-') && !/^-[a-zA-Z]$/.test(args[i - 1] ?? ''));
const inWorkbench = files.filter((word) => relative(projectFolder, resolve(word)).startsWith(WORKBENCH));
const others = args.filter((word) => !inWorkbench.includes(word));

if (args.length === 0) count(check(), 'check');
if (files.length === 0 || files.length > inWorkbench.length) runVitest(others);
if (files.length === 0 || inWorkbench.length > 0) runWorkbenchTests();

if (args.length === 0) runFuzzers();
if (files.length === 0) tellMissingTools();

for (const text of leftOut) console.log(`\nLEFT OUT: ${text}`);
listFailures();
console.log(`${passed} passed, ${failures.length} failed`);
process.exit(failures.length === 0 ? 0 : 1);

/** Adds up a result: how many passed, and the names of those that failed. */
function count(result, kind) {
  passed += result.passed;
  for (const name of result.failed) failures.push(`${kind} > ${name}`);
}

/** Lists what failed for those who see only the end of the output. */
function listFailures() {
  if (failures.length === 0) return;
  console.log('\nFAILED:');
  for (const line of failures.slice(0, MAX_LISTED)) console.log(`  ${line.slice(0, MAX_LISTED_LENGTH)}`);
  if (failures.length > MAX_LISTED) console.log(`  and ${failures.length - MAX_LISTED} more`);
}

/** Runs each fuzzer for a short time, always the same cases as far as it gets. Each counts as a test. */
function runFuzzers() {
  const folder = mkdtempSync(join(tmpdir(), 'lunatic-test-'));
  const report = join(folder, 'report.json');
  const options = ['--minutes', FUZZ_MINUTES, '--seed', FUZZ_SEED, '--gap', FUZZ_GAP, '--jobs', FUZZ_JOBS];
  run(jspiNode, [join('test', 'fuzz', 'main.ts'), ...options, '--json', report]);
  const ended = existsSync(report);
  count(ended ? JSON.parse(readFileSync(report, 'utf8')) : { passed: 0, failed: ['all'] }, 'fuzzer');
  rmSync(folder, { recursive: true });
}

function tellMissingTools() {
  for (const [tool, tested] of Object.entries(TOOLS)) {
    const { error } = spawnSync(tool, ['--version'], { stdio: 'ignore' });
    if (error !== undefined) leftOut.push(`tests of ${tested}. They need ${tool}.`);
  }
  if (!canBuildRust())
    leftOut.push(
      'tests of crates that are built and debugged from the editor, and templates in Rust. They need cargo, and a Rust that builds for WebAssembly.',
    );
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
  const failedBefore = failures.length;
  if (existsSync(report)) {
    const { numPassedTests, testResults } = JSON.parse(readFileSync(report, 'utf8'));
    passed += numPassedTests;
    for (const file of testResults) failures.push(...failuresIn(file));
  }
  rmSync(folder, { recursive: true });
  // Errors outside of tests fail the run too.
  if (code !== 0 && failures.length === failedBefore) failures.push('vitest > an error outside of tests');
}

/**
 * Returns a line for each failed test of a file in vitest's report: the file, the test, the first line of its error, what it waited for
 * where that is known, and the line of the test file.
 */
function failuresIn({ name, status, message, assertionResults }) {
  const path = relative(projectFolder, name);
  const line = (test, error = '') => {
    // The report has the stack of a test that was timed out, which begins with a word of vitest's instead of the message.
    const text = stripVTControlCharacters(
      error.replace(/^Error: STACK_TRACE_ERROR/, 'it took longer than its time limit'),
    );
    const [first] = text.trim().split('\n', 1);
    const awaited = /waiting for locator.*/.exec(text)?.[0] ?? '';
    const at = Number.parseInt(text.split(`${basename(path)}:`)[1] ?? '', 10);
    const place = Number.isNaN(at) ? '' : `(line ${at})`;
    return `${path} > ${test}: ${first} ${awaited} ${place}`.replaceAll(/\s+/g, ' ').trim();
  };
  const failed = assertionResults.filter((test) => test.status === 'failed');
  // A file that cannot even be loaded, or prepared, has no failed test.
  if (status === 'failed' && failed.length === 0) return [line('the file', message || 'a hook of it failed')];
  return failed.map(({ fullName, failureMessages }) => line(fullName, failureMessages[0]));
}
