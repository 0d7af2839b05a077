import { allHostFunctions } from '../host/table.ts';
import { type HostPermission, hostPermission } from '../permissions/host-permission.ts';
import type { PluginHost } from '../plugins/plugin-host.ts';
import { displayName } from '../text/display-name.ts';
import { similarTo } from '../text/similar.ts';
import { UsageError } from './load.ts';
import type { ModuleFlags } from './permission-options.ts';

/**
 * The host functions that a command line allows.
 * @throws UsageError for an unknown name: a misspelt one would deny nothing
 */
export function hostFunctionsOf(
  { allowHost, denyHost }: ModuleFlags,
  plugins: PluginHost | undefined,
): HostPermission {
  const named = [...(allowHost ?? []), ...(denyHost ?? [])];
  if (named.length > 0) {
    const functions = [...allHostFunctions(), ...(plugins?.functions ?? [])];
    const namespaces = new Set(functions.map(({ module }) => module));
    const known = new Set([...namespaces, ...functions.map(({ module, name }) => `${module}::${name}`)]);
    const unknown = named.find((name) => !known.has(name));
    if (unknown !== undefined) {
      const similar = similarTo(unknown, [...known]);
      const meant = similar === null ? '.' : `; did you mean ${similar}?`;
      throw new UsageError(
        `There is no host function '${displayName(unknown)}', and no namespace of that name${meant} The namespaces are ${[...namespaces].join(', ')}`,
      );
    }
  }
  return hostPermission({ allow: allowHost, deny: denyHost });
}
