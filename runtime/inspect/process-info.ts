import type { Exit } from '../kernel/exit.ts';
import type { Message } from '../kernel/message.ts';
import { MessageKind } from '../kernel/message.ts';
import { bytesOf } from '../kernel/owned-memory.ts';
import { type Process, Wait } from '../kernel/process.ts';
import type { Registry } from '../kernel/registry.ts';
import { displayName } from '../text/display-name.ts';
import { entryName } from './entry-name.ts';
import { processEnd } from './process-end.ts';
import { keyOf } from './process-key.ts';
import {
  MESSAGE_PREVIEW,
  type MessageInfo,
  type ModuleKey,
  type ProcessEnd,
  type ProcessInfo,
  type ProcessState,
  type WaitReason,
} from './protocol.ts';

/** The most registered names of a process that are told. */
const MAX_NAMES = 5;

const WAIT_REASONS: Readonly<Record<Wait, WaitReason | undefined>> = {
  [Wait.None]: undefined,
  [Wait.Receive]: 'message',
  [Wait.Sleep]: 'sleep',
  [Wait.Spawn]: 'spawn',
  [Wait.Turn]: 'turn',
  [Wait.Event]: 'event',
};

/** What was seen of a process when it was last described. */
interface Sighting {
  turns: number;
  state: ProcessState;
  since: number;
}

/** Describes processes as the protocol does. */
export class ProcessInfos {
  readonly #moduleKey: (process: Process) => ModuleKey;
  readonly #endOf: (process: Process, exit: Exit) => ProcessEnd;
  readonly #sightings = new WeakMap<Process, Sighting>();

  /** @param endOf tells how a process has ended, or will end when it is resumed */
  constructor(
    moduleKey: (process: Process) => ModuleKey,
    endOf: (process: Process, exit: Exit) => ProcessEnd,
  ) {
    this.#moduleKey = moduleKey;
    this.#endOf = endOf;
  }

  of(process: Process, environment: number, names: readonly string[]): ProcessInfo {
    const { parent } = process;
    const status = statusOf(process, this.#endOf);
    return {
      key: keyOf(environment, process.id),
      id: process.id,
      environment,
      ...(process.environment.scheduler === 0 ? {} : { scheduler: process.environment.scheduler }),
      parent: parent !== null && isParented(process) ? keyOf(environment, parent) : null,
      names,
      ...status,
      since: this.#since(process, status.state),
      module: this.#moduleKey(process),
      entry: entryName(process),
      mailbox: process.mailbox.length,
      memory: memoryOf(process),
      links: process.links?.size ?? 0,
      monitors: process.monitors?.size ?? 0,
    };
  }

  /**
   * The time since when a process is in its state. A process that has had a turn and waits again is in a new state, although
   * it looks the same; a process that computes is in the same state for many turns.
   */
  #since(process: Process, state: ProcessState): number {
    const seen = this.#sightings.get(process);
    const isSame = seen?.state === state && (state === 'running' || seen.turns === process.turns);
    if (isSame) return seen.since;
    const since = Date.now();
    this.#sightings.set(process, { turns: process.turns, state, since });
    return since;
  }
}

/** What a process is doing. */
export function statusOf(
  process: Process,
  endOf: (process: Process, exit: Exit) => ProcessEnd = (_, exit) => processEnd(exit),
): Pick<ProcessInfo, 'state' | 'waitsFor' | 'end'> {
  const { wait, heldExit } = process;
  const state = stateOf(process);
  const waitsFor = state === 'waiting' || state === 'paused' ? WAIT_REASONS[wait] : undefined;
  return {
    state,
    ...(waitsFor === undefined ? {} : { waitsFor }),
    ...(heldExit === null ? {} : { end: endOf(process, heldExit) }),
  };
}

/** Whether the parent of a process is there, or may be on another scheduler. */
export function isParented({ parent, environment }: Process): boolean {
  if (parent === null) return false;
  return environment.get(parent) !== undefined || (environment.elsewhere?.mayHave(parent) ?? false);
}

/** Bytes of a process's memory, or of all of them. */
export function memoryOf({ instance }: Process): number {
  const owned = instance?.owned;
  return owned == null ? 0 : bytesOf(owned);
}

/** The state of a process as clients know it. */
export function stateOf({ state, wait }: Process): ProcessState {
  switch (state) {
    case 'ready':
      // A process that computes waits for its next turn.
      return wait === Wait.Turn ? 'running' : 'ready';
    case 'exited':
      // A process that has ended may still be found in the same turn.
      return 'running';
    default:
      return state;
  }
}

/** The registered names of one process, or some of them if there are many. */
export function namesOf({ registry, id }: Process): string[] {
  return registry.namesOf(id, MAX_NAMES).map(displayName);
}

/** The same for many processes: one pass over the registry instead of one for each of them. */
export class AllNames {
  readonly #names = new Map<bigint, string[]>();

  constructor(registry: Registry) {
    for (const [name, { processId }] of registry.entries()) {
      const known = this.#names.get(processId);
      if (known === undefined) this.#names.set(processId, [displayName(name)]);
      else if (known.length < MAX_NAMES) known.push(displayName(name));
    }
  }

  of({ id }: Process): readonly string[] {
    return this.#names.size === 0 ? [] : (this.#names.get(BigInt(id)) ?? []);
  }
}

const MESSAGE_KINDS = {
  [MessageKind.Data]: 'data',
  [MessageKind.LinkDied]: 'link-died',
  [MessageKind.ProcessDied]: 'process-died',
} as const;

export function messageInfo(message: Message): MessageInfo {
  const kind = MESSAGE_KINDS[message.kind];
  const { buffer, length } = message;
  return {
    kind,
    tag: String(message.tag),
    size: length,
    data: Buffer.from(buffer.buffer, buffer.byteOffset, Math.min(length, MESSAGE_PREVIEW)).toString('base64'),
    resources: (message.resources ?? []).map((resource) => resource?.kind ?? 'taken'),
    ...(kind === 'process-died' ? { process: message.processId } : {}),
  };
}
