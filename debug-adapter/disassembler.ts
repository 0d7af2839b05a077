/** The script of the thread that disassembles functions; see `disassembly.ts`. */
import { parentPort } from 'node:worker_threads';
import type { ModuleKey } from '../runtime/inspect/protocol.ts';
import { displayName } from '../runtime/inspect/view/index.ts';
import { type Disassembly, disassembleFunction, readModule, type WasmModule } from '../runtime/internal.ts';

/** A function that is to become text. */
export interface DisassemblyJob {
  readonly module: ModuleKey;
  /** The module; null if the thread has had it, unless it has ended meanwhile. */
  readonly bytes: Uint8Array | null;
  readonly functionIndex: number;
}

/** A function as text, and the name under which the module exports it; null if it does not. */
export interface FunctionText {
  readonly disassembly: Disassembly;
  readonly exportName: string | null;
}

/** The text, or what is wrong with the module, or that the thread does not know it. */
export type DisassemblyAnswer = FunctionText | { readonly wrong: string } | 'unknown module';

const modules = new Map<ModuleKey, WasmModule>();

parentPort?.on('message', (job: DisassemblyJob) => parentPort?.postMessage(answerTo(job)));

function answerTo({ module: key, bytes, functionIndex }: DisassemblyJob): DisassemblyAnswer {
  try {
    if (bytes !== null) modules.set(key, readModule(bytes));
    const module = modules.get(key);
    if (module === undefined) return 'unknown module';
    const { exports } = module;
    const exported = exports.find(({ kind, index }) => kind === 'function' && index === functionIndex);
    return {
      disassembly: disassembleFunction(module, functionIndex),
      exportName: exported === undefined ? null : displayName(exported.name),
    };
  } catch (error) {
    return { wrong: error instanceof Error ? error.message : String(error) };
  }
}
