import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import type { LoadedModule } from '../kernel/module.ts';
import type { StackFrame } from '../symbols/stack-frame.ts';
import { tellsOfSource } from '../symbols/telling-sections.ts';
import type { LocatedStack, StackSources } from '../testing/test-options.ts';
import { customSection } from '../wasm/index.ts';
import { type LocatedModule, StackLocator } from './stack-locator.ts';
import type { StackStyle } from './stack-style.ts';

/** Milliseconds by which clocks of file systems are behind. */
const CLOCK_ERROR = 50;

/** Finds the stacks of failures in the sources. Nothing is read before. In the command, the code for it is loaded only then. */
export class Sources implements StackSources {
  readonly #style: () => StackStyle;
  readonly #files = new WeakMap<LoadedModule, { readonly path: string; readonly since: number }>();
  #locator: StackLocator | null = null;

  /** @param style tells how stacks are printed */
  constructor(style: () => StackStyle) {
    this.#style = style;
  }

  /**
   * Tells the file of a module.
   * @param since when reading it began, as `Date.now()` tells it
   */
  add(module: LoadedModule, path: string, since: number): void {
    this.#files.set(module, { path: resolve(path), since });
  }

  /** The file of a module; null for one that the program has compiled. */
  fileOf(module: LoadedModule): string | null {
    return this.#files.get(module)?.path ?? null;
  }

  locate(module: LoadedModule, frames: readonly StackFrame[], onlyOwn = false): Promise<LocatedStack> | null {
    if (frames.length === 0 || !this.mayKnow(module)) return null;
    this.#locator ??= new StackLocator(this.#style());
    return this.#locator.locate(module, () => this.#describe(module), frames, onlyOwn);
  }

  /** Whether something may be known of the sources of a module. */
  mayKnow(module: LoadedModule): boolean {
    return (
      tellsOfSource((name) => customSection(module.source, name) !== undefined) ||
      (this.#files.get(module)?.path.endsWith('.wat') ?? false)
    );
  }

  #describe(module: LoadedModule): LocatedModule {
    const file = this.#files.get(module);
    return {
      bytes: () => module.bytes,
      size: module.bytes.length,
      path: file !== undefined && isAsItWas(file.path, file.since) ? file.path : null,
    };
  }
}

/** Whether a file has not been written since. Else what lies beside it is not of the module that was read. */
function isAsItWas(path: string, since: number): boolean {
  try {
    const stat = statSync(path);
    return stat.isFile() && stat.mtimeMs <= since + CLOCK_ERROR;
  } catch {
    return false;
  }
}
