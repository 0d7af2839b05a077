import { homedir } from 'node:os';
import { Namespace } from '../hostcall/function.ts';
import { chargeDirectory, chargeText } from './config-budget.ts';

/** `lunatic::wasi` (abi 14.1): what a config gives to the WASI functions of its processes. */
export const wasiConfig = new Namespace('lunatic::wasi');

wasiConfig.define(
  'config_add_environment_variable',
  '(config_id: i64, key_ptr: i32, key_len: i32, value_ptr: i32, value_len: i32)',
  { since: '0.9.0' },
  'Adds an environment variable. One with the same key is not replaced.',
  ({ scheduler }) =>
    (id: bigint, keyPointer: number, keyLength: number, valuePointer: number, valueLength: number) => {
      const { current } = scheduler;
      const key = current.memory.string(keyPointer, keyLength);
      const value = current.memory.string(valuePointer, valueLength);
      const config = current.configs.get(id);
      chargeText(current, config, key, value);
      config.environmentVariables.push([key, value]);
    },
);

wasiConfig.define(
  'config_add_command_line_argument',
  '(config_id: i64, argument_ptr: i32, argument_len: i32)',
  { since: '0.9.0' },
  'Adds a command line argument. The first is the name of the program.',
  ({ scheduler }) =>
    (id: bigint, pointer: number, length: number) => {
      const { current } = scheduler;
      const argument = current.memory.string(pointer, length);
      const config = current.configs.get(id);
      chargeText(current, config, argument);
      config.commandLineArguments.push(argument);
    },
);

wasiConfig.define(
  'config_preopen_dir',
  '(config_id: i64, dir_ptr: i32, dir_len: i32)',
  { since: '0.9.0' },
  'Lets processes see a host directory under the same path. The path "~" is the home directory.',
  ({ scheduler }) =>
    (id: bigint, pointer: number, length: number) => {
      const { current } = scheduler;
      const guestPath = current.memory.string(pointer, length);
      const config = current.configs.get(id);
      chargeDirectory(current, config, guestPath);
      const hostPath = guestPath === '~' ? homedir() : guestPath;
      config.preopenedDirectories.push({ guestPath, hostPath });
    },
);
