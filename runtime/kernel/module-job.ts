import type { ModuleLimits } from './module-excesses.ts';
import type { ModuleOutline } from './module-outline.ts';
import type { ModuleVariant, VariantChoice } from './module-variant.ts';

/** A module for the thread that makes modules (`module-maker.ts`). */
export interface ModuleJob extends VariantChoice {
  readonly bytes: Uint8Array;
  readonly limits: ModuleLimits;
  /** See `CompileOptions.ahead`. */
  readonly ahead: boolean;
  /** Whether it was made before, in another variant. Then it is valid, and its outline is known. */
  readonly isKnown: boolean;
  /** Whether the rewritten bytes are wanted as well, to be kept on the disk. */
  readonly isKept: boolean;
}

/** What the thread has made of a module. */
export interface MadeModule {
  /** Null if it was known. */
  readonly outline: ModuleOutline | null;
  /** Null if no process may run the module, whatever its config. */
  readonly variant: ModuleVariant | null;
}

/** The answer of the thread: what it has made, or what is wrong with the module, for its author. */
export type ModuleAnswer = { readonly made: MadeModule } | { readonly wrong: string };
