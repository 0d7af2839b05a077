import { FULL_STACK_DEPTH, processStack, stackFrame } from '../kernel/guest-stack.ts';
import type { ProcessId } from '../kernel/ids.ts';
import type { Process } from '../kernel/process.ts';
import type { Scheduler } from '../kernel/scheduler.ts';
import { configInfo } from './config-info.ts';
import { evaluateIn, failedIn } from './evaluating.ts';
import { InspectionError } from './inspection-error.ts';
import { bytesIn, keptLocals, LOCAL_SIZES } from './kept-locals.ts';
import type { Modules } from './modules.ts';
import type { ProcessIndex } from './process-index.ts';
import { messageInfo, stateOf } from './process-info.ts';
import { keyOf, partsOf } from './process-key.ts';
import {
  type BreakpointTerms,
  type ConfigInfo,
  InspectError,
  MAX_MEMORY_READ,
  MAX_PAGE,
  type PeerInfo,
  type ProcessFilter,
  type ProcessInfo,
  type ProcessKey,
  type ProcessPage,
  type ProcessPeers,
  type Requests,
  type Stack,
} from './protocol.ts';

type Result<Name extends keyof Requests> = Requests[Name]['result'];

/** Pages of processes and messages where a client does not say how many it wants. */
const DEFAULT_PAGE = 100;

/** Calls of a stack that are told, the innermost ones. */
const MAX_FRAMES = 2000;

/** Answers what clients ask about processes, and changes nothing. Must be called between turns of processes. */
export class Queries {
  readonly #scheduler: Scheduler;
  readonly #index: ProcessIndex;
  readonly #modules: Modules;

  constructor(scheduler: Scheduler, index: ProcessIndex, modules: Modules) {
    this.#scheduler = scheduler;
    this.#index = index;
    this.#modules = modules;
  }

  list(after: ProcessKey | undefined, limit = DEFAULT_PAGE, filter: ProcessFilter = {}): ProcessPage {
    const wanted = Math.min(limit, MAX_PAGE);
    const processes: ProcessInfo[] = [];
    const isSpread = this.#index.isSpread;
    const last = after === undefined || isSpread ? undefined : this.#index.find(after);
    const from = after === undefined ? null : partsOf(after);
    const describe = this.#index.describer();
    const parent = filter.parent == null ? null : partsOf(filter.parent);
    let skipping = last !== undefined;
    for (const process of isSpread ? this.#index.ordered() : this.#index.live()) {
      if (skipping) {
        skipping = process !== last;
        continue;
      }
      // Where the process that a page ended with has gone, the next page begins with the first later one.
      if (from !== null && last === undefined && this.#index.isUpTo(process, from)) continue;
      if (!mayMatch(process, filter, parent)) continue;
      const found = describe(process);
      if (!matches(found, filter)) continue;
      if (processes.length === wanted) {
        const next = processes.at(-1)?.key;
        return { processes, total: this.#index.total, ...(next === undefined ? {} : { next }) };
      }
      processes.push(found);
    }
    return { processes, total: this.#index.total };
  }

  get(key: ProcessKey): ProcessInfo {
    return this.#index.info(this.#index.get(key));
  }

  peers(key: ProcessKey): ProcessPeers {
    const process = this.#index.get(key);
    const links = [...(process.links ?? [])].slice(0, MAX_PAGE);
    const monitors = [...(process.monitors ?? [])].slice(0, MAX_PAGE);
    return {
      links: links.flatMap(([id, tag]) =>
        this.#peers(process, id).map((peer) => ({ peer, tag: String(tag) })),
      ),
      monitors: monitors.flatMap((id) => this.#peers(process, id)),
    };
  }

  /** The process of that id, beside another one; nothing where it has just ended. Of one on another scheduler only the key is known. */
  #peers({ environment }: Process, id: ProcessId): PeerInfo[] {
    const peer = environment.get(id);
    if (peer !== undefined) return [peerInfo(this.#index.info(peer))];
    if (environment.elsewhere?.mayHave(id) !== true) return [];
    const number = this.#index.numberOf(environment) ?? 0;
    return [{ key: keyOf(number, id), id, environment: number, names: [], entry: '' }];
  }

  config(key: ProcessKey): ConfigInfo {
    return configInfo(this.#index.get(key).config);
  }

  async stack(key: ProcessKey): Promise<Stack> {
    const process = this.#index.get(key);
    if (!process.started) return { frames: [], missing: 'it has not begun' };
    const kept = this.#scheduler.probes?.of(process) ?? null;
    const module = this.#modules.keyOf(process.module);
    if (kept !== null) {
      const { importedFunctions } = process.module.source;
      const innermost = kept.slice(-MAX_FRAMES).reverse();
      return {
        frames: innermost.map(({ defined, site }) => ({
          ...stackFrame(process.module, importedFunctions + defined, site),
          module,
        })),
        ...outer(kept.length),
      };
    }
    const error = await this.#scheduler.stacks.of(process);
    if (error === null) {
      const gone = process.exit !== null || (process.heldExit !== null && !process.doomed);
      return {
        frames: [],
        missing: gone
          ? 'it has ended'
          : 'it is running, or has been waiting since before anybody inspected it; --trace keeps such stacks',
      };
    }
    const frames = processStack(error, process, FULL_STACK_DEPTH);
    return {
      frames: frames.slice(0, MAX_FRAMES).map((frame) => ({ ...frame, module })),
      ...outer(frames.length),
    };
  }

  /** @param frame place of the call in the stack, the innermost first */
  locals(key: ProcessKey, frame: number): Result<'process/locals'> {
    const process = this.#index.get(key);
    const { probes } = this.#scheduler;
    const failed = failedIn(probes, process)?.[frame];
    if (probes !== null && failed != null) return { locals: keptLocals(probes.frames, failed) };
    const kept = probes?.of(process) ?? null;
    if (probes === null || kept === null) {
      return {
        locals: [],
        missing:
          probes === null
            ? 'the program was not started for debugging'
            : 'it was stopped in the midst of its work',
      };
    }
    const found = kept.at(-1 - frame);
    if (found === undefined) return { locals: [], missing: 'there is no such call' };
    return {
      locals: keptLocals(probes.frames, found),
    };
  }

  setLocal(key: ProcessKey, local: number, data: Uint8Array): null {
    const process = this.#index.get(key);
    const { probes } = this.#scheduler;
    const top = process.probedAt < 0 || process.isAtCall ? undefined : probes?.of(process)?.at(-1);
    const found = top?.layout.locals.find(({ index }) => index === local);
    if (
      probes === null ||
      top === undefined ||
      found === undefined ||
      data.length !== LOCAL_SIZES[found.type]
    ) {
      throw new InspectionError(
        InspectError.Refused,
        top === undefined
          ? `process ${key} does not stand still at a place where its locals can be set`
          : `there is no local ${local} of ${data.length} bytes`,
      );
    }
    bytesIn(probes.frames, top.at + found.at, data.length).set(data);
    return null;
  }

  evaluate(
    key: ProcessKey,
    frame: number,
    expression: string,
    terms: Pick<BreakpointTerms, 'names' | 'types'>,
  ): Result<'process/evaluate'> {
    return evaluateIn(this.#scheduler, this.#index.get(key), frame, expression, terms);
  }

  mailbox(key: ProcessKey, start = 0, count = DEFAULT_PAGE): Result<'process/mailbox'> {
    const { mailbox } = this.#index.get(key);
    const messages = mailbox.slice(start, Math.min(count, MAX_PAGE)).map(messageInfo);
    return { messages, length: mailbox.length };
  }

  /** @param index which of its memories */
  memory(key: ProcessKey, offset: number, count: number, index = 0): Result<'process/memory'> {
    const bytes = Buffer.from(this.#memory(key, index).buffer);
    const end = Math.min(bytes.length, offset + Math.min(count, MAX_MEMORY_READ));
    return { data: bytes.subarray(Math.min(offset, end), end).toString('base64'), size: bytes.length };
  }

  setMemory(key: ProcessKey, offset: number, data: Uint8Array, index = 0): null {
    const { buffer } = this.#memory(key, index);
    if (!this.#index.get(key).paused)
      throw new InspectionError(InspectError.Refused, 'the process does not stand still');
    if (offset + data.length > buffer.byteLength)
      throw new InspectionError(InspectError.Refused, `the memory has ${buffer.byteLength} bytes`);
    new Uint8Array(buffer).set(data, offset);
    return null;
  }

  #memory(key: ProcessKey, index: number): WebAssembly.Memory {
    const first = this.#index.get(key).instance?.owned;
    const owned = index === 0 ? first : first?.others[index - 1];
    if (owned == null)
      throw new InspectionError(
        InspectError.Refused,
        index === 0 ? `process ${key} has no memory` : `process ${key} has no memory ${index}`,
      );
    return owned.memory;
  }
}

/** What can be told without describing the process: most of thousands are sorted out here. */
function mayMatch(
  process: Process,
  { states }: ProcessFilter,
  parent: ReturnType<typeof partsOf> | null,
): boolean {
  if (states !== undefined && !states.includes(stateOf(process))) return false;
  return parent === null || process.parent === parent.id;
}

function matches(info: ProcessInfo, { text, parent }: ProcessFilter): boolean {
  if (parent !== undefined && info.parent !== parent) return false;
  if (text === undefined || text === '') return true;
  return (
    info.key === text || [String(info.id), info.entry, ...info.names].some((part) => part.includes(text))
  );
}

function outer(depth: number): Pick<Stack, 'outer'> {
  return depth > MAX_FRAMES ? { outer: depth - MAX_FRAMES } : {};
}

function peerInfo({ key, id, environment, names, entry }: ProcessInfo): PeerInfo {
  return { key, id, environment, names, entry };
}
