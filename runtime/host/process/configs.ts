import { limitFromGuest, limitToGuest } from '../../hostcall/conventions.ts';
import { older } from '../../hostcall/function.ts';
import { hostTrap } from '../../kernel/trap.ts';
import { ProcessConfig } from '../../permissions/config.ts';
import { PERMISSIONS } from '../../permissions/permission.ts';
import { chargeConfig, refundConfig } from '../config-budget.ts';
import { process } from './namespace.ts';

/** Functions of `lunatic::process` for configs. */

process.define(
  'create_config',
  '() -> i64',
  {
    since: '0.5.0',
    needs: 'configs',
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
      if (!PERMISSIONS.configs.isGrantedBy(current.config)) return -1n;
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

for (const [permission, field, { what: doc, option }] of [
  ['compile_modules', 'canCompileModules', PERMISSIONS.compile],
  ['create_configs', 'canCreateConfigs', PERMISSIONS.configs],
  ['spawn_processes', 'canSpawnProcesses', PERMISSIONS.spawn],
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
            `this process may not ${doc}, so it cannot permit it to others (config: can_${permission}, or ${option})`,
          );
        }
        changed[field] = can !== 0;
      },
  );
}
