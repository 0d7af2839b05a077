// `npm test`: installs what is missing, checks the sources, runs every test. The last line counts both.
// Arguments go to vitest; with some, the checks are left out.
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { check } from './check.mjs';
import { install, jspiNode, projectFolder, run } from './setup.mjs';

install();
const args = process.argv.slice(2);
let { passed, failed } = args.length === 0 ? check() : { passed: 0, failed: 0 };

const folder = mkdtempSync(join(tmpdir(), 'lunatic-test-'));
const report = join(folder, 'report.json');
const vitest = join(projectFolder, 'node_modules', 'vitest', 'vitest.mjs');
const code = run(jspiNode, [
  vitest,
  'run',
  '--reporter=default',
  '--reporter=json',
  `--outputFile.json=${report}`,
  ...args,
]);
if (existsSync(report)) {
  const { numPassedTests, numFailedTests, testResults } = JSON.parse(readFileSync(report, 'utf8'));
  passed += numPassedTests;
  failed += numFailedTests;
  // A file that cannot even be loaded has no failed test.
  failed += testResults.filter(
    (file) => file.status === 'failed' && file.assertionResults.length === 0,
  ).length;
}
rmSync(folder, { recursive: true });
// Errors outside of tests fail the run too.
if (code !== 0 && failed === 0) failed = 1;
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);
