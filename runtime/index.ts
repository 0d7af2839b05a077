/** The API of the package: plugins, and the runtime for programs that run guests themselves. */

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
