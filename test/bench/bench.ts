import { fork } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { V8_FLAGS } from '../../runtime/kernel/jspi.ts';
import { type Benchmark, type Figure, type Result, type Row, result } from './benchmark.ts';
import { Table } from './table.ts';

/** Tells the Node that measures which benchmark it is for. */
const MEASURES = 'LUNATIC_BENCHMARK';

/** What a Node that measures answers. */
type Answer = { readonly figures: readonly Figure[] } | { readonly error: string };

const USAGE = `npm run bench -- [--list] [--details] [--json FILE] [NAME...]

Measures every row, or those whose name contains one of NAME.
  --list       print the rows and what they measure
  --details    print what is behind a figure, where there is more
  --json FILE  also write the results as an array of objects`;

/**
 * The command. Each benchmark runs in a Node of its own, with the flags of the scheduler's: what one leaves in the
 * heap or in the optimizing compiler is not in the figures of another.
 * @returns the exit code: 1 where a measurement failed, 2 for a wrong command line; figures are not judged
 */
export async function bench(benchmarks: readonly Benchmark[], args: readonly string[]): Promise<number> {
  const own = benchmarks[Number(process.env[MEASURES] ?? -1)];
  if (own !== undefined) return await answer(own);
  const command = readCommand(
    args,
    benchmarks.flatMap(({ rows }) => rows),
  );
  if (typeof command === 'string') {
    process.stderr.write(`${command}\n`);
    return 2;
  }
  if (command.list) {
    for (const { name, what } of command.rows) console.log(`${name.padEnd(27)}  ${what}`);
    return 0;
  }
  const results: Result[] = [];
  let failed = false;
  const table = new Table(console.log);
  table.head();
  for (const [i, { rows, missing }] of benchmarks.entries()) {
    const wanted = rows.filter((row) => command.rows.includes(row));
    if (wanted.length === 0) continue;
    if (missing) {
      for (const row of wanted) table.leftOut(row, missing);
      continue;
    }
    const found = await measureApart(i);
    for (const row of wanted) {
      const figure = 'figures' in found ? found.figures[rows.indexOf(row)] : undefined;
      if (figure === undefined) {
        table.failure(row, 'error' in found ? found.error : 'it gave no figure');
        failed = true;
        continue;
      }
      results.push(result(row, figure));
      table.row(row, result(row, figure));
      if (command.details) for (const line of figure.details ?? []) table.detail(line);
    }
  }
  if (command.json !== undefined) writeFileSync(command.json, `${JSON.stringify(results, null, 2)}\n`);
  return failed ? 1 : 0;
}

interface BenchCommand {
  readonly rows: readonly Row[];
  readonly list: boolean;
  readonly details: boolean;
  readonly json: string | undefined;
}

/** Reads the command line, or says what is wrong with it. */
function readCommand(args: readonly string[], rows: readonly Row[]): BenchCommand | string {
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: { list: { type: 'boolean' }, details: { type: 'boolean' }, json: { type: 'string' } },
    });
    const matches = (name: string) =>
      rows.filter((row) => row.name.toLowerCase().includes(name.toLowerCase()));
    const unknown = positionals.filter((name) => matches(name).length === 0);
    if (unknown.length > 0) {
      const names = rows.map(({ name }) => `  ${name}`).join('\n');
      return `no row is named like ${unknown.map((name) => `"${name}"`).join(', ')}; there are\n${names}`;
    }
    return {
      rows: positionals.length === 0 ? rows : positionals.flatMap(matches),
      list: values.list ?? false,
      details: values.details ?? false,
      json: values.json,
    };
  } catch (error) {
    return `${error instanceof Error ? error.message : error}\n\n${USAGE}`;
  }
}

function measureApart(i: number): Promise<Answer> {
  return new Promise((resolve) => {
    const child = fork(process.argv[1] ?? '', {
      execArgv: [...V8_FLAGS],
      env: { ...process.env, [MEASURES]: String(i) },
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    child.on('message', (message: Answer) => resolve(message));
    child.on('error', (error) => resolve({ error: error.message }));
    // After an answer this changes nothing.
    child.on('close', (code, signal) =>
      resolve({ error: `the Node that measured ended with ${signal ?? code}` }),
    );
  });
}

async function answer(benchmark: Benchmark): Promise<number> {
  let found: Answer;
  try {
    found = { figures: await benchmark.measure() };
  } catch (error) {
    found = { error: error instanceof Error ? error.message : String(error) };
  }
  await new Promise((sent) => process.send?.(found, sent));
  return 0;
}
