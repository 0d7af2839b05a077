import type { DebugProtocol } from '@vscode/debugprotocol';
import type { ModuleKey, StackFrame } from '../runtime/inspect/protocol.ts';
import { displayName } from '../runtime/inspect/view/index.ts';
import {
  type Disassembly,
  disassembleFunction,
  type InspectClient,
  lineOf,
  readModule,
  type WasmModule,
} from '../runtime/internal.ts';
import type { Ids } from './ids.ts';

/** The most functions whose text is kept: a text may have megabytes. */
const KEPT_TEXTS = 32;

/** A call in the text of its function. */
export interface Place {
  readonly functionName: string;
  readonly source: DebugProtocol.Source;
  /** From 0. */
  readonly line: number;
}

/** Functions of the program's modules as text. */
export class Disassemblies {
  readonly #client: InspectClient;
  readonly #ids: Ids;
  readonly #modules = new Map<ModuleKey, Promise<WasmModule>>();
  /** By source reference, in the order in which they were used last. */
  readonly #texts = new Map<number, Disassembly>();

  constructor(client: InspectClient, ids: Ids) {
    this.#client = client;
    this.#ids = ids;
  }

  async place(frame: StackFrame): Promise<Place> {
    const { module, functionIndex, offset } = frame;
    const sourceReference = this.#ids.source(module, functionIndex);
    const disassembly = await this.#disassembly(sourceReference, module, functionIndex);
    const functionName = await this.nameOf(frame);
    const name = `${functionName}.wat`;
    return {
      functionName,
      source: { name, sourceReference, origin: 'disassembly', adapterData: { module, functionIndex } },
      line: lineOf(disassembly, offset),
    };
  }

  /** The name of a frame's function: its own name, or else that of its export, or else its index. */
  async nameOf({ module, functionIndex, functionName }: Omit<StackFrame, 'offset'>): Promise<string> {
    if (functionName !== undefined) return functionName;
    const { exports } = await this.#module(module);
    const exported = exports.find(({ kind, index }) => kind === 'function' && index === functionIndex);
    return exported === undefined ? `function ${functionIndex}` : displayName(exported.name);
  }

  /** Describes a frame in one line: its function and the offset. */
  async describe(frame: StackFrame): Promise<string> {
    return `${await this.nameOf(frame)} (0x${frame.offset.toString(16)})`;
  }

  /** The text of a source reference; undefined if it is unknown. */
  async text(sourceReference: number): Promise<string | undefined> {
    const source = this.#ids.sourceOf(sourceReference);
    if (source === undefined) return undefined;
    return (await this.#disassembly(sourceReference, source.module, source.functionIndex)).text;
  }

  async #disassembly(sourceReference: number, key: ModuleKey, functionIndex: number): Promise<Disassembly> {
    const module = await this.#module(key);
    const known = this.#texts.get(sourceReference);
    const disassembly = known ?? disassembleFunction(module, functionIndex);
    this.#texts.delete(sourceReference);
    this.#texts.set(sourceReference, disassembly);
    for (const oldest of this.#texts.keys()) {
      if (this.#texts.size <= KEPT_TEXTS) break;
      this.#texts.delete(oldest);
    }
    return disassembly;
  }

  #module(key: ModuleKey): Promise<WasmModule> {
    let module = this.#modules.get(key);
    if (module === undefined) {
      module = this.#fetch(key);
      this.#modules.set(key, module);
      // After a failure it may be requested again.
      module.catch(() => this.#modules.delete(key));
    }
    return module;
  }

  async #fetch(module: ModuleKey): Promise<WasmModule> {
    const { data } = await this.#client.request('module/bytes', { module });
    return readModule(new Uint8Array(Buffer.from(data, 'base64')));
  }
}
