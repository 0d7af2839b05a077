import { isSlowToCompile, LARGEST_AHEAD } from './compile-cost.ts';
import type { KeptEntries } from './index-space.ts';
import { interpreterOf } from './interpreter.ts';
import type { WasmModule } from './module.ts';
import { type ImportedMemory, ModulePlan } from './module-plan.ts';
import { ModuleWriter } from './module-writer.ts';
import { OffsetMap } from './offset-map.ts';
import { checkTogether, type Pass } from './pass.ts';
import type { ProbeGlobals } from './probe-parts.ts';

export interface RewrittenModule {
  readonly bytes: Uint8Array;
  readonly offsets: OffsetMap;
  /** Which functions the original has, too: see `originalIndex`. */
  readonly functions: KeptEntries;
  /** The module's own memories, which must be provided: see `memoryImport`. */
  readonly memories: readonly ImportedMemory[];
  /**
   * Names under which the mutable globals are exported. Once these and the memories have been set back, a used instance
   * equals a fresh one. Undefined if more than that can change, or if the pass `reuse` was not in the list.
   */
  readonly state?: readonly string[];
  /** The export to call, on a stack that can suspend, before any other: the start function, if there was one. */
  readonly startExport?: string;
  /** The index, in the rewritten module, of a function that should be optimized before it is called: see `interpreterOf`. */
  readonly interpreter?: number;
  /** Whether all functions should be compiled before one is called: see `isSlowToCompile`. */
  readonly isSlow?: boolean;
  /** The globals by which a process is stopped and its frames are found, if the pass `probe` was in the list. */
  readonly probeGlobals?: ProbeGlobals;
  /** What that pass was given, as `encodeProbes` writes it, if the module is kept. */
  readonly probes?: Uint8Array;
}

/**
 * Rewrites a module with the edits of all `passes`. If several write at the same instruction, they do so in the order
 * of the list. Without any pass the module stays as it is, byte for byte.
 *
 * @param largest see `isSlowToCompile`
 * @throws WasmFormatError where the code names something that does not exist
 * @throws PassConflictError where the passes exclude each other
 */
export function rewriteModule(
  module: WasmModule,
  passes: readonly Pass[],
  largest = LARGEST_AHEAD,
): RewrittenModule {
  checkTogether(passes);
  if (passes.length === 0) return unchanged(module);
  const plan = new ModulePlan(module);
  for (const pass of passes) pass.declare?.(plan);
  for (const pass of passes) pass.conclude?.(plan);
  plan.number();
  const { bytes, offsets } = new ModuleWriter(plan).write();
  const { importedMemories: memories, state, startExport, probeGlobals } = plan;
  const interpreter = interpreterOf(module);
  return {
    bytes,
    offsets,
    functions: plan.spaces.function.kept,
    memories,
    ...(state === undefined ? {} : { state }),
    ...(startExport === undefined ? {} : { startExport }),
    ...(interpreter === undefined ? {} : { interpreter: plan.spaces.function.move(interpreter) }),
    ...(isSlowToCompile(module, largest) ? { isSlow: true } : {}),
    ...(probeGlobals === undefined ? {} : { probeGlobals }),
  };
}

function unchanged({ bytes, importedFunctions, functions }: WasmModule): RewrittenModule {
  const offsets = new OffsetMap();
  offsets.copied(0, 0);
  const total = importedFunctions + functions.length;
  return { bytes, offsets, functions: { first: total, shift: 0, total }, memories: [] };
}
