import { fail, limitFromGuest, limitToGuest, OK } from '../hostcall/conventions.ts';
import { Namespace } from '../hostcall/function.ts';
import { HostWork } from '../kernel/turn-work.ts';
import type { ProcessConfig } from '../permissions/config.ts';
import { type HostPermission, HostRuleError } from '../permissions/host-permission.ts';
import type { NetworkPermission } from '../permissions/network-permission.ts';
import { NetworkRuleError } from '../permissions/network-rules.ts';
import { variableRefusal } from '../programs/command.ts';

/**
 * `lunatic::permissions`: what configs permit besides upstream's flags and limits. Upstream has no such functions: a guest
 * that imports them runs only here. None of them needs a permission, since a child gets no more than its parent has.
 */
export const permissions = new Namespace('lunatic::permissions');

/** What it takes to add a rule: lists are copied, and their number of rules is bounded. */
const RULE_WORK = 4 * HostWork.system;
/** Stands for a release of upstream. */
const SINCE = 'not in upstream';

/**
 * Defines a function that adds a rule to a config.
 * @param change throws an error of the class `refusal` for a text that is not a rule
 */
function defineRule(
  name: string,
  doc: string,
  refusal: typeof NetworkRuleError | typeof HostRuleError,
  change: (config: ProcessConfig, rule: string) => void,
): void {
  permissions.define(
    name,
    '(config_id: i64, rule_ptr: i32, rule_len: i32, id_ptr: i32) -> i32',
    { since: SINCE, work: RULE_WORK },
    `${doc} Returns 0, or 1 with an error id if it is not a rule.`,
    ({ scheduler }) =>
      (id: bigint, pointer: number, length: number, idPointer: number) => {
        const { current } = scheduler;
        const config = current.configs.get(id);
        const rule = current.memory.string(pointer, length);
        current.memory.check(idPointer, 8);
        try {
          change(config, rule);
        } catch (error) {
          if (!(error instanceof refusal)) throw error;
          return fail(current, idPointer, error.message);
        }
        current.memory.writeId(idPointer, 0);
        return OK;
      },
  );
}

// -- network -----------------------------------------------------------------------------------------

for (const [name, doc, change] of [
  [
    'config_allow_connect',
    'Lets processes connect, send to and resolve what a rule names, such as "10.0.0.0/8:443" or "*.example.org". The first rule of a config forbids everything that no rule names, listening included.',
    (network: NetworkPermission, rule: string) => network.allowingConnect(rule),
  ],
  [
    'config_allow_listen',
    'Lets processes listen on the address that a rule names, such as "127.0.0.1:8080". The first rule of a config forbids everything that no rule names, connections included.',
    (network: NetworkPermission, rule: string) => network.allowingListen(rule),
  ],
  [
    'config_deny_connect',
    'Forbids processes to connect, send to and resolve what a rule names, whatever else is allowed.',
    (network: NetworkPermission, rule: string) => network.denying(rule),
  ],
] as const) {
  defineRule(name, doc, NetworkRuleError, (config, rule) => {
    config.network = change(config.network, rule);
  });
}

permissions.define(
  'config_deny_network',
  '(config_id: i64)',
  { since: SINCE },
  'Forbids processes to connect, to listen and to resolve, except for what is allowed afterwards.',
  ({ scheduler }) =>
    (id: bigint) => {
      const config = scheduler.current.configs.get(id);
      config.network = config.network.withNothing();
    },
);

// -- host functions ----------------------------------------------------------------------------------

for (const [name, doc, change] of [
  [
    'config_allow_host',
    'Lets the modules of processes import the host functions of a namespace, such as "lunatic::sqlite", or one function, such as "lunatic::sqlite::open". The first rule of a config forbids all host functions that no rule names.',
    (functions: HostPermission, rule: string) => functions.allowing(rule),
  ],
  [
    'config_deny_host',
    'Forbids the modules of processes to import the host functions of a namespace, or one function, whatever else is allowed.',
    (functions: HostPermission, rule: string) => functions.denying(rule),
  ],
] as const) {
  defineRule(name, doc, HostRuleError, (config, rule) => {
    config.hostFunctions = change(config.hostFunctions, rule);
  });
}

// -- OS programs -------------------------------------------------------------------------------------

permissions.define(
  'config_allow_command',
  '(config_id: i64, program_ptr: i32, program_len: i32, id_ptr: i32) -> i32',
  { since: SINCE, needs: 'commands' },
  'Lets processes run an OS program, by a name that the caller may use itself. Returns 0, or 1 with an error id for any other name.',
  ({ scheduler }) =>
    (id: bigint, pointer: number, length: number, idPointer: number) => {
      const { current } = scheduler;
      const config = current.configs.get(id);
      const name = current.memory.string(pointer, length);
      current.memory.check(idPointer, 8);
      const path = current.config.commands.get(name);
      if (path === undefined) return fail(current, idPointer, commandRefusal(current.config, name));
      config.commands = new Map(config.commands).set(name, path);
      current.memory.writeId(idPointer, 0);
      return OK;
    },
);

permissions.define(
  'config_allow_command_env',
  '(config_id: i64, name_ptr: i32, name_len: i32, id_ptr: i32) -> i32',
  { since: SINCE, needs: 'commandVariables' },
  'Lets processes set an environment variable of OS programs, which the caller may set itself. Returns 0, or 1 with an error id for any other.',
  ({ scheduler }) =>
    (id: bigint, pointer: number, length: number, idPointer: number) => {
      const { current } = scheduler;
      const config = current.configs.get(id);
      const name = current.memory.string(pointer, length);
      current.memory.check(idPointer, 8);
      if (!current.config.commandVariables.has(name)) {
        return fail(current, idPointer, variableRefusal(current.config, name));
      }
      config.commandVariables = new Set(config.commandVariables).add(name);
      current.memory.writeId(idPointer, 0);
      return OK;
    },
);

/** Returns why a process with this config may not run an OS program, for the guest's author. */
export function commandRefusal({ commands }: ProcessConfig, name: string): string {
  const named = new Set([...commands].filter(([key, path]) => key !== path).map(([, path]) => path));
  const known = [...commands.keys()].filter((key) => !named.has(key)).join(', ') || 'none';
  return `this process may not run '${name}' (OS programs that its config allows: ${known}; --allow-command allows others)`;
}

// -- limits ------------------------------------------------------------------------------------------

for (const [limit, field, doc] of [
  [
    'max_processes',
    'maxProcesses',
    'how many processes the environment may have while processes with this config can still spawn another',
  ],
  [
    'max_mailbox',
    'maxMailbox',
    'how many bytes of messages a process may leave unread, with 32 more for each message, or 512 if it is longer than a kibibyte or carries resources; beyond that it is killed',
  ],
  [
    'max_host_memory',
    'maxHostMemory',
    'how many bytes the runtime may keep for a process besides its memory: messages, timers, names, configs, errors, traces, modules; beyond that a call traps, or the process is killed',
  ],
] as const) {
  permissions.define(
    `config_set_${limit}`,
    `(config_id: i64, ${limit}: i64)`,
    { since: SINCE },
    `Sets ${doc}. All bits set, which is the default, means no limit.`,
    ({ scheduler }) =>
      (id: bigint, value: bigint) => {
        scheduler.current.configs.get(id)[field] = limitFromGuest(value);
      },
  );
  permissions.define(
    `config_get_${limit}`,
    '(config_id: i64) -> i64',
    { since: SINCE },
    `Returns ${doc}.`,
    ({ scheduler }) =>
      (id: bigint) =>
        limitToGuest(scheduler.current.configs.get(id)[field]),
  );
}
