import type { Space } from '../declarations.ts';
import type { Atom } from '../syntax.ts';
import type { Place } from './place.ts';

/** What has indices of its own: the spaces of a module, and those of a function or a type. */
export type NameSpace = Space | 'local' | 'label' | 'field';

/** Something that a name or an index in a text stands for. A `Declaration` is one. */
export interface Named {
  readonly space: NameSpace;
  /** Its index; 0 for labels, whose index depends on where it is used. */
  readonly index: number;
  readonly identifier: Atom | undefined;
  /** What defines it: a list, the word of a block, or the type of a local or field. */
  readonly list: Place;
}

/** A parameter, a local or a field, with its type. */
export interface TypedName extends Named {
  readonly type: number;
}

/** A place in a text that names something. The one where it is defined is among those. */
export interface Use {
  readonly at: Atom;
  readonly target: Named;
}

export const SPACE_WORDS: Readonly<Record<NameSpace, string>> = {
  type: 'type',
  function: 'function',
  table: 'table',
  memory: 'memory',
  global: 'global',
  tag: 'tag',
  data: 'data segment',
  element: 'element segment',
  local: 'local',
  label: 'label',
  field: 'field',
};
