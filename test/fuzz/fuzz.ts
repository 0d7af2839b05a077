import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { V8_FLAGS } from '../../runtime/internal.ts';
import type { Report, Task } from './report.ts';

/** Cases after which a fresh OS process goes on, so that what earlier ones left behind hides nothing. */
const CASES_PER_PROCESS = 100;
/** Milliseconds between two looks at the OS process. */
const LOOK_INTERVAL = 250;
/** Seconds of computing without a word, and of waiting, after which a case counts as one that blocks. */
const SILENT_COMPUTING = 15;
const SILENT_WAITING = 120;
/** Bytes that the OS process may have in memory, whatever the case. */
const MOST_MEMORY = 4 * 2 ** 30;
/** The unit of processor times that Linux tells, in seconds. */
const TICK = 0.01;
const PAGE = 4096;

interface Options {
  readonly seed: number;
  readonly minutes: number;
  readonly gap: number;
  /** The only case to run, with more words; null for as many as there is time for. */
  readonly only: number | null;
}

/** Runs a fuzzer for a time, and prints what it finds. Returns the number of cases that found something. */
export async function fuzz(name: string, { seed, minutes, gap, only }: Options): Promise<number> {
  const begin = Date.now();
  const until = only === null ? begin + minutes * 60_000 : Number.MAX_SAFE_INTEGER;
  const figures = new Map<string, number>();
  let next = only ?? 0;
  let passed = 0;
  let found = 0;
  const tell = (number: number, text: string) => {
    found++;
    console.log(`\nFOUND by ${name}, case ${number}: ${text}`);
    console.log(`  again: npm run fuzz -- ${name} --seed ${seed} --case ${number}\n`);
  };
  while (Date.now() < until && (only === null || next === only)) {
    const folder = realpathSync(mkdtempSync(join(tmpdir(), `lunatic-fuzz-`)));
    const most = only === null ? CASES_PER_PROCESS : 1;
    const task: Task = { fuzzer: name, seed, first: next, most, until, folder, gap, traces: only !== null };
    const end = await runCases(task, (report) => {
      if (report.kind === 'begun') next = report.number + 1;
      if (report.kind === 'found') tell(report.number, report.text);
      if (report.kind !== 'passed') return;
      passed++;
      for (const [key, value] of Object.entries(report.figures))
        figures.set(key, Math.max(value, figures.get(key) ?? 0));
    });
    rmSync(folder, { recursive: true, force: true });
    if (end === null) continue;
    // It did not even begin: no case is at fault, and it would go on so.
    if (next === (only ?? 0)) throw new Error(`the fuzzer ${name} cannot run: ${end}`);
    tell(next - 1, end);
  }
  const seconds = Math.round((Date.now() - begin) / 1000);
  const shown = [...figures].map(([key, value]) => `${key} ${Math.round(value * 10) / 10}`);
  console.log(
    `${found === 0 ? 'ok' : 'FAILED'}: fuzzer ${name}, seed ${seed}: ${passed + found} cases in ${seconds} s, ` +
      `${found} of them found something${shown.map((text) => `; ${text}`).join('')}`,
  );
  return found;
}

/** Runs cases in an OS process of their own. Returns null if it has run them to the end, or how it ended in a case. */
function runCases(task: Task, onReport: (report: Report) => void): Promise<string | null> {
  const child = spawn(
    process.execPath,
    [...V8_FLAGS, join(import.meta.dirname, 'worker.ts'), JSON.stringify(task)],
    { stdio: ['ignore', 'pipe', task.traces ? 'inherit' : 'pipe'], cwd: task.folder },
  );
  const { promise, resolve } = Promise.withResolvers<string | null>();
  let errors = '';
  let ended = false;
  let reason: string | null = null;
  let spoken = { at: Date.now(), computed: 0 };
  child.stderr?.on('data', (chunk: Buffer) => {
    errors = (errors + chunk.toString()).slice(-4000);
  });
  const lines = child.stdout === null ? null : createInterface({ input: child.stdout });
  lines?.on('line', (line) => {
    const report: Report = JSON.parse(line);
    spoken = { at: Date.now(), computed: usage(child.pid)?.seconds ?? 0 };
    if (report.kind === 'ended') ended = true;
    onReport(report);
  });
  const look = setInterval(() => {
    const used = usage(child.pid);
    const computing = (used?.seconds ?? 0) - spoken.computed;
    const waiting = (Date.now() - spoken.at) / 1000;
    if (computing > SILENT_COMPUTING)
      reason = `it blocks: ${Math.round(computing)} s of computing without an end`;
    else if (waiting > SILENT_WAITING) reason = `it has not ended after ${Math.round(waiting)} s`;
    else if ((used?.memory ?? 0) > MOST_MEMORY) reason = `${used?.memory} bytes in memory`;
    if (reason !== null) child.kill('SIGKILL');
  }, LOOK_INTERVAL);
  child.on('close', (code, signal) => {
    clearInterval(look);
    if (ended) resolve(null);
    else resolve(reason ?? `the OS process ended with ${signal ?? `code ${code}`}: ${errors.trim()}`);
  });
  return promise;
}

/** What an OS process has used: seconds of processor time, and bytes in memory now. Undefined where that cannot be known. */
function usage(pid: number | undefined): { seconds: number; memory: number } | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // The name of the command, in parentheses, may contain anything.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const seconds = (Number(fields[11]) + Number(fields[12])) * TICK;
    return { seconds, memory: Number(fields[21]) * PAGE };
  } catch {
    return undefined;
  }
}
