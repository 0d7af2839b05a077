import { registerHooks } from 'node:module';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { checkPlugin, nameOf, PluginError } from './check-plugin.ts';
import type { AnyPlugin } from './plugin.ts';

/** The public face of this runtime, which plugins import by the name of the package. */
const PACKAGE = 'lunatic';
const FACE = new URL(import.meta.url.endsWith('.ts') ? '../index.ts' : './index.js', import.meta.url).href;

let hooked = false;

/**
 * Loads plugins: ES modules whose default export is what `definePlugin` returns. They may import `lunatic` wherever they
 * are, with or without the package installed there.
 * @param paths of files, relative to the current directory
 * @throws PluginError that names the file
 */
export async function loadPlugins(paths: readonly string[]): Promise<AnyPlugin[]> {
  if (paths.length > 0) resolvePackage();
  const plugins: AnyPlugin[] = [];
  for (const path of paths) plugins.push(await loadPlugin(path));
  return plugins;
}

async function loadPlugin(path: string): Promise<AnyPlugin> {
  let module: Record<string, unknown>;
  try {
    module = await import(pathToFileURL(resolve(path)).href);
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

/** What the author of a plugin has to know: also where in the file something was thrown. */
function reason(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const [, place] =
    /\((file:[^)]+:\d+:\d+)\)|at (file:\S+:\d+:\d+)/.exec(error.stack ?? '')?.filter(Boolean) ?? [];
  return place === undefined ? error.message : `${error.message} (at ${place})`;
}

/** Lets modules import the package where it is not installed. */
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
