import { type Atom, type Declaration, HOST_FUNCTIONS, type List, similarTo } from '../../runtime/internal.ts';
import type { WatDocument } from './wat-document.ts';

/** What the runtime's table says of a function that guests can import. */
export type HostFunction = Pick<
  (typeof HOST_FUNCTIONS)[number],
  'module' | 'name' | 'params' | 'paramNames' | 'results' | 'doc' | 'since' | 'blocking' | 'needs'
> & { readonly older: readonly Pick<HostFunction, 'params' | 'results'>[] };

const BY_MODULE: ReadonlyMap<string, ReadonlyMap<string, HostFunction>> = byModule();

function byModule(): Map<string, Map<string, HostFunction>> {
  const modules = new Map<string, Map<string, HostFunction>>();
  for (const fn of HOST_FUNCTIONS) {
    const functions = modules.get(fn.module) ?? new Map<string, HostFunction>();
    modules.set(fn.module, functions.set(fn.name, fn));
  }
  return modules;
}

export const HOST_MODULES: readonly string[] = [...BY_MODULE.keys()];

export function hostFunctionsOf(module: string): readonly HostFunction[] {
  return [...(BY_MODULE.get(module)?.values() ?? [])];
}

export function hostFunction(module: string, name: string): HostFunction | undefined {
  return BY_MODULE.get(module)?.get(name);
}

/** Modules that are the host's, or are meant to be. Others may be plugins. */
const OF_HOST = /^(?:lunatic::|wasi_snapshot)/;

/** What an import names that the host has not. */
export interface UnknownName {
  readonly part: 'module' | 'name';
  readonly message: string;
  /** The name that was perhaps meant. */
  readonly similar: string | null;
}

/**
 * What is wrong with the names of an import; undefined if the host has it, or if the module is no host's.
 * @param prefix what the name of another module must begin with
 */
export function unknownName(module: string, name: string, prefix = ''): UnknownName | undefined {
  const functions = BY_MODULE.get(module);
  if (functions?.has(name)) return undefined;
  if (functions === undefined && !OF_HOST.test(module)) return undefined;
  const known = [...(functions ?? BY_MODULE).keys()].filter((one) => functions || one.startsWith(prefix));
  const similar = similarTo(functions === undefined ? module : name, known);
  const what =
    functions === undefined ? `the host has no module ${module}` : `${module} has no function ${name}`;
  return {
    part: functions === undefined ? 'module' : 'name',
    message: similar === null ? what : `${what}: perhaps ${similar} is meant`,
    similar,
  };
}

/** The host function that a module declares as an import. */
export function importedHostFunction({ space, imported }: Declaration): HostFunction | undefined {
  return space === 'function' && imported !== undefined
    ? hostFunction(imported.module, imported.name)
    : undefined;
}

/** The parameters and results as the text format writes them: `(param $process_id i64) (result i32)`. */
export function signatureText({ params, paramNames, results }: HostFunction): string {
  return [
    ...params.map((type, i) => `(param $${paramNames[i] ?? i} ${type})`),
    ...(results.length === 0 ? [] : [`(result ${results.join(' ')})`]),
  ].join(' ');
}

/** `(func $send_after (param $process_id i64) ...)` */
export function functionText(fn: HostFunction): string {
  return `(func $${[fn.name, signatureText(fn)].filter((part) => part !== '').join(' ')})`;
}

/** The strings of an import, in an `(import ...)` of its own or in what it declares. */
export function importStrings(document: WatDocument, { list }: Declaration): readonly Atom[] {
  const inline = list.items.find((item): item is List => item.kind === 'list' && item.head === 'import');
  const around = document.listsAt(list.start + 1).at(-2);
  const owner = inline ?? (around?.head === 'import' ? around : undefined);
  return owner?.items.filter((item): item is Atom => item.kind === 'string') ?? [];
}

/** An edit that imports a function behind the other imports, or at the beginning of the module. */
export function importEdit(
  document: WatDocument,
  fn: HostFunction,
): { range: ReturnType<WatDocument['rangeOf']>; newText: string } {
  const module = document.syntax.roots.find(
    (root): root is List => root.kind === 'list' && root.head === 'module',
  );
  const fields = (module?.items ?? document.syntax.roots).filter((item) => item.kind === 'list');
  const last = fields.findLast(({ head }) => head === 'import');
  const name = module?.items[1]?.kind === 'identifier' ? module.items[1] : module?.items[0];
  const at = last?.end ?? name?.end ?? 0;
  const text = `(import "${fn.module}" "${fn.name}" ${functionText(fn)})`;
  const indent = module === undefined ? '' : '  ';
  return {
    range: document.rangeOf({ start: at, end: at }),
    newText: at === 0 ? `${text}\n` : `\n${indent}${text}`,
  };
}
