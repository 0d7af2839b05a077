import type { ModulePlan } from './module-plan.ts';

/**
 * A set of edits to a module. Passes know nothing of each other: each declares what it brings, one plan numbers all of
 * it, and one walk over the code asks each for its edits. A pass keeps no state of its own, so one serves many modules.
 */
export interface Pass {
  readonly name: string;
  /** Names of passes that cannot be used together with this one. */
  readonly excludes?: readonly string[];
  /** Declares what the pass brings into the plan's module. Nothing has an index yet. */
  declare?(plan: ModulePlan): void;
  /** Called after every pass has declared what it brings, for passes that depend on what others bring. */
  conclude?(plan: ModulePlan): void;
}

/** Thrown when passes exclude each other, or one is in the list twice. */
export class PassConflictError extends Error {
  override readonly name = 'PassConflictError';
  readonly code = 'LUNATIC_PASS_CONFLICT';
}

/** @throws PassConflictError */
export function checkTogether(passes: readonly Pass[]): void {
  for (const [i, pass] of passes.entries()) {
    for (const other of passes.slice(i + 1)) {
      if (other.name === pass.name) {
        throw new PassConflictError(`the pass "${pass.name}" is in the list twice: name each pass once`);
      }
      if (pass.excludes?.includes(other.name) || other.excludes?.includes(pass.name)) {
        throw new PassConflictError(
          `the passes "${pass.name}" and "${other.name}" exclude each other: choose one of them`,
        );
      }
    }
  }
}
