/** What it costs that a program is debugged, as its author and the debugger see it. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { InspectClient } from '../../runtime/inspect/client.ts';
import {
  INSPECTOR_ANNOUNCEMENT,
  keyFromText,
  type Notifications,
  type ProcessKey,
} from '../../runtime/inspect/protocol.ts';
import { readModule } from '../../runtime/wasm/index.ts';
import { LineStarts, TextPlaces } from '../../runtime/wat/index.ts';
import { RunningCommand } from '../support/command.ts';
import { alternate } from './alternate.ts';
import { bench } from './bench.ts';
import type { Benchmark } from './benchmark.ts';
import { hits, roundTrip, steps } from './messages.ts';

const HITS = 2_000_000;
const MESSAGES = 1_000_000;
const ALIVE = 10_000;
/** Steps that are timed, after some that are not. */
const STEPS = 60;
const WARM_UP = 10;

/** A program under the command. */
class Session {
  readonly #command: RunningCommand;
  readonly #printed: Promise<Buffer>;

  constructor(file: string, options: readonly string[]) {
    this.#command = new RunningCommand(['run', ...options, file], { input: null });
    const chunks: Buffer[] = [];
    const { child } = this.#command;
    child.stdout?.on('data', (chunk: Buffer) => chunks.push(chunk));
    this.#printed = new Promise((done) => {
      child.on('close', () => done(Buffer.concat(chunks)));
    });
  }

  async connect(): Promise<InspectClient> {
    await this.#command.printed('\n', 'stderr');
    const [, url = ''] = this.#command.stderr.split(INSPECTOR_ANNOUNCEMENT);
    return await InspectClient.connect(url.trim(), { client: 'bench' });
  }

  /** Waits for its end. @returns the nanoseconds that it has reported, for so many things done */
  async finish(count: number): Promise<number> {
    const { exitCode, stderr } = await this.#command.ended;
    if (exitCode !== 0) throw new Error(`the program ended with ${exitCode}: ${stderr}`);
    const printed = await this.#printed;
    const done = printed.readBigUint64LE(8);
    if (done !== BigInt(count)) throw new Error(`${done} were done, not ${count}`);
    return Number(printed.readBigUint64LE(0));
  }

  kill(): void {
    this.#command.child.kill('SIGKILL');
  }
}

const DEBUGGED = ['--inspect=127.0.0.1:0,debug', '--inspect-wait'];

/** The offset at which the line with a comment begins. */
async function offsetOf(client: InspectClient, text: string, comment: string): Promise<number> {
  const { data } = await client.request('module/bytes', { module: 'm1' });
  const places = new TextPlaces(readModule(Buffer.from(data, 'base64')), text);
  const lines = new LineStarts(text);
  const wanted = lines.positionAt(text.indexOf(`;; ${comment}`)).line;
  const found = [...places.lineOffsets()].find(
    (offset) => lines.positionAt(places.at(offset)?.start ?? 0).line === wanted,
  );
  if (found === undefined) throw new Error(`no code at ${comment}`);
  return found;
}

async function withProgram<Found>(text: string, measure: (file: string) => Promise<Found>): Promise<Found> {
  const folder = mkdtempSync(join(tmpdir(), 'lunatic-bench-'));
  try {
    const file = join(folder, 'program.wat');
    writeFileSync(file, text);
    return await measure(file);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Times that a breakpoint in a loop is come to in a second. Its condition reads a local and the memory. */
export const falseCondition: Benchmark = {
  rows: [
    {
      name: 'false condition, hits',
      what: 'how often a process comes to a breakpoint whose condition is false, in a second',
      unit: '/s',
      peer: null,
      better: 'more',
      must: 200_000,
      aim: 1_000_000,
    },
  ],
  async measure() {
    const text = hits(HITS);
    return await withProgram(text, async (file) => {
      let best = 0;
      for (let i = 0; i < 3; i++) {
        const session = new Session(file, DEBUGGED);
        const client = await session.connect();
        const offset = await offsetOf(client, text, 'hit');
        const names = { $n: { kind: 'local', index: 0 } } as const;
        const { sites, problems } = await client.request('module/breakpoints', {
          module: 'm1',
          offsets: [offset],
          terms: [{ id: 1, condition: '$n < 0 || *(i32*)64 == 5', names }],
        });
        if (sites[0] !== offset || problems?.[0] !== null) throw new Error('the breakpoint was not set');
        await client.request('start', {});
        best = Math.max(best, HITS / ((await session.finish(HITS)) / 1e9));
      }
      return [{ value: best, peerValue: null }];
    });
  },
};

export const debuggedMessages: Benchmark = {
  rows: [
    {
      name: 'messages in a debug session',
      what: 'a round trip in a program that is debugged, without a breakpoint',
      unit: 'us',
      peer: 'not debugged',
      better: 'less',
      must: 1.5,
      aim: 1.1,
    },
  ],
  async measure() {
    return await withProgram(roundTrip(MESSAGES, 0), async (file) => {
      const plain = async () => (await new Session(file, []).finish(MESSAGES)) / 1000 / MESSAGES;
      const debugged = async () => {
        const session = new Session(file, DEBUGGED);
        const client = await session.connect();
        await client.request('watch', { processes: 200, traps: true, failedExits: true });
        await client.request('start', {});
        return (await session.finish(MESSAGES)) / 1000 / MESSAGES;
      };
      return [await alternate(8, debugged, plain)];
    });
  },
};

export const stepAmongMany: Benchmark = {
  rows: [
    {
      name: 'step, 10,000 alive',
      what: 'from the request to step over a line until the process is said to have stopped, beside 10,000 processes that wait: the median',
      unit: 'ms',
      peer: null,
      better: 'less',
      must: 20,
      aim: 5,
    },
  ],
  async measure() {
    const text = steps(ALIVE);
    return await withProgram(text, async (file) => {
      const session = new Session(file, DEBUGGED);
      try {
        const client = await session.connect();
        const offset = await offsetOf(client, text, 'stand');
        await client.request('module/breakpoints', { module: 'm1', offsets: [offset] });
        await client.request('watch', { processes: 200, traps: true, failedExits: true });
        let wake: (event: Notifications['process/stopped']) => void = () => {};
        const nextStop = () =>
          new Promise<Notifications['process/stopped']>((done) => {
            wake = done;
          });
        client.on('process/stopped', (event) => wake(event));
        const first = nextStop();
        await client.request('start', {});
        await first;
        await client.request('module/breakpoints', { module: 'm1', offsets: [] });
        const { total } = await client.request('process/list', { limit: 1 });
        if (total !== ALIVE + 1) throw new Error(`${total} processes are alive`);
        const process: ProcessKey = keyFromText('1:1');
        const times: number[] = [];
        for (let i = 0; i < WARM_UP + STEPS; i++) {
          const stop = nextStop();
          const began = performance.now();
          await client.request('process/step', { process, kind: 'over', within: [] });
          const { why } = await stop;
          if (why !== 'step') throw new Error(`it stopped because of a ${why}`);
          const { frames } = await client.request('process/stack', { process });
          if (frames.length === 0) throw new Error('it has no stack');
          if (i >= WARM_UP) times.push(performance.now() - began);
        }
        times.sort((a, b) => a - b);
        const at = (part: number) => times[Math.floor(part * times.length)] ?? 0;
        return [
          {
            value: at(0.5),
            peerValue: null,
            details: [`least ${at(0).toFixed(2)} ms, 95 % below ${at(0.95).toFixed(2)} ms`],
          },
        ];
      } finally {
        session.kill();
      }
    });
  },
};

if (import.meta.main)
  process.exit(await bench([falseCondition, debuggedMessages, stepAmongMany], process.argv.slice(2)));
