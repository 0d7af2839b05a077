import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { lunatic } from '../support/command.ts';

const folder = mkdtempSync(join(tmpdir(), 'lunatic-llvm-cov-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const SOURCE = `
static int grade(int n) {
  if (n > 90)
    return 1;
  if (n > 50 && n % 2 == 0)
    return 2;
  return 3;
}

static int never_called(int n) {
  return n + 1;
}

static int kind(int code) {
  switch (code) {
    case 0:
      return 5;
    case 1:
      return 6;
    default:
      return 7;
  }
}

static int collatz(int n) {
  int steps = 0;
  while (n != 1) {
    if (n % 2 == 0)
      n /= 2;
    else
      n = 3 * n + 1;
    if (steps++ > 1000)
      break;
  }
  return steps;
}

int main(void) {
  int sum = 0;
  for (int i = 0; i < 3; i++)
    sum += grade(i * 40);
  sum += kind(1);
  if (sum > 1000) {
    sum += never_called(sum);
    return sum;
  }
  do { sum += collatz(sum); } while (sum < 100);
  return 0;
}
`;

/** Runs a tool in the folder; null if it, or a library that it needs, is not installed. */
function tool(command: string, ...args: string[]): string | null {
  try {
    const env = { ...process.env, LLVM_PROFILE_FILE: join(folder, 'native.profraw') };
    return execFileSync(command, args, { cwd: folder, encoding: 'utf8', stdio: 'pipe', env });
  } catch {
    return null;
  }
}

/** What a file for lcov says: lines and functions that were executed or not, and by line, how many ways of branches were. */
function readLcov(text: string) {
  const lines = new Map<number, boolean>();
  const functions = new Map<string, boolean>();
  const ways = new Map<number, string>();
  const taken = new Map<number, [taken: number, all: number]>();
  for (const record of text.split('\n')) {
    const [name, values = ''] = record.split(/:(.*)/s);
    const fields = values.split(',');
    const number = Number(fields[0]);
    if (name === 'DA') lines.set(number, Number(fields[1]) > 0);
    if (name === 'FNDA') functions.set((fields[1] ?? '').replace(/^.*:/, ''), number > 0);
    if (name === 'BRDA') {
      const [count, all] = taken.get(number) ?? [0, 0];
      taken.set(number, [count + (Number(fields[3]) > 0 ? 1 : 0), all + 1]);
    }
  }
  for (const [line, [count, all]] of taken) ways.set(line, `${count} of ${all}`);
  return { lines, functions, ways };
}

writeFileSync(join(folder, 'program.c'), SOURCE);
tool('clang', '-g', '-O0', '-fprofile-instr-generate', '-fcoverage-mapping', 'program.c', '-o', 'native');
tool(join(folder, 'native'));
tool('llvm-profdata', 'merge', 'native.profraw', '-o', 'native.profdata');
const native = tool('llvm-cov', 'export', '-format=lcov', '-instr-profile=native.profdata', './native');
const start = 'int main(void); void _start(void) { main(); }';
writeFileSync(join(folder, 'start.c'), start);
const wasm = ['--target=wasm32', '-nostdlib', '-g', '-O0', 'program.c', 'start.c', '-o', 'program.wasm'];
const isBuilt = native !== null && tool('clang', ...wasm) !== null;
if (!isBuilt)
  console.log('clang with its profile library, wasm-ld or llvm-cov is missing: the comparison is left out');

test.skipIf(!isBuilt)('coverage of C is that which llvm-cov tells of the same source', async () => {
  const { exitCode } = await lunatic(
    ['run', '--coverage=lcov', '--coverage-file=ours.info', 'program.wasm'],
    {
      cwd: folder,
    },
  );
  expect(exitCode).toBe(0);
  const ours = readFileSync(join(folder, 'ours.info'), 'utf8');
  const own = readLcov(ours.slice(ours.indexOf('program.c'), ours.indexOf('end_of_record')));
  const theirs = readLcov(native ?? '');
  // Braces and the like have no code of their own, and so are no lines of ours.
  expect(own.lines.size).toBeGreaterThan(30);
  for (const [line, isExecuted] of own.lines) expect(theirs.lines.get(line), `line ${line}`).toBe(isExecuted);
  for (const [line, text] of SOURCE.split('\n').entries())
    if (theirs.lines.has(line + 1) && /[;(]/.test(text)) expect(own.lines.has(line + 1), text).toBe(true);
  expect(own.functions).toEqual(theirs.functions);
  // A switch is one branch of several ways there, and a branch for each case here; both have the same at other lines.
  const isCase = (line: number) => /switch|case|default/.test(SOURCE.split('\n')[line - 1] ?? '');
  const branches = (ways: ReadonlyMap<number, string>) =>
    [...ways].filter(([line]) => !isCase(line)).sort(([a], [b]) => a - b);
  expect(branches(own.ways)).toEqual(branches(theirs.ways));
});
