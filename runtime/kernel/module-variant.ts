import {
  draftPass,
  dropCustomsPass,
  growthPass,
  memoryPassFor,
  meterPass,
  type OffsetLists,
  OffsetMap,
  originalIndex,
  type Pass,
  preemptPass,
  type RewrittenModule,
  reusePass,
  rewriteModule,
  type WasmModule,
} from '../wasm/index.ts';
import type { CompiledModule } from './compiled-module.ts';
import { FirstImage } from './memory-image.ts';

/** The ways in which processes run a module. */
export interface VariantChoice {
  /** Whether it counts its fuel. */
  readonly isMetered: boolean;
  /** A table has fewer elements than this. */
  readonly tableLimit: number;
}

/** A module rewritten for one way of running it, and compiled. One thread can send it to another, which shares the code. */
export interface ModuleVariant
  extends Omit<RewrittenModule, 'bytes' | 'offsets' | 'probeGlobals' | 'probes'> {
  readonly module: WebAssembly.Module;
  /** Bytes that V8 has been given of it. */
  readonly size: number;
  /** These bytes, if they are to be kept on the disk. */
  readonly bytes?: Uint8Array;
  readonly offsetLists: OffsetLists;
}

export type InstanceSizes = Pick<CompiledModule, 'keptSize' | 'instanceSize'>;

/**
 * @param observing passes by which it is seen, and perhaps stopped, what processes execute
 * @param largest see `isSlowToCompile`
 */
export function rewriteVariant(
  source: WasmModule,
  { isMetered, tableLimit }: VariantChoice,
  observing: readonly Pass[] = [],
  largest?: number,
): RewrittenModule {
  const passes = [
    memoryPassFor(tableLimit),
    ...observing,
    isMetered ? meterPass : preemptPass,
    growthPass,
    draftPass,
    // An instance keeps the memory of flags that it was made with.
    ...(observing.some(({ name }) => name === 'cover') ? [] : [reusePass]),
    dropCustomsPass,
  ];
  return rewriteModule(source, passes, largest);
}

/** @param sizes see `CompiledModule` */
export function compiledModule(
  module: WebAssembly.Module,
  { startExport, memories, state, offsets, functions, probeGlobals }: Omit<RewrittenModule, 'bytes'>,
  { keptSize, instanceSize }: InstanceSizes,
): CompiledModule {
  const images = memories.map(() => new FirstImage());
  return {
    module,
    keptSize,
    instanceSize,
    startExport,
    memories,
    state,
    imageOf: (index, fresh) => images[index]?.of(fresh) ?? null,
    offsets,
    probeGlobals,
    originalFunction: (index) => originalIndex(functions, index),
  };
}

/** The same of what another thread has made. */
export function compiledVariant(
  { offsetLists, ...variant }: ModuleVariant,
  sizes: InstanceSizes,
): CompiledModule {
  return compiledModule(variant.module, { ...variant, offsets: OffsetMap.of(offsetLists) }, sizes);
}
