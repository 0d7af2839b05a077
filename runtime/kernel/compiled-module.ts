import type { OffsetMap, RewrittenModule } from '../wasm/index.ts';
import type { MemoryImage } from './memory-image.ts';

/** A module rewritten for one way of running it. */
export interface CompiledModule {
  readonly module: WebAssembly.Module;
  /** What it counts for where its instances are kept; 0 for modules of whoever runs the program. */
  readonly keptSize: number;
  /** What an instance takes besides its memories and what all take; 0 if that is little. */
  readonly instanceSize: number;
  /** Name of the exported start function, which the kernel calls itself, since instantiation cannot wait. */
  readonly startExport: string | undefined;
  readonly memories: RewrittenModule['memories'];
  /** The exports of globals to set back when an instance serves again; undefined if no instance can. */
  readonly state: readonly string[] | undefined;
  /**
   * The image of a memory of a new instance; null for the first instance, which most often stays the only one.
   * @param index which of its memories
   */
  imageOf(index: number, fresh: Buffer): MemoryImage | null;
  readonly offsets: OffsetMap;
  /** See `RewrittenModule.probeGlobals`. */
  readonly probeGlobals: RewrittenModule['probeGlobals'];
  /** The index of a function in the module that the author built; undefined if the rewriter inserted it. */
  originalFunction(index: number): number | undefined;
}
