import type { Process } from '../kernel/process.ts';
import type { ProcessPattern } from './protocol.ts';

/** In which processes a client wants to stop. */
interface Choice {
  readonly only: readonly ProcessPattern[];
  readonly except: readonly ProcessPattern[];
  /** Those that descend from a process of a pattern, also where those between them have ended. */
  readonly descendants: ReadonlyMap<ProcessPattern, WeakSet<Process>>;
}

/** In which processes clients want to stop: in all, unless they have chosen. */
export class ProcessChoices {
  readonly #choices = new Map<object, Choice>();

  /**
   * Replaces what a client has chosen.
   * @param only the processes of these patterns; none for all
   * @param except but not those
   */
  choose(client: object, only: readonly ProcessPattern[], except: readonly ProcessPattern[]): void {
    if (only.length === 0 && except.length === 0) {
      this.#choices.delete(client);
      return;
    }
    const byDescent = [...only, ...except].filter(({ by }) => by === 'descent');
    const descendants = new Map(byDescent.map((pattern) => [pattern, new WeakSet<Process>()]));
    this.#choices.set(client, { only, except, descendants });
  }

  forget(client: object): void {
    this.#choices.delete(client);
  }

  /** Whether a process is to stop for a client. */
  admits(client: object, process: Process): boolean {
    if (this.#choices.size === 0) return true;
    const choice = this.#choices.get(client);
    if (choice === undefined) return true;
    const { only, except } = choice;
    return (
      (only.length === 0 || only.some((pattern) => matches(pattern, process, choice))) &&
      !except.some((pattern) => matches(pattern, process, choice))
    );
  }

  /** Called when a process is about to begin: its parent may have ended when somebody asks for it. */
  spawned(process: Process): void {
    for (const choice of this.#choices.values()) {
      for (const [pattern, descendants] of choice.descendants)
        if (descends(pattern, process, choice)) descendants.add(process);
    }
  }
}

/** Whether one of some patterns means a process: of those that descend from another one, as long as those between them live. */
export function isMeant(process: Process, patterns: readonly ProcessPattern[]): boolean {
  return patterns.some((pattern) => matches(pattern, process, NO_CHOICE));
}

const NO_CHOICE: Choice = { only: [], except: [], descendants: new Map() };

function matches(pattern: ProcessPattern, process: Process, choice: Choice): boolean {
  const { by, value } = pattern;
  switch (by) {
    case 'id':
      return String(process.id) === value;
    case 'name':
      return hasName(process, value);
    case 'entry':
      return process.entry.name === value;
    case 'descent':
      return descends(pattern, process, choice);
  }
}

function hasName({ registry, id }: Process, name: string): boolean {
  const entry = registry.get(name);
  return entry !== undefined && Number(entry.processId) === id;
}

/** Whether one of those that a process descends from has the id or name of a pattern. */
function descends(pattern: ProcessPattern, process: Process, { descendants }: Choice): boolean {
  const known = descendants.get(pattern);
  for (let child = process; ; ) {
    if (known?.has(child)) return true;
    const parent = child.parent === null ? undefined : child.environment.get(child.parent);
    if (parent === undefined) return false;
    if (String(parent.id) === pattern.value || hasName(parent, pattern.value)) return true;
    child = parent;
  }
}
