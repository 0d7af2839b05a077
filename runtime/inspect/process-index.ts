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

/** The live processes, by the keys under which clients know them. */
export class ProcessIndex implements ProcessSource {
  /** The first process of each environment. While its start section runs, the environment does not know it. */
  readonly #roots: Process[] = [];
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
    this.#numbers.set(root.environment, this.#roots.push(root));
  }

  /** Called when a process has taken the place of another one. */
  replace(old: Process, fresh: Process): void {
    const at = this.#roots.indexOf(old);
    if (at >= 0) this.#roots[at] = fresh;
  }

  get total(): number {
    return this.#roots.reduce((sum, root) => sum + root.environment.size + (begins(root) ? 1 : 0), 0);
  }

  *live(): Generator<Process> {
    for (const root of this.#roots) {
      if (begins(root)) yield root;
      yield* root.environment.processes();
    }
  }

  keyOf({ environment, id }: Process): ProcessKey {
    return keyOf(this.#numbers.get(environment) ?? 0, id);
  }

  find(key: ProcessKey): Process | undefined {
    const { environment, id } = partsOf(key);
    const root = this.#roots[environment - 1];
    if (root?.id === id && begins(root)) return root;
    return root?.environment.get(id) ?? this.#startingAt(key);
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
