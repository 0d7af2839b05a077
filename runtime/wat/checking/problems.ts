import type { NameSpace } from './names.ts';
import type { Place } from './place.ts';

/**
 * What sort of mistake it is: in the form of the text (`syntax`), in a name that nothing has (`unknown`), in the types of values
 * (`type`), or in what else a module must keep (`module`).
 */
export type ProblemKind = 'syntax' | 'unknown' | 'type' | 'module';

/** A mistake in a text. Offsets count UTF-16 code units. */
export interface TextProblem {
  readonly start: number;
  readonly end: number;
  readonly kind: ProblemKind;
  /** A sentence without a full stop. */
  readonly message: string;
  /** Of an unknown name: what it was looked for among. */
  readonly among?: NameSpace | 'instruction';
}

/** Collects mistakes. */
export class Problems {
  readonly found: (TextProblem & { start: number; end: number })[] = [];

  add({ start, end }: Place, kind: ProblemKind, message: string): void {
    this.found.push({ start, end, kind, message });
  }

  unknown({ start, end }: Place, among: NameSpace | 'instruction', message: string): void {
    this.found.push({ start, end, kind: 'unknown', message, among });
  }

  syntax(place: Place, message: string): void {
    this.add(place, 'syntax', message);
  }

  type(place: Place, message: string): void {
    this.add(place, 'type', message);
  }

  module(place: Place, message: string): void {
    this.add(place, 'module', message);
  }
}
