import type { Process } from '../kernel/process.ts';
import { entryName } from './entry-name.ts';
import type { ProcessPattern } from './protocol.ts';

/** In which processes a client wants to stop. */
interface Choice {
  readonly only: readonly ProcessPattern[];
  readonly except: readonly ProcessPattern[];
  /** Those of these patterns that mean descendants. */
  readonly byDescent: readonly ProcessPattern[];
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
    this.#choices.set(client, { only, except, byDescent });
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
    return (only.length === 0 || isMeant(process, only)) && !isMeant(process, except);
  }

  /** Called when a process is about to begin: its parent may have ended when somebody asks for it. */
  spawned(process: Process): void {
    for (const { byDescent } of this.#choices.values())
      for (const pattern of byDescent) descends(pattern, process);
  }
}

/** Whether one of some patterns means a process. */
export function isMeant(process: Process, patterns: readonly ProcessPattern[]): boolean {
  return patterns.some((pattern) => matches(pattern, process));
}

function matches(pattern: ProcessPattern, process: Process): boolean {
  const { by, value } = pattern;
  switch (by) {
    case 'id':
      return String(process.id) === value;
    case 'name':
      return hasName(process, value);
    case 'entry':
      return process.entry.name === value || entryName(process) === value;
    case 'descent':
      return descends(pattern, process);
  }
}

function hasName(process: Process, name: string): boolean {
  return named(process, name) === process.id;
}

/** The process that has a name; null if there is none. */
function named({ registry }: Process, name: string): number | null {
  const entry = registry.get(name);
  return entry === undefined ? null : Number(entry.processId);
}

/**
 * What has been found out of processes: true for those that descend from one of the pattern, also where those between them end
 * later. For others, what had the name at that time: they are looked at again when another process has it. So the way to a
 * process that many others descend from is not gone again for each of them.
 */
const found = new WeakMap<ProcessPattern, WeakMap<Process, true | number | null>>();

/** Whether one of those that a process descends from has the id or name of a pattern. */
function descends(pattern: ProcessPattern, process: Process): boolean {
  let known = found.get(pattern);
  if (known === undefined) {
    known = new WeakMap();
    found.set(pattern, known);
  }
  const { value } = pattern;
  const owner = named(process, value);
  const passed: Process[] = [];
  let does = false;
  for (let child = process; ; ) {
    const before = known.get(child);
    does = before === true;
    if (does || before === owner) break;
    passed.push(child);
    const parent = child.parent === null ? undefined : child.environment.get(child.parent);
    if (parent === undefined) break;
    does = String(parent.id) === value || hasName(parent, value);
    if (does) break;
    child = parent;
  }
  for (const child of passed) known.set(child, does || owner);
  return does;
}
