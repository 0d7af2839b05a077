import { readFile, stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { InspectClient } from '../inspect/client.ts';
import type { ModuleKey, StackFrame } from '../inspect/protocol.ts';
import { ModuleParts } from '../symbols/module-parts.ts';
import { stackLines } from '../symbols/stack-frame.ts';
import { tellsOfSource } from '../symbols/telling-sections.ts';
import type { LocatedStack } from '../testing/test-options.ts';
import { displayName } from '../text/display-name.ts';
import { isWasmBinary } from '../wasm/index.ts';
import { type LocatedModule, StackLocator } from './stack-locator.ts';
import type { StackStyle } from './stack-style.ts';

/** Modules that are asked for: each is sent as a whole. */
const MAX_MODULES = 16;

/** Larger modules are not compared with files. */
const MAX_SIZE = 2 ** 28;

/** Finds the stacks of a running program in the sources, wherever it runs. */
export class InspectedSources {
  readonly #client: InspectClient;
  readonly #locator: StackLocator;
  readonly #modules = new Map<ModuleKey, Promise<LocatedModule | null>>();

  constructor(client: InspectClient, style: StackStyle) {
    this.#client = client;
    this.#locator = new StackLocator(style);
  }

  /** @param stack of one process, all of whose frames are of one module */
  async locate(stack: readonly StackFrame[]): Promise<LocatedStack> {
    const key = stack[0]?.module;
    // Another program than this one has made the names.
    const frames = stack.map(({ functionName, ...frame }) =>
      functionName === undefined ? frame : { ...frame, functionName: displayName(functionName) },
    );
    const module = key === undefined ? null : await this.#module(key);
    if (module === null) return { frames, own: null, lines: stackLines(frames) };
    return await this.#locator.locate(module, () => module, frames);
  }

  #module(key: ModuleKey): Promise<LocatedModule | null> {
    let module = this.#modules.get(key);
    if (module === undefined) {
      if (this.#modules.size === MAX_MODULES) return Promise.resolve(null);
      // It may have gone meanwhile.
      module = this.#open(key).catch(() => null);
      this.#modules.set(key, module);
    }
    return module;
  }

  /** Returns null if nothing can be known of its sources. */
  async #open(key: ModuleKey): Promise<LocatedModule | null> {
    const { origin } = await this.#client.request('module/get', { module: key });
    const { data } = await this.#client.request('module/bytes', { module: key });
    const bytes = new Uint8Array(Buffer.from(data, 'base64'));
    const folder = this.#client.welcome.cwd ?? '';
    const path = origin === undefined ? null : await sameFile(resolve(folder, origin), bytes);
    const parts = new ModuleParts(bytes);
    const isTold = tellsOfSource((name) => parts.custom(name) !== null);
    return isTold || path?.endsWith('.wat') ? { bytes: () => bytes, size: bytes.length, path } : null;
  }
}

/**
 * The path of a module if it is on this machine, too; else null. The program may run on another one, and whoever runs it may name
 * any file.
 */
async function sameFile(path: string, bytes: Uint8Array): Promise<string | null> {
  // On Windows a path on another machine, which it would log in to.
  if (/^[\\/]{2}/.test(path)) return null;
  const info = await stat(path).catch(() => null);
  if (info === null || !info.isFile() || info.size === 0 || info.size > MAX_SIZE) return null;
  const file = await readFile(path).catch(() => null);
  if (file === null) return null;
  // Whether a text is that of the module is seen when its instructions are compared.
  if (path.endsWith('.wat') && !isWasmBinary(file)) return path;
  return file.equals(bytes) ? path : null;
}
