import { LinkError, signatureText } from '../host/linker.ts';
import { hostRefusal, importedOnce } from '../kernel/host-refusal.ts';
import { ModuleLimitError } from '../kernel/module-error.ts';
import type { ModuleLimits } from '../kernel/module-excesses.ts';
import { checkExcesses } from '../kernel/module-outline.ts';
import { ProcessConfig } from '../permissions/config.ts';
import type { PluginHost } from '../plugins/plugin-host.ts';
import { Runtime } from '../runtime.ts';
import { displayName } from '../text/display-name.ts';
import { printable } from '../text/printable.ts';
import { type Limits, usedFeatures, WasmFormatError, type WasmModule } from '../wasm/index.ts';
import { hostFunctionsOf } from './host-functions.ts';
import { CommandError, malformed, readModuleFile } from './load.ts';
import { LoadingNotice } from './loading-notice.ts';
import { type ModuleExports, readExports } from './module-exports.ts';
import { limitText, moduleLimits } from './module-limits.ts';
import type { ModuleFlags } from './permission-options.ts';

/** Whether an import is available. */
export type ImportStatus = 'ok' | 'missing';

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

/**
 * Checks a file as far as possible without running it. It never throws for what is wrong with the file.
 * @throws UsageError if there is no host function that the flags name
 */
export async function checkFile(file: string, flags: ModuleFlags = {}, plugins?: PluginHost): Promise<Check> {
  const config = ProcessConfig.forRoot();
  config.hostFunctions = hostFunctionsOf(flags, plugins);
  config.maxMemory = flags.maxMemory ?? config.maxMemory;
  config.maxHostMemory = flags.maxHostMemory ?? config.maxHostMemory;
  const problems: string[] = [];
  const warnings: string[] = [];
  let checked: CheckedModule | undefined;
  try {
    const bytes = await readModuleFile(file);
    const found = load(file, bytes, { limits: moduleLimits(flags), config, plugins });
    checked = describe(found);
    problems.push(...found.problems);
    judgeEntry(checked, problems);
    warnings.push(...warningsOf(checked));
  } catch (error) {
    problems.push(messageOf(error));
  }
  const ok = problems.length === 0;
  return { file, ok, problems, warnings, ...(checked === undefined ? {} : { module: checked }) };
}

/** Those for whom a module is checked. */
interface Surroundings {
  readonly limits: ModuleLimits;
  readonly config: ProcessConfig;
  readonly plugins: PluginHost | undefined;
}

/** What is found in a module. */
interface Found {
  readonly module: WasmModule;
  readonly features: readonly string[];
  readonly problems: readonly string[];
  /** The problems of imports by their keys. They are among all. */
  readonly missing: ReadonlyMap<string, string>;
}

/**
 * Loads the module as `lunatic run` does.
 * @throws CommandError if it is malformed
 */
function load(file: string, bytes: Uint8Array, { limits, config, plugins }: Surroundings): Found {
  const read: Pick<Found, 'module' | 'features'>[] = [];
  const notice = new LoadingNotice();
  const runtime = new Runtime({
    ...limits,
    plugins,
    onRewrite: notice.onRewrite,
    // The code of a large module is given up when it has been rewritten.
    onRead: (module) => read.push({ module, features: usedFeatures(module) }),
  });
  const problems = new Set<string>();
  const missing = new Map<string, string>();
  const attempt = (check: () => void) => {
    try {
      check();
    } catch (error) {
      if (read.length === 0) throw error instanceof WasmFormatError ? malformed(file, error) : error;
      if (error instanceof LinkError) {
        for (const { module, name, problem } of error.problems) {
          missing.set(keyOf({ module, name }), problem);
          problems.add(`${displayName(module)}::${displayName(name)}: ${problem}`);
        }
      } else if (error instanceof ModuleLimitError) {
        for (const { text, option } of error.excesses) problems.add(`${text}; ${option} allows it`);
      } else {
        problems.add(error instanceof Error ? limitText(error, config.hostFunctions) : String(error));
      }
    }
  };
  attempt(() => notice.during(file, () => runtime.load(bytes, config)).checkLimits(config));
  const [only] = read;
  if (only === undefined) throw new CommandError(`Module '${printable(file)}' has not been read`);
  const { module } = only;
  // That ends at the first problem.
  if (problems.size > 0) {
    attempt(() => runtime.checkImports(module));
    attempt(() => checkExcesses(module, limits, config));
    const linked = module.imports.filter((entry) => !missing.has(keyOf(entry)));
    attempt(() => {
      const refusal = hostRefusal(importedOnce(linked), config.hostFunctions);
      if (refusal !== null) throw refusal;
    });
  }
  return { ...only, problems: [...problems], missing };
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
  const problem = missing.get(keyOf(entry));
  const type = entry.kind === 'function' ? module.types[entry.typeIndex] : undefined;
  return {
    module: entry.module,
    name: entry.name,
    kind: entry.kind,
    ...(type === undefined ? {} : { type: signatureText(type) }),
    status: problem === undefined ? 'ok' : 'missing',
    ...(problem === undefined ? {} : { problem }),
  };
}

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
  const warnings: string[] = [];
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
