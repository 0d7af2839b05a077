import { andThen, fail, INHERIT, limitFromGuest, limitToGuest, OK } from '../hostcall/conventions.ts';
import { type HostContext, Namespace, older } from '../hostcall/function.ts';
import type { GuestMemory } from '../kernel/guest-memory.ts';
import { processIdFromGuest } from '../kernel/ids.ts';
import type { Entry, EntryValue, Process } from '../kernel/process.ts';
import { KILL } from '../kernel/signal.ts';
import type { SpawnResult } from '../kernel/spawn.ts';
import { tagFromGuest } from '../kernel/tag.ts';
import { hostTrap } from '../kernel/trap.ts';
import { childConfig } from '../permissions/child-config.ts';
import { ProcessConfig } from '../permissions/config.ts';
import { chargeConfig, refundConfig } from './config-budget.ts';

/** `lunatic::process` (abi 10): modules, configurations, spawning, links, monitors. */
export const process = new Namespace('lunatic::process');

const NAME_TAKEN = 2;

// -- modules -----------------------------------------------------------------------------------------

process.define(
  'compile_module',
  '(module_data_ptr: i32, module_data_len: i32, id_ptr: i32) -> i32',
  { since: '0.9.0' },
  'Compiles a module. Returns 0 with a module id, 1 with an error id, -1 without the permission.',
  ({ scheduler, modules }) =>
    (pointer: number, length: number, idPointer: number) => {
      const { current } = scheduler;
      if (!current.config.canCompileModules) return -1;
      const bytes = current.memory.slice(pointer, length).slice();
      current.memory.check(idPointer, 8);
      try {
        current.memory.writeId(idPointer, current.modules.add(modules.load(bytes)));
        return OK;
      } catch (error) {
        return fail(current, idPointer, error instanceof Error ? error.message : String(error));
      }
    },
);

process.define(
  'drop_module',
  '(module_id: i64)',
  { since: '0.5.0' },
  'Releases a module. Its processes go on.',
  ({ scheduler }) =>
    (id: bigint) => {
      scheduler.current.modules.remove(id);
    },
);

// -- configurations ----------------------------------------------------------------------------------

process.define(
  'create_config',
  '() -> i64',
  {
    since: '0.5.0',
    // Up to 0.7 the limits were parameters.
    older: [
      older(
        '(i64, i64) -> i64',
        (current) => (maxMemory: bigint, maxFuel: bigint) => current(maxMemory, maxFuel),
      ),
    ],
  },
  'Makes a config without permissions and returns its id, or -1 if the caller may not.',
  ({ scheduler }) =>
    (maxMemory?: bigint, maxFuel?: bigint) => {
      const { current } = scheduler;
      if (!current.config.canCreateConfigs) return -1n;
      const config = new ProcessConfig();
      if (maxMemory !== undefined && maxMemory !== 0n) config.maxMemory = limitFromGuest(maxMemory);
      if (maxFuel !== undefined) config.maxFuel = limitFromGuest(maxFuel);
      chargeConfig(current, config);
      return BigInt(current.configs.add(config));
    },
);

process.define(
  'drop_config',
  '(config_id: i64)',
  { since: '0.5.0' },
  'Releases a config. Its processes go on.',
  ({ scheduler }) =>
    (id: bigint) => {
      const { current } = scheduler;
      refundConfig(current, current.configs.remove(id));
    },
);

for (const [limit, field, doc] of [
  ['max_memory', 'maxMemory', 'the largest memory of a process in bytes'],
  ['max_fuel', 'maxFuel', 'the fuel of a process in units of 100,000 instructions; 0 is unlimited'],
] as const) {
  process.define(
    `config_set_${limit}`,
    `(config_id: i64, ${limit}: i64)`,
    { since: '0.9.0' },
    `Sets ${doc}.`,
    ({ scheduler }) =>
      (id: bigint, value: bigint) => {
        scheduler.current.configs.get(id)[field] = limitFromGuest(value);
      },
  );
  process.define(
    `config_get_${limit}`,
    '(config_id: i64) -> i64',
    { since: '0.9.0' },
    `Returns ${doc}.`,
    ({ scheduler }) =>
      (id: bigint) =>
        limitToGuest(scheduler.current.configs.get(id)[field]),
  );
}

for (const [permission, field, doc] of [
  ['compile_modules', 'canCompileModules', 'compile modules'],
  ['create_configs', 'canCreateConfigs', 'create configs'],
  ['spawn_processes', 'canSpawnProcesses', 'spawn processes'],
] as const) {
  process.define(
    `config_can_${permission}`,
    '(config_id: i64) -> i32',
    { since: '0.9.0' },
    `Returns whether processes may ${doc}.`,
    ({ scheduler }) =>
      (id: bigint) =>
        scheduler.current.configs.get(id)[field] ? 1 : 0,
  );
  process.define(
    `config_set_can_${permission}`,
    '(config_id: i64, can: i32)',
    { since: '0.9.0' },
    `Sets whether processes may ${doc}. Traps if the caller does not have the permission.`,
    ({ scheduler }) =>
      (id: bigint, can: number) => {
        const { config, configs } = scheduler.current;
        const changed = configs.get(id);
        if (can !== 0 && !config[field] && !config.upstreamPermissions) {
          throw hostTrap(
            `this process may not ${doc}, so it cannot permit it to others (config: can_${permission})`,
          );
        }
        changed[field] = can !== 0;
      },
  );
}

// -- spawning ----------------------------------------------------------------------------------------

/** Bytes of a parameter record: the type, and the value in 16 bytes (abi 3.10). */
const PARAMETER_SIZE = 17;
/** Parameters that V8 lets a function have. */
const MAX_PARAMETERS = 1000;

function readParameters(caller: Process, pointer: number, length: number): EntryValue[] {
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
  const values: EntryValue[] = [];
  for (let at = start; at < start + size; at += PARAMETER_SIZE) values.push(readParameter(memory, at));
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

interface SpawnArguments {
  link: bigint;
  configId: bigint;
  moduleId: bigint;
  namePointer: number;
  nameLength: number;
  paramsPointer: number;
  paramsLength: number;
}

function spawnChild(
  { scheduler, spawner }: HostContext,
  args: SpawnArguments,
): SpawnResult | Promise<SpawnResult> {
  const { current } = scheduler;
  if (!current.config.canSpawnProcesses) {
    throw hostTrap('this process has no permission to spawn processes (config: can_spawn_processes)');
  }
  if (!current.initialized) throw hostTrap('a process cannot spawn others from its start section');
  const wanted = args.configId === INHERIT ? null : current.configs.get(args.configId);
  const module = args.moduleId === INHERIT ? current.module : current.modules.get(args.moduleId);
  const entry: Entry = {
    name: current.memory.string(args.namePointer, args.nameLength),
    params: readParameters(current, args.paramsPointer, args.paramsLength),
  };
  const { environment } = current;
  const processes = environment.size + environment.starting;
  if (processes >= current.config.maxProcesses) {
    return {
      failure: `no more than ${current.config.maxProcesses} processes (max_processes), there are ${processes}`,
    };
  }
  const config = wanted === null ? current.config : childConfig(wanted, current.config);
  if (typeof config === 'string') return { failure: config };
  const result = spawner.spawn(current, module, config, entry, tagFromGuest(args.link));
  if (!(result instanceof Promise)) return result;
  environment.starting++;
  return result.finally(() => {
    environment.starting--;
  });
}

/** Stores the outcome of a spawn: the id of the process, or of an error. Returns the result code. */
function finishSpawn(parent: Process, result: SpawnResult, idPointer: number): number {
  if (result.failure !== undefined) return fail(parent, idPointer, result.failure);
  parent.memory.writeId(idPointer, result.process.id);
  return OK;
}

process.define(
  'spawn',
  '(link: i64, config_id: i64, module_id: i64, func_str_ptr: i32, func_str_len: i32, params_ptr: i32, params_len: i32, id_ptr: i32) -> i32',
  {
    since: '0.5.0',
    blocking: true,
    older: [
      // Up to 0.7 there was no config.
      older(
        '(i64, i64, i32, i32, i32, i32, i32) -> i32',
        (current) =>
          (link: bigint, module: bigint, ...rest: number[]) =>
            current(link, INHERIT, module, ...rest),
      ),
    ],
  },
  'Spawns a process that calls an exported function. Returns 0 with its id, or 1 with an error id.',
  (context) =>
    (
      link: bigint,
      configId: bigint,
      moduleId: bigint,
      namePointer: number,
      nameLength: number,
      paramsPointer: number,
      paramsLength: number,
      idPointer: number,
    ) => {
      const parent = context.scheduler.current;
      const args = { link, configId, moduleId, namePointer, nameLength, paramsPointer, paramsLength };
      const result = spawnChild(context, args);
      if (result instanceof Promise) return andThen(result, (done) => finishSpawn(parent, done, idPointer));
      return finishSpawn(parent, result, idPointer);
    },
);

process.define(
  'get_or_spawn',
  '(name_str_ptr: i32, name_str_len: i32, link: i64, config_id: i64, module_id: i64, func_str_ptr: i32, func_str_len: i32, params_ptr: i32, params_len: i32, node_id_ptr: i32, id_ptr: i32) -> i32',
  { since: '0.13', blocking: true },
  'Looks a name up, or spawns a process and registers it. Returns 2 for a known name, otherwise as `spawn`.',
  (context) =>
    (
      registryNamePointer: number,
      registryNameLength: number,
      link: bigint,
      configId: bigint,
      moduleId: bigint,
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
      const args = { link, configId, moduleId, namePointer, nameLength, paramsPointer, paramsLength };

      const finish = (result: SpawnResult): number => {
        parent.memory.writeId(nodePointer, 0);
        const code = finishSpawn(parent, result, idPointer);
        if (result.process !== undefined) {
          registry.put(name, { nodeId: 0n, processId: BigInt(result.process.id) });
        }
        return code;
      };
      const lookUp = (): number | Promise<number> => {
        const known = registry.get(name);
        if (known !== undefined) {
          parent.memory.writeU64(nodePointer, known.nodeId);
          parent.memory.writeU64(idPointer, known.processId);
          return NAME_TAKEN;
        }
        if (parent.initialized && registry.isReserved(name))
          return andThen(whenReleased(context, parent, name), lookUp);
        const result = spawnChild(context, args);
        if (!(result instanceof Promise)) return finish(result);
        registry.reserve(name);
        return andThen(result, finish).finally(() => registry.release(name));
      };
      return lookUp();
    },
);

/** Waits until the `get_or_spawn` of another process has finished with a name. */
export function whenReleased({ scheduler }: HostContext, waiter: Process, name: string): Promise<number> {
  return scheduler.waitForEvent(waiter, (wake) => {
    return waiter.registry.whenReleased(name, () => wake(0));
  });
}

process.define(
  'sleep_ms',
  '(millis: i64)',
  { since: '0.5.0', blocking: true },
  'Suspends the process for a time in milliseconds.',
  ({ scheduler }) =>
    (millis: bigint) =>
      scheduler.sleep(scheduler.current, limitFromGuest(millis)),
);

// -- identity ----------------------------------------------------------------------------------------

process.define(
  'process_id',
  '() -> i64',
  { since: '0.10.0' },
  "Returns the caller's own id.",
  ({ scheduler }) =>
    () =>
      BigInt(scheduler.current.id),
);

process.define(
  'environment_id',
  '() -> i64',
  { since: '0.10.0' },
  "Returns the id of the caller's environment.",
  ({ scheduler }) =>
    () =>
      BigInt(scheduler.current.environment.id),
);

process.define(
  'exists',
  '(process_id: i64) -> i32',
  { since: '0.13' },
  'Returns 1 for a live process of the own environment, otherwise 0.',
  ({ scheduler }) =>
    (id: bigint) =>
      scheduler.current.environment.router.exists(processIdFromGuest(id)) ? 1 : 0,
);

// -- links, monitors, kill ---------------------------------------------------------------------------

process.define(
  'die_when_link_dies',
  '(trap: i32)',
  { since: '0.5.0' },
  'Sets whether the death of a link kills the caller, which is the default, or becomes a message.',
  ({ scheduler }) =>
    (die: number) => {
      const { id, environment } = scheduler.current;
      environment.router.deliver(id, { kind: 'die-when-link-dies', die: die !== 0 });
    },
);

process.define(
  'link',
  '(tag: i64, process_id: i64)',
  { since: '0.6.0' },
  'Links the caller and a process in both directions, under the same tag. A dead process counts as a link death.',
  ({ scheduler }) =>
    (tagOfGuest: bigint, id: bigint) => {
      const { current } = scheduler;
      const tag = tagFromGuest(tagOfGuest);
      const peer = processIdFromGuest(id);
      const { router } = current.environment;
      // The own half comes first: the router may answer the other one with the death of the link.
      router.deliver(current.id, { kind: 'link', peer, tag });
      router.deliver(peer, { kind: 'link', peer: current.id, tag });
    },
);

process.define(
  'unlink',
  '(process_id: i64)',
  { since: '0.6.0' },
  'Removes the link between the caller and a process, if there is one.',
  ({ scheduler }) =>
    (id: bigint) => {
      const { current } = scheduler;
      const peer = processIdFromGuest(id);
      const { router } = current.environment;
      router.deliver(peer, { kind: 'unlink', peer: current.id });
      router.deliver(current.id, { kind: 'unlink', peer });
    },
);

for (const [name, kind, doc] of [
  ['monitor', 'monitor', 'Asks for a message when a process ends, however it ends.'],
  ['stop_monitoring', 'stop-monitoring', 'Takes back what `monitor` asked for.'],
] as const) {
  process.define(name, '(process_id: i64)', { since: '0.13' }, doc, ({ scheduler }) => (id: bigint) => {
    const { current } = scheduler;
    current.environment.router.deliver(processIdFromGuest(id), { kind, peer: current.id });
  });
}

process.define(
  'kill',
  '(process_id: i64)',
  { since: '0.10.0' },
  'Kills a process if it is alive.',
  ({ scheduler }) =>
    (id: bigint) => {
      scheduler.current.environment.router.deliver(processIdFromGuest(id), KILL);
    },
);
