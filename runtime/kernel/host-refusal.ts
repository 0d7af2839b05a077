import type { HostName, HostPermission } from '../permissions/host-permission.ts';
import { displayName } from '../text/display-name.ts';
import { HostRefusal } from './module-error.ts';

/** The host functions that these imports name, each once. */
export function importedOnce(
  imports: readonly { readonly module: string; readonly name: string }[],
): HostName[] {
  const found = new Map<string, HostName>();
  for (const { module, name } of imports) {
    const path = `${module}::${name}`;
    found.set(path, { module, path });
  }
  return [...found.values()];
}

/** The refusal of a module that imports these host functions; null if the permission is for all of them. */
export function hostRefusal(names: readonly HostName[], permission: HostPermission): HostRefusal | null {
  const refused = names.filter((fn) => !permission.permits(fn));
  return refused.length === 0 ? null : new HostRefusal(refused.map(({ path }) => displayName(path)));
}
