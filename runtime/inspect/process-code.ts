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

/** The facts of the process that somebody has at the moment. They are looked up when they are asked for. */
export class PresentFacts implements ProcessFacts {
  readonly #holder: { readonly process: Process | null };

  constructor(holder: { readonly process: Process | null }) {
    this.#holder = holder;
  }

  get id(): number {
    return this.#holder.process?.id ?? 0;
  }

  get parent(): number {
    return this.#holder.process?.parent ?? 0;
  }

  get entry(): string {
    const { process } = this.#holder;
    return process === null ? '' : entryName(process);
  }

  get name(): string {
    const { process } = this.#holder;
    return displayName(process?.registry.namesOf(process.id, 1)[0] ?? '');
  }
}
