/** What it costs that a program can be inspected. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { InspectClient } from '../../runtime/inspect/client.ts';
import { INSPECTOR_ANNOUNCEMENT } from '../../runtime/inspect/protocol.ts';
import { RunningCommand } from '../support/command.ts';
import { alternate } from './alternate.ts';
import { bench } from './bench.ts';
import type { Benchmark } from './benchmark.ts';
import { roundTrip } from './messages.ts';

const ROUNDS = 12;
const MESSAGES = 1_000_000;

/** Microseconds a round trip takes, by the program's own clock. */
function timeOf(printed: Buffer): number {
  const count = printed.readBigUint64LE(8);
  if (count !== BigInt(MESSAGES)) throw new Error(`${count} messages were passed on, not ${MESSAGES}`);
  return Number(printed.readBigUint64LE(0)) / 1000 / MESSAGES;
}

async function measure(command: RunningCommand, printed: Promise<Buffer>): Promise<number> {
  const { exitCode, stderr } = await command.ended;
  if (exitCode !== 0) throw new Error(`the program ended with ${exitCode}: ${stderr}`);
  return timeOf(await printed);
}

/** What a command prints, as bytes. */
function bytesOf({ child }: RunningCommand): Promise<Buffer> {
  const chunks: Buffer[] = [];
  return new Promise((done) => {
    child.stdout?.on('data', (chunk: Buffer) => chunks.push(chunk));
    child.on('close', () => done(Buffer.concat(chunks)));
  });
}

async function off(file: string): Promise<number> {
  const command = new RunningCommand(['run', file]);
  return await measure(command, bytesOf(command));
}

/** With a client that has connected before the program begins, and watches nothing. */
async function on(file: string): Promise<number> {
  const command = new RunningCommand(['run', '--inspect-wait', file]);
  const printed = bytesOf(command);
  await command.printed('\n', 'stderr');
  const [, url = ''] = command.stderr.split(INSPECTOR_ANNOUNCEMENT);
  const client = await InspectClient.connect(url.trim(), { client: 'bench' });
  await client.request('start', {});
  const time = await measure(command, printed);
  await client.closed;
  return time;
}

export const inspection: Benchmark = {
  rows: [
    {
      name: 'inspector on and idle',
      unit: 'us',
      what: 'a round trip under `lunatic run --inspect`, with a client that watches nothing',
      peer: 'off',
      better: 'less',
      must: 1.05,
      aim: 1.02,
    },
  ],
  async measure() {
    const folder = mkdtempSync(join(tmpdir(), 'lunatic-bench-'));
    try {
      const file = join(folder, 'round-trip.wat');
      writeFileSync(file, roundTrip(MESSAGES, 0));
      return [
        await alternate(
          ROUNDS,
          () => on(file),
          () => off(file),
        ),
      ];
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
};

if (import.meta.main) process.exit(await bench([inspection], process.argv.slice(2)));
