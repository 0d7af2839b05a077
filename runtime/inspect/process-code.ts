import { type Code, type Context, INTEGER, TEXT } from '../expressions/index.ts';
import type { Process } from '../kernel/process.ts';
import { displayName } from '../text/display-name.ts';
import { entryName } from './entry-name.ts';

/** What expressions can ask about a process. */
export interface ProcessFacts {
  readonly id: number;
  /** Its id; 0 if there is none. */
  readonly parent: number;
  readonly entry: string;
  /** The first of its names; empty if it has none. */
  readonly name: string;
}

/** What `process` stands for in expressions: the process in which they are evaluated. */
export function processCode<In extends Context & { readonly facts: ProcessFacts }>(): Code<In> {
  return {
    type: { kind: 'record', name: 'process' },
    member(name) {
      switch (name) {
        case 'id':
        case 'parent':
          return { type: INTEGER, value: ({ facts }) => facts[name] };
        case 'entry':
        case 'name':
          return { type: TEXT, value: ({ facts }) => facts[name] };
        default:
          return undefined;
      }
    },
  };
}

/** Names are looked for when somebody asks for them. */
class FactsOfProcess implements ProcessFacts {
  readonly #process: Process;

  constructor(process: Process) {
    this.#process = process;
  }

  get id(): number {
    return this.#process.id;
  }

  get parent(): number {
    return this.#process.parent ?? 0;
  }

  get entry(): string {
    return entryName(this.#process);
  }

  get name(): string {
    const { registry, id } = this.#process;
    return displayName(registry.namesOf(id, 1)[0] ?? '');
  }
}

const NOBODY: ProcessFacts = { id: 0, parent: 0, entry: '', name: '' };

export function factsOf(process: Process | null): ProcessFacts {
  return process === null ? NOBODY : new FactsOfProcess(process);
}
