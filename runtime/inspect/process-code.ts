import { type Code, type Context, INTEGER, TEXT } from '../expressions/index.ts';
import type { Process } from '../kernel/process.ts';
import { displayName } from '../text/display-name.ts';
import { entryName } from './entry-name.ts';

/** What `process` stands for in expressions: the process in which they are evaluated. */
export function processCode<In extends Context & { readonly process: Process | null }>(): Code<In> {
  return {
    type: { kind: 'record', name: 'process' },
    member(name) {
      switch (name) {
        case 'id':
          return { type: INTEGER, value: ({ process }) => process?.id ?? 0 };
        case 'parent':
          return { type: INTEGER, value: ({ process }) => process?.parent ?? 0 };
        case 'entry':
          return { type: TEXT, value: ({ process }) => (process === null ? '' : entryName(process)) };
        case 'name':
          return { type: TEXT, value: ({ process }) => displayName(firstName(process)) };
        default:
          return undefined;
      }
    },
  };
}

function firstName(process: Process | null): string {
  return process?.registry.namesOf(process.id, 1)[0] ?? '';
}
