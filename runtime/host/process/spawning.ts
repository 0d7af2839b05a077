import { andThen, fail, inherits, OK } from '../../hostcall/conventions.ts';
import { type HostContext, older } from '../../hostcall/function.ts';
import type { Entry, EntryValue } from '../../kernel/entry.ts';
import { type GuestMemory, RepeatedString } from '../../kernel/guest-memory.ts';
import type { LoadedModule } from '../../kernel/module.ts';
import type { Process } from '../../kernel/process.ts';
import type { RegistryEntry } from '../../kernel/registry.ts';
import type { Scheduler } from '../../kernel/scheduler.ts';
import type { SpawnResult } from '../../kernel/spawn.ts';
import { type Tag, tagFromHalves } from '../../kernel/tag.ts';
import { hostTrap } from '../../kernel/trap.ts';
import { HostWork } from '../../kernel/turn-work.ts';
import { childConfig } from '../../permissions/child-config.ts';
import type { ProcessConfig } from '../../permissions/config.ts';
import { PERMISSIONS } from '../../permissions/permission.ts';
import { countOf } from '../../text/quantities.ts';
import { process } from './namespace.ts';

/** Functions of `lunatic::process` that spawn. */

/** `get_or_spawn` returns this if the name is registered already. */
const NAME_TAKEN = 2;

/** What it takes to copy an entry of a list of a config. */
const LIST_ENTRY_WORK = 16;

/** Bytes of a parameter record: the type, and the value in 16 bytes (abi 3.10). */
const PARAMETER_SIZE = 17;
/** Parameters that V8 lets a function have. */
const MAX_PARAMETERS = 1000;

export function readParameters(caller: Process, pointer: number, length: number): EntryValue[] {
  const size = length >>> 0;
  const { memory } = caller;
  const start = memory.check(pointer, size);
  if (size % PARAMETER_SIZE !== 0) {
    throw hostTrap(`spawn parameters take ${PARAMETER_SIZE} bytes each, ${size} bytes were given`);
  }
  if (size > MAX_PARAMETERS * PARAMETER_SIZE) {
    throw hostTrap(
      `a function has at most ${MAX_PARAMETERS} parameters, ${size / PARAMETER_SIZE} were given`,
    );
  }
  // An array that grows by pushing gets room for 17 values.
  const values = new Array<EntryValue>(size / PARAMETER_SIZE);
  for (let i = 0; i < values.length; i++) values[i] = readParameter(memory, start + i * PARAMETER_SIZE);
  return values;
}

function readParameter(memory: GuestMemory, at: number): EntryValue {
  const type = memory.readU8(at);
  switch (type) {
    case 0x7f:
      return memory.readI32(at + 1);
    case 0x7e:
      return memory.readI64(at + 1);
    case 0x7b:
      return memory.slice(at + 1, 16).slice();
    default:
      throw hostTrap(`spawn parameters are of type 0x7f, 0x7e or 0x7b, not 0x${type.toString(16)}`);
  }
}

/** Nearly all spawns of a program name the same function. */
const entryNames = new RepeatedString();

/** Ids and the tag come in halves, the low one first: a program that spawns a lot would allocate for each. */
function spawnChild(
  { scheduler, spawner }: HostContext,
  linkLow: number,
  linkHigh: number,
  configLow: number,
  configHigh: number,
  moduleLow: number,
  moduleHigh: number,
  namePointer: number,
  nameLength: number,
  paramsPointer: number,
  paramsLength: number,
): SpawnResult | Promise<SpawnResult> {
  const { current } = scheduler;
  const { what, option, isGrantedBy } = PERMISSIONS.spawn;
  if (!isGrantedBy(current.config))
    throw hostTrap(`this process has no permission to ${what} (config: can_spawn_processes, or ${option})`);
  if (!current.initialized) throw hostTrap('a process cannot spawn others from its start section');
  const wanted = inherits(configLow, configHigh) ? null : current.configs.at(configLow, configHigh);
  const module = inherits(moduleLow, moduleHigh) ? current.module : current.modules.at(moduleLow, moduleHigh);
  const entry: Entry = {
    name: entryNames.read(current.memory, namePointer, nameLength),
    params: readParameters(current, paramsPointer, paramsLength),
  };
  const { environment } = current;
  const { maxProcesses } = current.config;
  const { elsewhere } = environment;
  const permit =
    elsewhere === null || maxProcesses === Number.POSITIVE_INFINITY ? null : elsewhere.permit(maxProcesses);
  const link = tagFromHalves(linkLow, linkHigh);
  if (permit === null) {
    const processes = environment.size + environment.starting + (elsewhere?.size ?? 0);
    if (processes >= maxProcesses) return tooMany(maxProcesses, processes);
    return makeChild(scheduler, spawner, module, wanted, entry, link);
  }
  const waiting = scheduler.waitForAnswer(current, permit).catch((killed: unknown) => {
    permit.then((processes) => (processes === null ? elsewhere?.permitUsed() : undefined)).catch(() => {});
    throw killed;
  });
  return andThen(waiting, async (processes) => {
    if (processes !== null) return tooMany(maxProcesses, processes);
    try {
      return await makeChild(scheduler, spawner, module, wanted, entry, link);
    } finally {
      elsewhere?.permitUsed();
    }
  });
}

function tooMany(most: number, processes: number): SpawnResult {
  return {
    failure: `no more than ${countOf(most, 'process')} (max_processes; --max-processes allows more), there ${processes === 1 ? 'is' : 'are'} ${processes}`,
  };
}

/** @param wanted the config that the parent has made for it; null for that of the parent */
function makeChild(
  scheduler: Scheduler,
  spawner: HostContext['spawner'],
  module: LoadedModule,
  wanted: ProcessConfig | null,
  entry: Entry,
  link: Tag,
): SpawnResult | Promise<SpawnResult> {
  const { current } = scheduler;
  const { environment } = current;
  const config = wanted === null ? current.config : childConfig(wanted, current.config);
  if (typeof config === 'string') return { failure: config };
  if (wanted !== null) chargeConfig(scheduler, config);
  scheduler.work.chargeSpawn(module.initialMemory);
  const result = spawner.spawn(current, module, config, entry, link);
  if (!(result instanceof Promise)) return result;
  environment.starting++;
  return result.finally(() => {
    environment.starting--;
  });
}

/** Spawns when the process has its next turn. */
function spawnAfter(turn: Promise<number>, ...args: Parameters<typeof spawnChild>): Promise<SpawnResult> {
  return andThen(turn, () => spawnChild(...args));
}

/** Stores the outcome of a spawn: the id of the process, or of an error. Returns the result code. */
function finishSpawn(parent: Process, result: SpawnResult, idPointer: number): number {
  if (result.failure !== undefined) return fail(parent, idPointer, result.failure);
  parent.memory.writeId(idPointer, result.process.id);
  return OK;
}

/** Charges for a config that was copied for a child: its lists, and its directories, which are opened. */
function chargeConfig({ work }: Scheduler, config: ProcessConfig): void {
  work.chargeSystem(config.preopenedDirectories.length);
  work.charge(LIST_ENTRY_WORK * (config.commandLineArguments.length + config.environmentVariables.length));
}

process.define(
  'spawn',
  '(link: i64, config_id: i64, module_id: i64, func_str_ptr: i32, func_str_len: i32, params_ptr: i32, params_len: i32, id_ptr: i32) -> i32',
  {
    since: '0.5.0',
    // A guest may monitor its child, or link to it, before that has its first turn.
    work: HostWork.none,
    blocking: true,
    split: true,
    needs: 'spawn',
    older: [
      // Up to 0.7 there was no config.
      older(
        '(i64, i64, i32, i32, i32, i32, i32) -> i32',
        (current) =>
          (linkLow: number, linkHigh: number, ...rest: number[]) =>
            current(linkLow, linkHigh, -1, -1, ...rest),
      ),
    ],
  },
  'Spawns a process that calls an exported function. Returns 0 with its id, or 1 with an error id.',
  (context) =>
    (
      linkLow: number,
      linkHigh: number,
      configLow: number,
      configHigh: number,
      moduleLow: number,
      moduleHigh: number,
      namePointer: number,
      nameLength: number,
      paramsPointer: number,
      paramsLength: number,
      idPointer: number,
    ) => {
      const { scheduler } = context;
      const parent = scheduler.current;
      // A call does not end the turn, so the next one does before it begins.
      const suspended = scheduler.work.isDone ? scheduler.tick() : undefined;
      const result =
        suspended === undefined
          ? spawnChild(
              context,
              linkLow,
              linkHigh,
              configLow,
              configHigh,
              moduleLow,
              moduleHigh,
              namePointer,
              nameLength,
              paramsPointer,
              paramsLength,
            )
          : spawnAfter(
              suspended,
              context,
              linkLow,
              linkHigh,
              configLow,
              configHigh,
              moduleLow,
              moduleHigh,
              namePointer,
              nameLength,
              paramsPointer,
              paramsLength,
            );
      if (result instanceof Promise) return andThen(result, (done) => finishSpawn(parent, done, idPointer));
      return finishSpawn(parent, result, idPointer);
    },
);

process.define(
  'get_or_spawn',
  '(name_str_ptr: i32, name_str_len: i32, link: i64, config_id: i64, module_id: i64, func_str_ptr: i32, func_str_len: i32, params_ptr: i32, params_len: i32, node_id_ptr: i32, id_ptr: i32) -> i32',
  { since: '0.13', blocking: true, split: true },
  'Looks a name up, or spawns a process and registers it. Returns 2 for a known name, otherwise as `spawn`.',
  (context) =>
    (
      registryNamePointer: number,
      registryNameLength: number,
      linkLow: number,
      linkHigh: number,
      configLow: number,
      configHigh: number,
      moduleLow: number,
      moduleHigh: number,
      namePointer: number,
      nameLength: number,
      paramsPointer: number,
      paramsLength: number,
      nodePointer: number,
      idPointer: number,
    ) => {
      const { scheduler } = context;
      const parent = scheduler.current;
      const { registry } = parent;
      const name = parent.memory.string(registryNamePointer, registryNameLength);

      const finish = (result: SpawnResult): number => {
        parent.memory.writeId(nodePointer, 0);
        const code = finishSpawn(parent, result, idPointer);
        if (result.process !== undefined && registry.keeper === null) {
          registry.put(name, entryOf(result.process), parent.account);
          scheduler.watcher?.registered(parent, name, BigInt(result.process.id));
        }
        return code;
      };
      const taken = ({ nodeId, processId }: RegistryEntry): number => {
        parent.memory.writeU64(nodePointer, nodeId);
        parent.memory.writeU64(idPointer, processId);
        return NAME_TAKEN;
      };
      const spawn = () =>
        spawnChild(
          context,
          linkLow,
          linkHigh,
          configLow,
          configHigh,
          moduleLow,
          moduleHigh,
          namePointer,
          nameLength,
          paramsPointer,
          paramsLength,
        );
      const lookUp = (): number | Promise<number> => {
        const known = registry.get(name);
        if (known !== undefined) return taken(known);
        if (parent.initialized && registry.isReserved(name))
          return andThen(whenReleased(context, parent, name), lookUp);
        const result = spawn();
        if (!(result instanceof Promise)) return finish(result);
        registry.reserve(name);
        return andThen(result, finish).finally(() => registry.release(name));
      };
      const { keeper } = registry;
      if (keeper === null) return lookUp();
      const reserved = keeper.reserve(name, parent.initialized);
      const waiting = scheduler.waitForAnswer(parent, reserved).catch((killed: unknown) => {
        reserved
          .then((known) => (known === undefined ? keeper.release(name, null) : undefined))
          .catch(() => {});
        throw killed;
      });
      return andThen(waiting, async (known) => {
        if (known !== undefined) return taken(known);
        let entry: RegistryEntry | null = null;
        let code: number;
        try {
          const result = await spawn();
          code = finish(result);
          if (result.process !== undefined) entry = entryOf(result.process);
        } catch (error) {
          keeper.release(name, null).catch(() => {});
          throw error;
        }
        await scheduler.waitForAnswer(parent, keeper.release(name, entry));
        return code;
      });
    },
);

function entryOf({ id }: Process): RegistryEntry {
  return { nodeId: 0n, processId: BigInt(id) };
}

/** Waits until the `get_or_spawn` of another process has finished with a name. */
export function whenReleased({ scheduler }: HostContext, waiter: Process, name: string): Promise<number> {
  return scheduler.waitForEvent(waiter, (wake) => {
    return waiter.registry.whenReleased(name, () => wake(0));
  });
}
