import { homedir } from 'node:os';
import { Namespace } from './function.ts';

/** `lunatic::wasi` (semantics 14.1): what a config gives the WASI functions of its processes. */
export const wasiConfig = new Namespace('lunatic::wasi');

wasiConfig.define(
  'config_add_environment_variable',
  '(config_id: i64, key_ptr: i32, key_len: i32, value_ptr: i32, value_len: i32)',
  { since: '0.9.0' },
  'Adds an environment variable. One of the same key is not replaced.',
  ({ scheduler }) =>
    (id: bigint, keyPointer: number, keyLength: number, valuePointer: number, valueLength: number) => {
      const { configs, memory } = scheduler.current;
      const key = memory.string(keyPointer, keyLength);
      const value = memory.string(valuePointer, valueLength);
      configs.get(id).environmentVariables.push([key, value]);
    },
);

wasiConfig.define(
  'config_add_command_line_argument',
  '(config_id: i64, argument_ptr: i32, argument_len: i32)',
  { since: '0.9.0' },
  'Adds a command line argument. The first is the name of the program.',
  ({ scheduler }) =>
    (id: bigint, pointer: number, length: number) => {
      const { configs, memory } = scheduler.current;
      const argument = memory.string(pointer, length);
      configs.get(id).commandLineArguments.push(argument);
    },
);

wasiConfig.define(
  'config_preopen_dir',
  '(config_id: i64, dir_ptr: i32, dir_len: i32)',
  { since: '0.9.0' },
  'Lets processes see a host directory under the same path. The path "~" is the home directory.',
  ({ scheduler }) =>
    (id: bigint, pointer: number, length: number) => {
      const { configs, memory } = scheduler.current;
      const guestPath = memory.string(pointer, length);
      const hostPath = guestPath === '~' ? homedir() : guestPath;
      configs.get(id).preopenedDirectories.push({ guestPath, hostPath });
    },
);
