import type { AnyPlugin } from '../plugins/plugin.ts';

/**
 * Loads the plugins that a command line names.
 * @throws PluginError that names the file
 */
export async function pluginsOf(paths: readonly string[]): Promise<readonly AnyPlugin[]> {
  if (paths.length === 0) return [];
  // Loaded only where it is wanted, as everything that many programs run without.
  const { loadPlugins } = await import('../plugins/load-plugins.ts');
  return loadPlugins(paths);
}
