import type { Environment } from '../kernel/environment.ts';
import { type Exit, KILLED_EXIT } from '../kernel/exit.ts';
import type { Process } from '../kernel/process.ts';
import type { Registry } from '../kernel/registry.ts';
import { displayName } from '../text/display-name.ts';
import type { ProcessSource } from './change-feed.ts';
import { InspectionError } from './inspection-error.ts';
import type { LastOutput } from './last-output.ts';
import type { Modules } from './modules.ts';
import { processEnd } from './process-end.ts';
import { AllNames, namesOf, ProcessInfos } from './process-info.ts';
import { keyOf, partsOf } from './process-key.ts';
import { type EndedProcess, InspectError, type ProcessInfo, type ProcessKey } from './protocol.ts';

/** An environment, and its first process if that is here. While the start section of that runs, the environment does not know it. */
interface Home {
  readonly environment: Environment<Process>;
  root: Process | null;
}

/** The live processes, by the keys under which clients know them. */
export class ProcessIndex implements ProcessSource {
  /** The environments, by number. */
  readonly #homes = new Map<number, Home>();
  readonly #numbers = new Map<Environment<Process>, number>();
  /** Processes that stand still in their start sections: their environments do not know them yet. */
  readonly #starting = new Map<ProcessKey, Process>();
  readonly #infos: ProcessInfos;
  readonly #output: LastOutput;

  constructor(modules: Modules, output: LastOutput) {
    this.#output = output;
    this.#infos = new ProcessInfos(
      (process) => modules.keyOf(process.module),
      (process, exit) => this.#endOf(process, exit),
    );
  }

  /** Adds a root process, which has just been made, and with it those of its environment. */
  add(root: Process): void {
    const { environment } = root;
    this.#addHome(this.#homes.size + 1, { environment, root });
  }

  /** Adds an environment whose first process is on another scheduler, under the number that it has there. */
  addEnvironment(number: number, environment: Environment<Process>): void {
    this.#addHome(number, { environment, root: null });
  }

  #addHome(number: number, home: Home): void {
    this.#homes.set(number, home);
    this.#numbers.set(home.environment, number);
  }

  /** The number of an environment in the keys of its processes; undefined for one that was not added. */
  numberOf(environment: Environment<Process>): number | undefined {
    return this.#numbers.get(environment);
  }

  /** The environment of a process, whether that is there or not. */
  environmentOf(key: ProcessKey): Environment<Process> | undefined {
    return this.#homes.get(partsOf(key).environment)?.environment;
  }

  /** Called when a process has taken the place of another one. */
  replace(old: Process, fresh: Process): void {
    for (const home of this.#homes.values()) if (home.root === old) home.root = fresh;
  }

  get total(): number {
    let total = 0;
    for (const { environment, root } of this.#homes.values())
      total += environment.size + (root !== null && begins(root) ? 1 : 0);
    return total;
  }

  *live(): Generator<Process> {
    for (const { environment, root } of this.#homes.values()) {
      if (root !== null && begins(root)) yield root;
      yield* environment.processes();
    }
  }

  /** Whether there may be processes of the same programs on other schedulers. */
  get isSpread(): boolean {
    for (const { environment } of this.#homes.values()) if (environment.elsewhere !== null) return true;
    return false;
  }

  /** The live processes in the order of their keys, which is the same on all schedulers. */
  ordered(): Process[] {
    const numberOf = (process: Process) => this.#numbers.get(process.environment) ?? 0;
    // They are nearly in order, which costs one pass.
    return [...this.live()].sort((a, b) => numberOf(a) - numberOf(b) || a.id - b.id);
  }

  /** Whether a process does not come after what a key names, in the order of keys. */
  isUpTo({ environment, id }: Process, last: ReturnType<typeof partsOf>): boolean {
    const number = this.#numbers.get(environment) ?? 0;
    return number === last.environment ? id <= last.id : number < last.environment;
  }

  keyOf({ environment, id }: Process): ProcessKey {
    return keyOf(this.#numbers.get(environment) ?? 0, id);
  }

  find(key: ProcessKey): Process | undefined {
    const { environment, id } = partsOf(key);
    const home = this.#homes.get(environment);
    const root = home?.root ?? null;
    if (root?.id === id && begins(root)) return root;
    return home?.environment.get(id) ?? this.#startingAt(key);
  }

  /** Must be called with a process that stands still, so that it is found even in its start section. */
  keep(process: Process): void {
    if (process.initialized) return;
    for (const [key, { initialized, exit }] of this.#starting)
      if (initialized || exit !== null) this.#starting.delete(key);
    this.#starting.set(this.keyOf(process), process);
  }

  #startingAt(key: ProcessKey): Process | undefined {
    const process = this.#starting.get(key);
    return process === undefined || process.initialized || process.exit !== null ? undefined : process;
  }

  /** @throws InspectionError if there is no such process, or no longer */
  get(key: ProcessKey): Process {
    const process = this.find(key);
    if (process === undefined)
      throw new InspectionError(InspectError.NoProcess, `there is no process ${displayName(key)}`);
    return process;
  }

  info(process: Process, names: readonly string[] = namesOf(process)): ProcessInfo {
    return this.#infos.of(process, this.#numbers.get(process.environment) ?? 0, names);
  }

  /** Makes a function that finds the names of processes, to be called for all of them in the same turn. */
  namer(): (process: Process) => readonly string[] {
    const names = new Map<Registry, AllNames>();
    return (process) => {
      const { registry } = process;
      let known = names.get(registry);
      if (known === undefined) {
        known = new AllNames(registry);
        names.set(registry, known);
      }
      return known.of(process);
    };
  }

  /** Makes a function that describes processes, to be called for all of them in the same turn. */
  describer(): (process: Process) => ProcessInfo {
    const namesOf = this.namer();
    return (process) => this.info(process, namesOf(process));
  }

  ended(process: Process): EndedProcess {
    const end = this.#endOf(process, process.exit ?? KILLED_EXIT);
    return { process: this.keyOf(process), end, time: Date.now() };
  }

  /** Whether a process that ends has printed the message of a panic, or of AssemblyScript's `abort`. */
  hasPanicked(process: Process, exit: Exit): boolean {
    return this.#output.panicOf(process, exit) !== null;
  }

  #endOf(process: Process, exit: Exit) {
    return processEnd(exit, this.#output.panicOf(process, exit));
  }
}

/** Whether a root process has not entered its environment: its start section comes first. One that is begun anew is there already. */
function begins(root: Process): boolean {
  return !root.initialized && root.exit === null && root.environment.get(root.id) !== root;
}
