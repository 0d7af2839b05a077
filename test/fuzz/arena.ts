import { setImmediate as nextTurn } from 'node:timers/promises';
import {
  type AnyPlugin,
  type Exit,
  type OutputStream,
  type Process,
  ProcessConfig,
  Runtime,
} from '../../runtime/internal.ts';
import { dataMessage } from '../../runtime/kernel/message.ts';
import type { LoadedModule, LoadOptions } from '../../runtime/kernel/module.ts';
import type { ProcessContext } from '../../runtime/kernel/process.ts';
import { NO_TAG } from '../../runtime/kernel/tag.ts';
import { PluginHost } from '../../runtime/plugins/plugin-host.ts';
import { Op } from '../../runtime/wasm/opcodes.ts';
import { Feed } from '../support/program.ts';
import { Finding } from './finding.ts';
import { Code, ModuleWriter } from './module-writer.ts';

/** Milliseconds of computing in which killed processes must have ended, and the bystander must have answered. */
const PATIENCE = 2000;
/** Milliseconds between two looks at the resident memory. */
const MEMORY_INTERVAL = 2;

/** Milliseconds for which this thread has computed. Unlike the time of day it does not go on while others have the machine. */
export function computed(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}

export interface ArenaOptions {
  readonly plugins?: readonly AnyPlugin[];
  readonly limits?: LoadOptions;
  /** Called when the bystander has waited longer than ever before. */
  readonly onLongestGap?: () => void;
  /** Called for each attacker that has ended. */
  readonly onExit?: (process: Process, exit: Exit) => void;
}

/** A root process that attacks. */
export interface Attack {
  readonly module: LoadedModule;
  readonly entry: string;
  readonly config: ProcessConfig;
}

/** Takes what is printed, and keeps nothing. */
const NOWHERE: OutputStream = {
  isTerminal: false,
  isFull: false,
  whenWritable: () => () => {},
  write: () => null,
};
/** Takes nothing more, as a pipe that nobody reads. */
const FULL: OutputStream = { ...NOWHERE, isFull: true, write: () => new Promise(() => {}) };

/**
 * A program in which processes attack, and one only stands by: it is always ready, and takes note of each of its turns. So it
 * tells how long others had to wait, and whether the scheduler lives at all.
 */
export class Arena {
  readonly runtime: Runtime;
  /** The longest time that the bystander had to wait for a turn, in milliseconds of computing. */
  longestGap = 0;
  /** The most bytes that this OS process had in memory. */
  peakMemory = 0;
  /** The environment of the attackers. That of the bystander is another one: those of one program may kill each other. */
  readonly #within: Pick<ProcessContext, 'environment' | 'registry'>;
  readonly #input = new Feed();
  #bystander: Process | null = null;
  #lastTurn = 0;
  #nextLook = 0;
  #answers = 0;
  readonly #onLongestGap: () => void;
  #failure: string | null = null;

  constructor({ plugins = [], limits = {}, onLongestGap = () => {}, onExit = () => {} }: ArenaOptions = {}) {
    this.#onLongestGap = onLongestGap;
    const bystanding: AnyPlugin = {
      namespace: 'bystander',
      functions: {
        turn: { signature: '()', call: () => this.#turn() },
        answer: {
          signature: '()',
          call: () => {
            this.#answers++;
          },
        },
      },
    };
    this.runtime = new Runtime({
      plugins: new PluginHost([bystanding, ...plugins]),
      observer: {
        onExit: (process, exit) => {
          if (process === this.#bystander) return;
          if (exit.kind === 'bug')
            this.#failure ??= `${process.entry.name}: ${exit.error.stack ?? exit.message}`;
          onExit(process, exit);
        },
      },
      ...limits,
    });
    this.#within = this.runtime.createEnvironment();
  }

  get #environment(): Process['environment'] {
    return this.#within.environment;
  }

  /**
   * Starts the attackers, ends them after a time if they have not ended by then, and checks what holds for all: that kill ends
   * them, that the bystander answers, and that no host function failed.
   * @param time milliseconds of computing
   */
  async run(attacks: readonly Attack[], time: number): Promise<void> {
    await this.#start();
    try {
      for (const attack of attacks) await this.#attack(attack);
      this.#lastTurn = computed();
      this.longestGap = 0;
      const over = computed() + time;
      while (computed() < over && this.#environment.size > 0) await nextTurn();
      await this.#killAll();
      await this.#ask();
    } finally {
      await this.#stop();
    }
    if (this.#failure !== null) throw new Finding(`a host function failed in ${this.#failure}`);
  }

  async #start(): Promise<void> {
    const module = this.runtime.load(BYSTANDER);
    const config = ProcessConfig.forRoot();
    const { process } = await this.runtime.run(module, {
      config,
      stdio: { input: this.#input, output: NOWHERE, error: NOWHERE },
      environment: 2,
    });
    this.#bystander = process;
  }

  async #attack({ module, entry, config }: Attack): Promise<void> {
    try {
      await this.runtime.run(module, {
        config,
        stdio: { input: this.#input, output: NOWHERE, error: FULL },
        within: this.#within,
        entry: { name: entry, params: [] },
      });
    } catch (error) {
      // The attackers that are there already may have used up what there is room for.
      if (!(error instanceof Error) || !('code' in error) || error.code !== 'LUNATIC_SPAWN') throw error;
    }
  }

  #turn(): void {
    const now = computed();
    const gap = now - this.#lastTurn;
    this.#lastTurn = now;
    if (gap > this.longestGap) {
      this.longestGap = gap;
      this.#onLongestGap();
    }
    if (now >= this.#nextLook) {
      this.#nextLook = now + MEMORY_INTERVAL;
      this.peakMemory = Math.max(this.peakMemory, process.memoryUsage.rss());
    }
  }

  async #killAll(): Promise<void> {
    const { scheduler } = this.runtime;
    const begin = computed();
    while (this.#environment.size > 0) {
      for (const process of this.#environment.processes()) scheduler.kill(process);
      await nextTurn();
      if (computed() - begin < PATIENCE) continue;
      const left = [...this.#environment.processes()];
      const texts = left.slice(0, 5).map(({ id, entry, state }) => `${id} ${entry.name} ${state}`);
      throw new Finding(`kill did not end ${left.length} processes in ${PATIENCE} ms: ${texts.join(', ')}`);
    }
  }

  async #ask(): Promise<void> {
    const bystander = this.#bystander;
    if (bystander === null || bystander.exit !== null) {
      const exit = JSON.stringify(bystander?.exit);
      throw new Finding(`the bystander has ended: ${exit}`);
    }
    const before = this.#answers;
    bystander.environment.router.deliverMessage(bystander.id, dataMessage(NO_TAG));
    const begin = computed();
    while (this.#answers === before) {
      await nextTurn();
      if (computed() - begin > PATIENCE) throw new Finding('the bystander does not answer');
    }
  }

  async #stop(): Promise<void> {
    const { scheduler } = this.runtime;
    const begin = computed();
    const environments = [this.#environment, this.#bystander?.environment];
    while (
      environments.some((environment) => (environment?.size ?? 0) > 0) &&
      computed() - begin < PATIENCE
    ) {
      for (const environment of environments)
        for (const process of environment?.processes() ?? []) scheduler.kill(process);
      await nextTurn();
    }
  }
}

/** Tells of each turn, gives it up, and answers each message. */
const BYSTANDER = bystanderModule();

function bystanderModule(): Uint8Array {
  const module = new ModuleWriter();
  const turn = module.importFunction('bystander', 'turn', [], []);
  const answer = module.importFunction('bystander', 'answer', [], []);
  const receive = module.importFunction('lunatic::message', 'receive', ['i32', 'i32', 'i64'], ['i32']);
  module.memory = { initial: 1, maximum: 1 };
  const start = module.declare([], [], '_start');
  const code = new Code();
  code.begin(Op.loop).call(turn).i32(0).i32(0).i64(0n).call(receive);
  // A message of data is 0.
  code.begin(Op.if).op(Op.else).call(answer).op(Op.end);
  code.op(Op.br, 0).op(Op.end);
  module.define(start, [], code);
  return module.finish();
}
