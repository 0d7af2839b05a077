import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { assembleText } from '../../runtime/wat/index.ts';
import { launcher } from '../support/command.ts';
import { withFolder } from './startup.ts';

/** Bytes of a report of a guest: two numbers. */
const REPORT = 16;
/** Milliseconds after which a command hangs. */
const PATIENCE = 300_000;

/** What a guest reported: a time in nanoseconds, or where another process is, and a count, or where the root process is. */
export interface Report {
  readonly first: number;
  readonly second: number;
}

/** The options of the command for a number of schedulers; null for the default. */
export function withSchedulers(count: number | null): string[] {
  return count === null ? [] : ['--schedulers', String(count)];
}

/**
 * Runs a text module in the command, as a user does.
 * @returns what it reported
 * @throws Error if it does not end normally with so many reports
 */
export function reportsOf(program: string, schedulers: number | null, count: number): Promise<Report[]> {
  return withFolder(async (folder) => {
    const file = join(folder, 'bench.wasm');
    writeFileSync(file, await assembleText(program, 'bench.wat'));
    const args = [launcher, 'run', ...withSchedulers(schedulers), file];
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'], timeout: PATIENCE });
    const chunks: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
    const end = await new Promise((done, failed) => {
      child.once('error', failed);
      child.once('close', (code, signal) => done(signal ?? code));
    });
    const bytes = Buffer.concat(chunks);
    if (end !== 0) throw new Error(`the guest ended with ${end}`);
    if (bytes.length !== count * REPORT) throw new Error(`the guest reported ${bytes.length} bytes`);
    return Array.from({ length: count }, (_, i) => ({
      first: Number(bytes.readBigUInt64LE(i * REPORT)),
      second: Number(bytes.readBigUInt64LE(i * REPORT + 8)),
    }));
  });
}

/**
 * Runs a program of `scheduler-programs.ts` that first tells where its processes are.
 * @param isApart whether they must be on different schedulers
 * @returns the nanoseconds that its work took
 * @throws Error if they are elsewhere, or if it has not counted what it must
 */
export async function timeOf(
  program: string,
  schedulers: number,
  isApart: boolean,
  counted: number,
): Promise<number> {
  const [places, work] = await reportsOf(program, schedulers, 2);
  if (places === undefined || work === undefined) throw new Error('the guest reported nothing');
  if ((places.first !== places.second) !== isApart) {
    const where = `the processes are on schedulers ${places.second} and ${places.first}`;
    throw new Error(`${where}, and must be on ${isApart ? 'two' : 'one'}`);
  }
  if (work.second !== counted) throw new Error(`${work.second} messages were counted, not ${counted}`);
  return work.first;
}
