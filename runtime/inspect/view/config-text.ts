import { bytesOf, countOf } from '../../text/quantities.ts';
import type { ConfigInfo } from '../protocol.ts';

/** One permission or limit, under the name that the host API has for it. */
export interface ConfigRow {
  readonly name: string;
  /** In words: `4 GiB`, `no limit`, `true`, `2 directories`. */
  readonly value: string;
  /** What a list holds; missing where the row is no list. */
  readonly entries?: readonly string[];
}

/** The permissions and limits of a process in words. */
export function configRows(config: ConfigInfo): ConfigRow[] {
  const rows: ConfigRow[] = [
    { name: 'max_memory', value: bytesOf(config.max_memory) },
    { name: 'max_fuel', value: config.max_fuel === 0 ? 'no limit' : countOf(config.max_fuel, 'unit') },
    limit('max_processes', config.max_processes, 'process'),
    limit('max_mailbox', config.max_mailbox, 'message'),
    permission('can_compile_modules', config.can_compile_modules),
    permission('can_create_configs', config.can_create_configs),
    permission('can_spawn_processes', config.can_spawn_processes),
    ...(config.can_run_long_sql ? [permission('can_run_long_sql', true)] : []),
    list('arguments', config.arguments, 'argument'),
    list('environment_variables', config.environment_variables, 'variable'),
    list('preopened_directories', config.preopened_directories, 'directory'),
  ];
  const { may_connect, may_not_connect, may_listen, commands } = config;
  if (commands.length > 0) rows.push(list('commands', commands, 'command'));
  const { command_variables, may_import, may_not_import } = config;
  if (command_variables !== undefined) rows.push(list('command_variables', command_variables, 'variable'));
  if (may_import !== undefined) rows.push(list('may_import', may_import, 'rule'));
  if (may_not_import !== undefined) rows.push(list('may_not_import', may_not_import, 'rule'));
  if (config.imports_also_restricted_by_parent)
    rows.push(permission('imports_also_restricted_by_parent', true));
  if (may_connect !== undefined) rows.push(list('may_connect', may_connect, 'rule'));
  if (may_not_connect !== undefined) rows.push(list('may_not_connect', may_not_connect, 'rule'));
  if (may_listen !== undefined) rows.push(list('may_listen', may_listen, 'rule'));
  if (config.network_also_restricted_by_parent)
    rows.push(permission('network_also_restricted_by_parent', true));
  return rows;
}

function limit(name: string, value: number | undefined, noun: string): ConfigRow {
  return { name, value: value === undefined ? 'no limit' : countOf(value, noun) };
}

function permission(name: string, value: boolean): ConfigRow {
  return { name, value: `${value}` };
}

function list(name: string, entries: readonly string[], noun: string): ConfigRow {
  return { name, value: entries.length === 0 ? 'none' : countOf(entries.length, noun), entries };
}
