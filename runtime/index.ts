/**
 * The API of the package: plugins, and the runtime for Node programs that run guests themselves. docs/plugins.md and
 * docs/embedding.md tell how to use it.
 */

export {
  InspectListenError,
  MailboxClosedError,
  StoppedError,
  UnsupportedNodeError,
} from './embedding/errors.ts';
export type { ProcessExit } from './embedding/exit.ts';
export type { Inspection, InspectOptions } from './embedding/inspection.ts';
export { Lunatic, type LunaticOptions, type SpawnOptions } from './embedding/lunatic.ts';
export type { Mailbox, MailboxOptions, ReceiveOptions } from './embedding/mailbox.ts';
export type { ReceivedMessage } from './embedding/message-queue.ts';
export type { Module, ModuleExport } from './embedding/module.ts';
export type {
  ConfigOptions,
  HostAllowance,
  Limits,
  NetworkAllowance,
  Permissions,
} from './embedding/permissions.ts';
export type { GuestProcess, SendOptions } from './embedding/process.ts';
export type { Bytes, ProcessReference } from './embedding/signals.ts';
export type { Streams } from './embedding/streams.ts';
export { LinkError, type LinkProblem } from './host/linker.ts';
export type { EntryValue } from './kernel/entry.ts';
export { V8_FLAGS } from './kernel/jspi.ts';
export { ModuleError } from './kernel/module-error.ts';
export { NetworkRuleError } from './permissions/network-rules.ts';
export { PluginError } from './plugins/check-plugin.ts';
export {
  type AnyPlugin,
  definePlugin,
  type Plugin,
  type PluginExit,
  type PluginFunction,
} from './plugins/plugin.ts';
export type { PluginMemory } from './plugins/plugin-memory.ts';
export { type PluginCaller, type PluginProcess, ProcessEndedError } from './plugins/plugin-process.ts';
export { ProgramNotFoundError } from './programs/find-programs.ts';
export { SpawnError } from './runtime.ts';
export type { StackFrame } from './symbols/stack-frame.ts';
export { WasmFormatError } from './wasm/index.ts';
export { WatError } from './wat/index.ts';
