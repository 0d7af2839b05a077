import { ProcessConfig } from '../../runtime/internal.ts';
import { Arena } from './arena.ts';
import { Finding } from './finding.ts';
import type { Figures, Fuzzer, Place } from './fuzzer.ts';
import { Hoarding, INITIAL_PAGES } from './hoarding.ts';
import { Code, ModuleWriter } from './module-writer.ts';
import type { Random } from './random.ts';
import { residentMemory } from './resident-memory.ts';

const KIBIBYTE = 2 ** 10;
const MEBIBYTE = 2 ** 20;
/** Milliseconds of computing for which the attackers run. */
const TIME = 600;
/** Bytes of the memories of all processes together, so that the machine of the tests has room. */
const MOST_OF_ALL = 256 * MEBIBYTE;
/** What a process takes besides its memory: its stack, which may be deep, its table, its instance. */
const PER_PROCESS = 2 * MEBIBYTE;
/** Garbage that nobody has collected yet: young objects, and memories of processes that have ended. */
const GARBAGE = 192 * MEBIBYTE;

export function limitedConfig(random: Random): ProcessConfig {
  const config = ProcessConfig.forRoot();
  config.maxProcesses = random.pick([1, 4, 16, 64]);
  config.maxMemory = Math.max(
    INITIAL_PAGES * 64 * KIBIBYTE,
    Math.min(
      random.pick([256 * KIBIBYTE, MEBIBYTE, 8 * MEBIBYTE, 64 * MEBIBYTE]),
      MOST_OF_ALL / config.maxProcesses,
    ),
  );
  config.maxHostMemory = random.pick([256 * KIBIBYTE, 4 * MEBIBYTE, 64 * MEBIBYTE, 256 * MEBIBYTE]);
  config.maxMailbox = random.pick([KIBIBYTE, MEBIBYTE, Number.POSITIVE_INFINITY]);
  config.maxFuel = random.pick([0, 0, 0, 10, 10_000]);
  return config;
}

export function makeModule(random: Random): { bytes: Uint8Array; runs: number } {
  const module = new ModuleWriter();
  const runs = random.between(1, 5);
  const hoarding = new Hoarding(random, module, runs);
  for (let i = 0; i < runs; i++) {
    const index = module.declare([], [], `run${i}`);
    const code = new Code();
    hoarding.write(code);
    module.define(index, ['i32', 'i32', 'i64'], code);
  }
  return { bytes: module.finish(), runs };
}

/** Programs that take as much as they can. */
export const limits: Fuzzer = {
  name: 'limits',
  about:
    'programs that take as much as they can, under random limits of memory, processes, mailboxes and fuel',

  async run(random: Random, { trace, keep }: Place): Promise<Figures> {
    const config = limitedConfig(random);
    const { bytes, runs } = makeModule(random);
    keep(bytes);
    const before = residentMemory();
    let unexplained: string | null = null;
    const judge = (text: string) => {
      if (!Hoarding.explains(text)) unexplained ??= text;
    };
    const said = new Map<string, number>();
    const count = (text: string) => said.set(text, (said.get(text) ?? 0) + 1);
    const arena = new Arena({
      plugins: [
        {
          namespace: 'fuzz',
          functions: {
            said: {
              signature: '(i32, i32)',
              call: (caller, address, length) => {
                const text = caller.memory.readString(Number(address), Number(length));
                judge(text);
                count(`told: ${text}`);
              },
            },
          },
        },
      ],
      onExit: (process, exit) => {
        if ('message' in exit) judge(exit.message);
        count(
          `${process.entry.name}: ${'message' in exit ? exit.message : (process.killReason ?? exit.kind)}`,
        );
      },
    });
    const { maxMemory, maxProcesses, maxMailbox, maxHostMemory, maxFuel } = config;
    trace?.(`limits: ${JSON.stringify({ maxMemory, maxProcesses, maxMailbox, maxHostMemory, maxFuel })}`);
    const module = arena.runtime.load(bytes);
    const all = Array.from({ length: Math.min(runs, maxProcesses) }, (_, i) => ({
      module,
      entry: `run${i}`,
      config,
    }));
    await arena.run(all, TIME);
    for (const [text, times] of said) trace?.(`${times} times ${text.slice(0, 200)}`);
    const grown = arena.peakMemory - before;
    const most = maxProcesses * (maxMemory + PER_PROCESS) + maxHostMemory + GARBAGE;
    trace?.(
      `${Math.round(grown / MEBIBYTE)} MiB, of ${Math.round(most / MEBIBYTE)}; waits ${arena.longestGap.toFixed(1)} ms`,
    );
    if (grown > most) {
      const mebibytes = (value: number) => Math.round(value / MEBIBYTE);
      throw new Finding(
        `${mebibytes(grown)} MiB more in memory than before, and ${mebibytes(most)} are permitted`,
      );
    }
    if (unexplained !== null) throw new Finding(`a refusal does not name the limit: ${unexplained}`);
    return { 'most memory in MiB': grown / MEBIBYTE, 'largest share of what is permitted': grown / most };
  },
};
