import { createHash } from 'node:crypto';
import type { StackFrame } from '../../symbols/stack-frame.ts';
import { readModule, type WasmModule } from '../../wasm/index.ts';
import type { GlobalInfo, LocalInfo } from '../protocol.ts';
import type { DumpContent, DumpedFrame, DumpedGlobal } from './dump-content.ts';
import { MAX_EMBEDDED, MAX_LOCALS } from './dump-limits.ts';

/** Locals of a call, beyond which nothing is said of those that are not known. */
const MAX_UNKNOWN = 1000;

/** What dumps say of a module. */
export class DumpModule {
  readonly digest: string;
  readonly #bytes: Uint8Array;
  readonly #source: WasmModule;
  /** Its file; null if the program has compiled it. */
  readonly #file: string | null;

  constructor(bytes: Uint8Array, file: string | null, source = readModule(bytes)) {
    this.#bytes = bytes;
    this.#source = source;
    this.#file = file;
    this.digest = digestOf(bytes);
  }

  get about(): DumpContent['about']['module'] {
    const file = this.#file;
    return { digest: this.digest, size: this.#bytes.length, ...(file === null ? {} : { file }) };
  }

  /** The module itself, if its file does not have it as it is. */
  get embedded(): Uint8Array | null {
    const isFound = this.#file !== null && !this.#file.endsWith('.wat');
    return isFound || this.#bytes.length > MAX_EMBEDDED ? null : this.#bytes;
  }

  /** By memory: whether its addresses have 64 bits. */
  get areMemories64(): boolean[] {
    const { memories, imports } = this.#source;
    const imported = imports.flatMap((entry) => (entry.kind === 'memory' ? [entry.memory] : []));
    return [...imported, ...memories].map(({ is64 }) => is64 ?? false);
  }

  frame({ functionIndex, offset }: StackFrame, known: readonly LocalInfo[]): DumpedFrame {
    const { code, importedFunctions } = this.#source;
    const byIndex = new Map(known.map((local) => [local.index, local]));
    const defined = functionIndex - importedFunctions;
    const parameters = this.#source.functionType(functionIndex)?.params.length ?? 0;
    const count = parameters + (code.localCount[defined] ?? 0);
    const last = known.reduce((most, { index }) => Math.max(most, index), -1);
    const length = Math.min(Math.max(Math.min(count, MAX_UNKNOWN), last + 1), MAX_LOCALS);
    return {
      functionIndex,
      codeOffset: offset - (code.bodyStart[defined] ?? 0),
      locals: Array.from({ length }, (_, index) => byIndex.get(index) ?? null),
    };
  }

  /** All globals, of which only some are known. */
  globals(known: readonly GlobalInfo[]): DumpedGlobal[] {
    const { globals, imports } = this.#source;
    const byIndex = new Map(known.map((global) => [global.index, global.data]));
    const imported = imports.flatMap((entry) => (entry.kind === 'global' ? [entry.global] : []));
    return [...imported, ...globals].map(({ type }, index) => ({
      type: typeof type === 'string' ? type : 'reference',
      data: byIndex.get(index) ?? null,
    }));
  }
}

/** SHA-256 in hex digits. */
export function digestOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
