import type { PluginHost } from '../plugins/plugin-host.ts';

/**
 * Loads the plugins that a command line names.
 * @throws PluginError, whose message names the file
 */
export async function pluginsOf(paths: readonly string[]): Promise<PluginHost | undefined> {
  if (paths.length === 0) return undefined;
  // Most programs have no plugins: the code is loaded only if it is needed.
  const { loadPlugins } = await import('../plugins/load-plugins.ts');
  return loadPlugins(paths);
}
