import type { Environment } from '../kernel/environment.ts';
import type { SchedulerIndex } from '../kernel/ids.ts';
import type { Process, ProcessContext } from '../kernel/process.ts';
import type { Registry } from '../kernel/registry.ts';
import { FarProcesses, type Reach } from './far-processes.ts';

/** A program on this scheduler: an environment and its names, with a number by which all schedulers know it. */
export interface Program {
  readonly key: number;
  readonly environment: Environment<Process>;
  readonly registry: Registry;
  readonly far: FarProcesses;
}

/** The programs that have processes on more than one scheduler. */
export class Programs {
  readonly #reach: Reach;
  readonly #byKey = new Map<number, Program>();
  readonly #byEnvironment = new WeakMap<Environment<Process>, Program>();
  /** The numbers of those of which all processes are to be killed, also those that come yet. */
  readonly #ending = new Set<number>();
  #last = 0;
  /** Who has given numbers to environments that are shown to people; null if nobody has. */
  numberOf: ((environment: Environment<Process>) => number | undefined) | null = null;
  readonly #added: (program: Program) => void;

  /** @param added called with each program when it is here */
  constructor(reach: Reach, added: (program: Program) => void) {
    this.#reach = reach;
    this.#added = added;
  }

  /** The program of a process. The first scheduler gives it a number if it has none: there all programs begin. */
  of({ environment, registry }: Pick<ProcessContext, 'environment' | 'registry'>): Program {
    const known = this.#byEnvironment.get(environment);
    if (known !== undefined) return known;
    const key = this.numberOf?.(environment) ?? ++this.#last;
    return this.add(key, { environment, registry });
  }

  /** The program of an environment; undefined if it has never had processes elsewhere. */
  in(environment: Environment<Process>): Program | undefined {
    return this.#byEnvironment.get(environment);
  }

  /** The program of a number; undefined for one that has never been here. */
  get(key: number): Program | undefined {
    return this.#byKey.get(key);
  }

  add(key: number, { environment, registry }: Pick<ProcessContext, 'environment' | 'registry'>): Program {
    const far = new FarProcesses(key, environment, this.#reach);
    if (this.#ending.has(key)) environment.isEnding = true;
    const program = { key, environment, registry, far };
    environment.elsewhere = far;
    this.#byKey.set(key, program);
    this.#byEnvironment.set(environment, program);
    this.#added(program);
    return program;
  }

  /** Forgets a program of which no process is left anywhere. */
  delete(key: number): void {
    this.#byKey.delete(key);
    this.#ending.delete(key);
  }

  /** All processes of a program are to be killed, also those that come yet. Returns it, if it has been here. */
  end(key: number): Program | undefined {
    this.#ending.add(key);
    return this.#byKey.get(key);
  }

  lose(index: SchedulerIndex): void {
    for (const { far } of this.#byKey.values()) far.lose(index);
  }

  [Symbol.iterator](): IterableIterator<Program> {
    return this.#byKey.values();
  }
}
