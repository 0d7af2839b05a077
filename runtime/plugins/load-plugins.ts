import { statSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { checkPlugin, nameOf, PluginError } from './check-plugin.ts';
import { importModule } from './import-module.ts';
import type { AnyPlugin } from './plugin.ts';
import { PluginHost } from './plugin-host.ts';

/** The name of the package, by which plugins import this runtime's public face. */
const PACKAGE = 'lunatic';
const FACE = new URL(import.meta.url.endsWith('.ts') ? '../index.ts' : './index.js', import.meta.url).href;

let hooked = false;

/**
 * Loads plugins: ES modules whose default export is what `definePlugin` returns. They may import `lunatic` wherever they
 * are, whether the package is installed there or not.
 * @param paths paths of files, relative to the current directory
 * @throws PluginError, which names the file, or two plugins of the same namespace
 */
export async function loadPlugins(paths: readonly string[]): Promise<PluginHost> {
  resolvePackage();
  const plugins: AnyPlugin[] = [];
  for (const path of paths) plugins.push(await loadPlugin(path));
  return new PluginHost(plugins);
}

async function loadPlugin(path: string): Promise<AnyPlugin> {
  let module: Record<string, unknown>;
  try {
    // Node's own errors name the importing file, which is part of this command.
    const found = statSync(path, { throwIfNoEntry: false });
    if (found === undefined) throw new Error('there is no such file');
    if (found.isDirectory()) throw new Error('it is a directory');
    module = (await importModule(pathToFileURL(resolve(path)).href)) as Record<string, unknown>;
  } catch (error) {
    throw new PluginError(`Plugin '${path}' cannot be loaded: ${reason(error)}`, { cause: error });
  }
  try {
    const plugin = module['default'];
    if (plugin === undefined) {
      throw new PluginError(
        `it has no default export; it must be what definePlugin returns, not ${nameOf(plugin)}`,
      );
    }
    checkPlugin(plugin);
    return plugin;
  } catch (error) {
    if (!(error instanceof PluginError)) throw error;
    throw new PluginError(`Plugin '${path}' cannot be used: ${error.message}`, { cause: error });
  }
}

/** Describes an error for the author of a plugin, with the location in the file that threw it. */
function reason(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const [, location] =
    /\((file:[^)]+:\d+:\d+)\)|at (file:\S+:\d+:\d+)/.exec(error.stack ?? '')?.filter(Boolean) ?? [];
  return location === undefined ? error.message : `${error.message} (at ${location})`;
}

/** Lets modules import the package even if it is not installed. */
function resolvePackage(): void {
  if (hooked) return;
  hooked = true;
  registerHooks({
    resolve(specifier, context, next) {
      if (specifier !== PACKAGE) return next(specifier, context);
      try {
        return next(specifier, context);
      } catch {
        return { url: FACE, shortCircuit: true };
      }
    },
  });
}
