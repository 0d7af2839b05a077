import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Exit, type Process, Runtime } from '../../../runtime/internal.ts';
import type { Environment } from '../../../runtime/kernel/environment.ts';
import { sharedDatabases } from '../../../runtime/permissions/shared-databases.ts';
import { Supervisor } from '../../../runtime/schedulers/supervisor.ts';
import { decodeEnd, ENDED } from './ended-process.ts';

/** How many schedulers the programs of tests have: vitest.config.ts says so for further runs of test/conformance. */
export const SCHEDULERS = Number(process.env['LUNATIC_TEST_SCHEDULERS'] ?? 1);

/** A runtime with several schedulers, which the tests of a file have in common. */
export class SeveralSchedulers {
  static #shared: Promise<SeveralSchedulers> | null = null;

  readonly runtime: Runtime;
  readonly #exits = new Map<unknown, (process: Process, exit: Exit) => void>();
  /** That of the program that was started last: others do not tell of which program a process was. */
  #last: (process: Process, exit: Exit) => void = () => {};

  private constructor() {
    this.runtime = new Runtime({
      observer: {
        onExit: (process, exit) => this.#exits.get(process.environment)?.(process, exit),
      },
    });
  }

  static shared(): Promise<SeveralSchedulers> {
    SeveralSchedulers.#shared ??= SeveralSchedulers.#start();
    return SeveralSchedulers.#shared;
  }

  static async #start(): Promise<SeveralSchedulers> {
    sharedDatabases.share();
    const several = new SeveralSchedulers();
    const failures: string[] = [];
    const supervisor = new Supervisor(several.runtime, {
      most: SCHEDULERS,
      mostForRoom: SCHEDULERS,
      command: {
        file: join(import.meta.dirname, 'test-member.ts'),
        args: [],
        execArgv: process.execArgv.filter((option) => !option.startsWith('--inspect')),
      },
      report: (text) => failures.push(text),
      note: () => {},
    });
    supervisor.system.requests.answer(ENDED, (_, body) => {
      const { id, entry, config, exit } = decodeEnd(body);
      // There is no process here. Tests ask for no more than this.
      several.#last({ id, entry: { name: entry, params: [] }, config } as unknown as Process, exit);
      return new Uint8Array(0);
    });
    several.runtime.scheduler.placement = supervisor.system.placing;
    supervisor.start();
    while (supervisor.system.mesh.open.length < SCHEDULERS - 1) {
      if (failures.length > 0) throw new Error(failures.join('\n'));
      await sleep(5);
    }
    return several;
  }

  /** Tells of the ends of processes of an environment. */
  watch(environment: unknown, onExit: (process: Process, exit: Exit) => void): void {
    this.#exits.set(environment, onExit);
    this.#last = onExit;
  }

  /** Ends when no process of an environment is left on any scheduler. */
  async whenEmpty(environment: Environment<Process>): Promise<void> {
    while (environment.size > 0 || (environment.elsewhere?.size ?? 0) > 0) await sleep(1);
  }
}
