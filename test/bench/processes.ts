/** What processes and messages cost, beside Erlang's where `erl` is on the machine. */
import { alternate } from './alternate.ts';
import { bench } from './bench.ts';
import type { Benchmark, Row } from './benchmark.ts';
import { Erlang } from './erlang.ts';
import { GuestRun } from './guest-run.ts';
import { ring, roundTrip, sleeper, spawnToExit } from './messages.ts';

const ROUNDS = 7;
const MESSAGES = 1_000_000;
const SPAWNS = 200_000;
const WAITING = 10_000;

/** A program with a count of operations, and what must be true at its end. */
interface Work {
  readonly program: string;
  readonly operations: number;
  /** What the messages must have counted. */
  readonly counted: number;
  /** Processes that must still live when the root has ended. */
  readonly left: number;
}

const ALONE: Work = { program: roundTrip(MESSAGES, 0), operations: MESSAGES, counted: MESSAGES, left: 1 };
const AMONG_MANY: Work = { ...ALONE, program: roundTrip(MESSAGES, WAITING), left: WAITING + 1 };
const RING: Work = {
  program: ring(MESSAGES),
  operations: MESSAGES,
  counted: MESSAGES - MESSAGES / 1000,
  left: 999,
};
const SPAWN: Work = { program: spawnToExit(SPAWNS), operations: SPAWNS, counted: SPAWNS, left: 0 };

/** Microseconds an operation takes, by the program's own clock. Each run is checked, so each time is of work done. */
async function run(work: Work): Promise<number> {
  const guest = await GuestRun.start(work.program);
  const left = await guest.finish();
  const [report] = guest.reports;
  await guest.stop();
  if (left !== work.left) throw new Error(`${left} processes are left, not ${work.left}`);
  if (report?.count !== work.counted) {
    throw new Error(`${report?.count} messages were passed on, not ${work.counted}`);
  }
  return report.nanoseconds / 1000 / work.operations;
}

function besideErlang(row: Omit<Row, 'unit' | 'peer' | 'better'>, work: Work, peer: string): Benchmark {
  return {
    rows: [{ ...row, unit: 'us', peer: 'Erlang', better: 'less' }],
    async measure() {
      const erlang = new Erlang();
      try {
        return [
          await alternate(
            ROUNDS,
            () => run(work),
            async () => erlang.measure(peer, work.operations),
          ),
        ];
      } finally {
        erlang.close();
      }
    },
  };
}

const SLEEPS = 500;
const BUSY = 16;

const wakeUp: Benchmark = {
  rows: [
    {
      name: 'wake-up beside 16 busy',
      unit: 'ms',
      what: 'how late a process goes on that sleeps for 3 ms while 16 others compute; 99 of 100 times it is sooner',
      peer: null,
      better: 'less',
      must: 5,
      aim: 3,
    },
  ],
  async measure() {
    const guest = await GuestRun.start(sleeper(SLEEPS, BUSY));
    const left = await guest.finish();
    const late = guest.reports.map(({ nanoseconds }) => nanoseconds / 1e6).sort((a, b) => a - b);
    await guest.stop();
    if (left !== BUSY || late.length !== SLEEPS) throw new Error(`${left} processes are left, not ${BUSY}`);
    const at = (share: number) => late[Math.min(SLEEPS - 1, Math.floor(share * SLEEPS))] ?? 0;
    const details = [0.5, 0.9, 0.99, 1].map((share) => `${share * 100} %: ${at(share).toFixed(2)} ms`);
    return [{ value: at(0.99), peerValue: null, details: [details.join(', ')] }];
  },
};

export const processes: readonly Benchmark[] = [
  besideErlang(
    {
      name: 'round trip',
      what: 'a message of 16 bytes to another process and one back',
      must: 1,
      aim: 0.7,
    },
    ALONE,
    'round-trip',
  ),
  {
    rows: [
      {
        name: 'round trip, 10,000 waiting',
        unit: 'us',
        what: 'the same while 10,000 other processes wait',
        peer: 'none waiting',
        better: 'less',
        must: 1.15,
        aim: 1.05,
      },
    ],
    measure: async () => [
      await alternate(
        ROUNDS,
        () => run(AMONG_MANY),
        () => run(ALONE),
      ),
    ],
  },
  besideErlang(
    {
      name: 'ring hop',
      what: 'a message of 16 bytes from one to the next in a ring of 1,000 processes',
      must: 2,
      aim: 1,
    },
    RING,
    'ring',
  ),
  besideErlang(
    {
      name: 'spawn to exit',
      what: 'spawning a process that sends one message and ends, and receiving that',
      must: 3.5,
      aim: 2,
    },
    SPAWN,
    'spawn',
  ),
  wakeUp,
];

if (import.meta.main) process.exit(await bench(processes, process.argv.slice(2)));
