import type { OffsetMap, RewrittenModule } from '../wasm/index.ts';
import type { MemoryImage } from './memory-image.ts';

/** A module rewritten for one way of running it. */
export interface CompiledModule {
  readonly module: WebAssembly.Module;
  /** Name of the exported start function, which the kernel calls itself, since instantiation cannot wait. */
  readonly startExport: string | undefined;
  readonly memory: RewrittenModule['memory'];
  /** Exports of the globals to set back when an instance serves again; undefined if it cannot serve again. */
  readonly state: readonly string[] | undefined;
  /** What the memory of a new instance holds, given one; null for the first, which most often stays the only one. */
  imageOf(fresh: Buffer): MemoryImage | null;
  readonly offsets: OffsetMap;
  /** Function index of the module as the guest's author knows it; undefined for inserted ones. */
  originalFunction(index: number): number | undefined;
}
