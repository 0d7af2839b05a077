import { HOST_FUNCTIONS } from '../host/host-functions.ts';
import { LinkError, signatureText } from '../host/linker.ts';
import { ProcessConfig } from '../permissions/config.ts';
import { ANY_HOST, type HostPermission } from '../permissions/host-permission.ts';
import type { PluginHost } from '../plugins/plugin-host.ts';
import { Runtime } from '../runtime.ts';
import { displayName } from '../text/display-name.ts';
import { printable } from '../text/printable.ts';
import { type Limits, usedFeatures, WasmFormatError, type WasmModule } from '../wasm/index.ts';
import { CommandError, malformed, readModuleFile } from './load.ts';
import { LoadingNotice } from './loading-notice.ts';
import { type ModuleExports, readExports } from './module-exports.ts';
import { limitText } from './module-limits.ts';

/** Whether an import is available. `refused`: it links, but calling it is an error in this version. */
export type ImportStatus = 'ok' | 'refused' | 'missing';

export interface CheckedImport {
  readonly module: string;
  readonly name: string;
  readonly kind: string;
  /** The type of a function, as in `(i32, i64) -> i32`. */
  readonly type?: string;
  readonly status: ImportStatus;
  /** Why the import is missing. */
  readonly problem?: string;
}

/** The result of checking a file. The module would link and run if there is no problem. */
export interface Check {
  readonly file: string;
  readonly ok: boolean;
  readonly problems: readonly string[];
  /** What may go wrong when it runs. */
  readonly warnings: readonly string[];
  /** Missing where the file is not a module. Then there is one problem, which names the file. */
  readonly module?: CheckedModule;
}

export interface CheckedModule {
  readonly size: number;
  readonly imports: readonly CheckedImport[];
  readonly features: readonly string[];
  /** All exports. The entry and the tests are among the functions. */
  readonly exports: ModuleExports;
  /** Whether there is an entry that `lunatic run` can call. */
  readonly entry: boolean;
  readonly memories: readonly Limits[];
}

/** The name of the function that `lunatic run` calls. */
const ENTRY = '_start';

/** Checks a file as far as possible without running it. It never throws for what is wrong with the file. */
export async function checkFile(
  file: string,
  plugins?: PluginHost,
  hostFunctions: HostPermission = ANY_HOST,
): Promise<Check> {
  const problems: string[] = [];
  const warnings: string[] = [];
  let checked: CheckedModule | undefined;
  try {
    const bytes = await readModuleFile(file);
    checked = describe(load(file, bytes, plugins, hostFunctions, problems));
    judgeEntry(checked, problems);
    warnings.push(...warningsOf(checked));
  } catch (error) {
    problems.push(messageOf(error));
  }
  const ok = problems.length === 0;
  return { file, ok, problems, warnings, ...(checked === undefined ? {} : { module: checked }) };
}

/** What is found in a module while it is read. */
interface Found {
  readonly module: WasmModule;
  readonly features: readonly string[];
  /** The problems of imports by their keys. */
  readonly missing: ReadonlyMap<string, string>;
}

/**
 * Loads the module as `lunatic run` does, and adds its problems.
 * @throws CommandError if it is malformed
 */
function load(
  file: string,
  bytes: Uint8Array,
  plugins: PluginHost | undefined,
  hostFunctions: HostPermission,
  problems: string[],
): Found {
  const missing = new Map<string, string>();
  const found: Found[] = [];
  try {
    const config = ProcessConfig.forRoot();
    config.hostFunctions = hostFunctions;
    const notice = new LoadingNotice();
    const runtime = new Runtime({
      plugins,
      onRewrite: notice.onRewrite,
      // The code of a large module is given up when it has been rewritten.
      onRead: (module) => found.push({ module, features: usedFeatures(module), missing }),
    });
    notice.during(file, () => runtime.load(bytes)).checkLimits(config);
  } catch (error) {
    if (found.length === 0) throw error instanceof WasmFormatError ? malformed(file, error) : error;
    if (error instanceof LinkError) {
      for (const { module, name, problem } of error.problems) {
        missing.set(keyOf({ module, name }), problem);
        problems.push(`${displayName(module)}::${displayName(name)}: ${problem}`);
      }
    } else {
      problems.push(error instanceof Error ? limitText(error, hostFunctions) : String(error));
    }
  }
  const [only] = found;
  if (only === undefined) throw new CommandError(`Module '${printable(file)}' has not been read`);
  return only;
}

function describe({ module, features, missing }: Found): CheckedModule {
  const exports = readExports(module);
  const start = exports.functions.find(({ name }) => name === ENTRY);
  return {
    size: module.bytes.length,
    imports: module.imports.map((entry) => checkedImport(module, entry, missing)),
    features,
    exports,
    entry: start !== undefined && start.params.length === 0 && start.results.length === 0,
    memories: module.memories,
  };
}

function checkedImport(
  module: WasmModule,
  entry: WasmModule['imports'][number],
  missing: ReadonlyMap<string, string>,
): CheckedImport {
  const key = keyOf(entry);
  const problem = missing.get(key);
  const type = entry.kind === 'function' ? module.types[entry.typeIndex] : undefined;
  return {
    module: entry.module,
    name: entry.name,
    kind: entry.kind,
    ...(type === undefined ? {} : { type: signatureText(type) }),
    status: problem !== undefined ? 'missing' : REFUSED.has(key) ? 'refused' : 'ok',
    ...(problem === undefined ? {} : { problem }),
  };
}

/** The keys of functions that link although every call of them is refused. */
const REFUSED = new Set(HOST_FUNCTIONS.filter(({ works }) => !works).map(keyOf));

/** The key of an import. No two imports have the same one, whatever their names contain. */
function keyOf({ module, name }: { readonly module: string; readonly name: string }): string {
  return JSON.stringify([module, name]);
}

/** Adds a problem if neither `lunatic run` nor `lunatic test` finds anything to call. */
function judgeEntry(module: CheckedModule, problems: string[]): void {
  const { functions } = module.exports;
  const start = functions.find(({ name }) => name === ENTRY);
  if (start !== undefined && !module.entry) {
    problems.push(
      `the export ${ENTRY} is a function ${signatureText(start)}, it must take and return nothing`,
    );
  } else if (start === undefined && functions.every(({ test }) => test === undefined)) {
    problems.push(`there is nothing to run: it exports no function ${ENTRY}, and no tests`);
  }
}

function warningsOf(module: CheckedModule): string[] {
  const refused = new Map<string, string[]>();
  for (const { status, module: namespace, name } of module.imports) {
    if (status !== 'refused') continue;
    const names = refused.get(namespace);
    if (names === undefined) refused.set(namespace, [displayName(name)]);
    else names.push(displayName(name));
  }
  const warnings = [...refused].map(([namespace, [first, ...others]]) => {
    const warning = `${displayName(namespace)}::${first} can be imported, but this version refuses its calls`;
    return others.length === 0 ? warning : `${warning}, and those of ${others.join(', ')}`;
  });
  if (module.memories.length > 0 && module.exports.memories.every(({ name }) => name !== 'memory')) {
    warnings.push(
      'its memory is not exported as "memory": host functions that read or write memory will trap',
    );
  }
  return warnings;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
