import { processStack } from '../kernel/guest-stack.ts';
import type { ProcessId } from '../kernel/ids.ts';
import type { Process } from '../kernel/process.ts';
import type { Scheduler } from '../kernel/scheduler.ts';
import { configInfo } from './config-info.ts';
import { InspectionError } from './inspection-error.ts';
import type { Modules } from './modules.ts';
import type { ProcessIndex } from './process-index.ts';
import { messageInfo, stateOf } from './process-info.ts';
import { isUpTo } from './process-key.ts';
import {
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
    const last = after === undefined ? undefined : this.#index.find(after);
    const describe = this.#index.describer();
    const parent = filter.parent == null ? undefined : this.#index.find(filter.parent);
    let skipping = last !== undefined;
    for (const process of this.#index.live()) {
      if (skipping) {
        skipping = process !== last;
        continue;
      }
      // Where the process that a page ended with has gone, the next page begins with the first later one.
      if (after !== undefined && last === undefined && isUpTo(this.#index.keyOf(process), after)) continue;
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

  /** The process of that id, beside another one; nothing where it has just ended. */
  #peers({ environment }: Process, id: ProcessId): PeerInfo[] {
    const peer = environment.get(id);
    return peer === undefined ? [] : [peerInfo(this.#index.info(peer))];
  }

  config(key: ProcessKey): ConfigInfo {
    return configInfo(this.#index.get(key).config);
  }

  async stack(key: ProcessKey): Promise<Stack> {
    const process = this.#index.get(key);
    if (!process.started) return { frames: [], missing: 'it has not begun' };
    const error = await this.#scheduler.stacks.of(process);
    if (error === null) {
      const gone = process.exit !== null;
      return {
        frames: [],
        missing: gone
          ? 'it has ended'
          : 'it is running, or has been waiting since before anybody inspected it; --trace keeps such stacks',
      };
    }
    const module = this.#modules.keyOf(process.module);
    const frames = processStack(error, process).map(({ functionIndex, functionName, offset }) => ({
      functionIndex,
      ...(functionName === undefined ? {} : { functionName }),
      offset,
      module,
    }));
    return { frames };
  }

  mailbox(key: ProcessKey, start = 0, count = DEFAULT_PAGE): Result<'process/mailbox'> {
    const { mailbox } = this.#index.get(key);
    const messages = mailbox.slice(start, Math.min(count, MAX_PAGE)).map(messageInfo);
    return { messages, length: mailbox.length };
  }

  memory(key: ProcessKey, offset: number, count: number): Result<'process/memory'> {
    const owned = this.#index.get(key).instance?.owned;
    if (owned == null) throw new InspectionError(InspectError.Refused, `process ${key} has no memory`);
    const bytes = Buffer.from(owned.memory.buffer);
    const end = Math.min(bytes.length, offset + Math.min(count, MAX_MEMORY_READ));
    return { data: bytes.subarray(Math.min(offset, end), end).toString('base64'), size: bytes.length };
  }
}

/** What can be told without describing the process: most of thousands are sorted out here. */
function mayMatch(process: Process, { states, parent }: ProcessFilter, found: Process | undefined): boolean {
  if (states !== undefined && !states.includes(stateOf(process))) return false;
  if (parent === undefined || parent === null) return true;
  return found !== undefined && process.parent === found.id && process.environment === found.environment;
}

function matches(info: ProcessInfo, { text, parent }: ProcessFilter): boolean {
  if (parent !== undefined && info.parent !== parent) return false;
  if (text === undefined || text === '') return true;
  return (
    info.key === text || [String(info.id), info.entry, ...info.names].some((part) => part.includes(text))
  );
}

function peerInfo({ key, id, environment, names, entry }: ProcessInfo): PeerInfo {
  return { key, id, environment, names, entry };
}
