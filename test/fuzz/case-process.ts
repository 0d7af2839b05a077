import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { V8_FLAGS } from '../../runtime/internal.ts';
import type { Report, Task } from './report.ts';

/** Milliseconds between two looks at the OS process. */
const LOOK_INTERVAL = 250;
/** Seconds of computing until the first word: its script and those of the runtime are read, and the fuzzer is made ready. */
const BEGINNING = 30;
/** Seconds without a word, however little was computed, after which a case counts as one that blocks. */
const SILENT_WAITING = 120;
/** Bytes that the OS process may have in memory, whatever the case. */
const MOST_MEMORY = 4 * 2 ** 30;
/** The unit of processor times that Linux tells, in seconds. */
const TICK = 0.01;
const PAGE = 4096;
/** Characters of what the OS process printed that are told. */
const WORDS_TOLD = 4000;

/**
 * Runs cases in an OS process of their own.
 * @param silence seconds of computing without a word after which a case that has begun counts as one that blocks
 * @returns null if it has run them to the end, or how it ended in a case
 */
export function runCases(
  task: Task,
  silence: number,
  onReport: (report: Report) => void,
): Promise<string | null> {
  const child = spawn(
    process.execPath,
    [...V8_FLAGS, join(import.meta.dirname, 'worker.ts'), JSON.stringify(task)],
    { stdio: ['ignore', 'pipe', task.traces ? 'inherit' : 'pipe'], cwd: task.folder },
  );
  const { promise, resolve } = Promise.withResolvers<string | null>();
  let errors = '';
  let ended = false;
  let patience = BEGINNING;
  let reason: string | null = null;
  let spoken = { at: Date.now(), computed: 0 };
  child.stderr?.on('data', (chunk: Buffer) => {
    errors = (errors + chunk.toString()).slice(-WORDS_TOLD);
  });
  const lines = child.stdout === null ? null : createInterface({ input: child.stdout });
  lines?.on('line', (line) => {
    const report: Report = JSON.parse(line);
    spoken = { at: Date.now(), computed: usage(child.pid)?.seconds ?? 0 };
    patience = silence;
    if (report.kind === 'ended') ended = true;
    onReport(report);
  });
  const look = setInterval(() => {
    const used = usage(child.pid);
    const computing = (used?.seconds ?? 0) - spoken.computed;
    const waiting = (Date.now() - spoken.at) / 1000;
    if (computing > patience) reason = `it blocks: ${Math.round(computing)} s of computing without an end`;
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
