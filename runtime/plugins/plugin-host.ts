import { emitWarning } from 'node:process';
import { andThen } from '../hostcall/conventions.ts';
import type { HostContext, HostFunction } from '../hostcall/function.ts';
import { parseSignature, type Signature } from '../hostcall/signature.ts';
import { type Exit, isNormal } from '../kernel/exit.ts';
import type { Process, ProcessSlot } from '../kernel/process.ts';
import { hostTrap, trapCause } from '../kernel/trap.ts';
import type { HostType } from '../wasm/index.ts';
import { checkPlugin, nameOf, PluginError } from './check-plugin.ts';
import type { AnyPlugin, PluginExit } from './plugin.ts';
import { PluginCaller, PluginProcess } from './plugin-process.ts';

/** The plugins of a runtime: their host functions, and their hooks for processes. */
export class PluginHost {
  readonly functions: readonly HostFunction[];
  /** Whether a plugin is told of all processes. */
  readonly watchesProcesses: boolean;
  readonly #loaded: readonly LoadedPlugin[];

  /** @throws PluginError if one of them is not a plugin, or two have the same namespace */
  constructor(plugins: readonly AnyPlugin[]) {
    const namespaces = new Set<string>();
    for (const plugin of plugins) {
      checkPlugin(plugin);
      if (namespaces.has(plugin.namespace)) {
        throw new PluginError(`two plugins have the namespace "${plugin.namespace}"`);
      }
      namespaces.add(plugin.namespace);
    }
    this.#loaded = plugins.map((plugin) => new LoadedPlugin(plugin));
    this.functions = this.#loaded.flatMap((loaded) => loaded.functions);
    this.watchesProcesses = plugins.some(
      ({ onSpawn, onExit }) => onSpawn !== undefined || onExit !== undefined,
    );
  }

  /** Called before a process runs. Returns the reason if it must not. */
  onSpawn(process: Process): string | undefined {
    for (const loaded of this.#loaded) {
      const refusal = loaded.onSpawn(process);
      if (refusal !== undefined) return refusal;
    }
    return undefined;
  }

  onExit(process: Process, exit: Exit): void {
    // Plugins have not heard of a process that was killed before it was spawned.
    if (process.initialized) for (const loaded of this.#loaded) loaded.onExit(process, exit);
  }
}

/** One plugin in one runtime. */
class LoadedPlugin {
  readonly functions: readonly HostFunction[];
  readonly #plugin: AnyPlugin;
  readonly #state: ProcessSlot<unknown>;

  constructor(plugin: AnyPlugin) {
    this.#plugin = plugin;
    this.#state = {
      make: (process) => plugin.state?.(new PluginProcess<never>(process, noState)),
      release: (state) => {
        if (plugin.release !== undefined) this.#warned('release', () => plugin.release?.(state));
      },
    };
    this.functions = Object.entries(plugin.functions ?? {}).map(([name, fn]) => {
      const signature = parseSignature(fn.signature);
      return {
        module: plugin.namespace,
        name,
        ...signature,
        // Only a call shows whether it waits.
        blocking: true,
        returnsAny: true,
        split: false,
        since: 'plugin',
        doc: fn.doc ?? '',
        older: [],
        // Nobody but its author knows how long it takes.
        timed: true,
        bind: (context) => this.#bind(context, name, signature, fn.call),
      };
    });
  }

  readonly #stateOf = (process: Process): unknown => process.slot(this.#state);

  #bind(
    { scheduler }: HostContext,
    name: string,
    { results: [type] }: Signature,
    call: (caller: PluginCaller<unknown>, ...args: unknown[]) => unknown,
  ) {
    const id = `${this.#plugin.namespace}::${name}`;
    const stateOf = this.#stateOf;
    return (...args: unknown[]): unknown => {
      const process = scheduler.current;
      const caller = new PluginCaller<unknown>(process, stateOf);
      let result: unknown;
      try {
        result = call(caller, ...args);
      } catch (error) {
        caller.finish();
        throw trapOf(id, error);
      }
      if (!isThenable(result)) {
        caller.finish();
        return toWasm(id, type, result);
      }
      let settle = (): unknown => undefined;
      // Handled from the start, even if the process is killed first: an unhandled rejection would end Node.
      const settled = Promise.resolve(result).then(
        (value) => {
          caller.finish();
          settle = () => toWasm(id, type, value);
        },
        (error: unknown) => {
          caller.finish();
          settle = () => {
            throw trapOf(id, error);
          };
        },
      );
      const waited = scheduler.waitForEvent(process, (wake) => {
        void settled.then(() => wake(0));
        return () => caller.abort();
      });
      return andThen(waited, () => settle());
    };
  }

  onSpawn(process: Process): string | undefined {
    const { onSpawn, namespace } = this.#plugin;
    if (onSpawn === undefined) return undefined;
    try {
      this.#watched('onSpawn', onSpawn(new PluginProcess(process, this.#stateOf)));
      return undefined;
    } catch (error) {
      return `the plugin ${namespace} does not let it begin: ${messageOf(error)}`;
    }
  }

  onExit(process: Process, exit: Exit): void {
    const { onExit } = this.#plugin;
    if (onExit === undefined) return;
    this.#warned('onExit', () => onExit(new PluginProcess(process, this.#stateOf), describeExit(exit)));
  }

  /** Calls a hook. A failure is only a warning, since the process is over. */
  #warned(hook: string, call: () => unknown): void {
    try {
      this.#watched(hook, call());
    } catch (error) {
      this.#warn(hook, error);
    }
  }

  /** Handles the rejection of an asynchronous hook, for which nobody waits. */
  #watched(hook: string, result: unknown): void {
    if (isThenable(result)) Promise.resolve(result).catch((error: unknown) => this.#warn(hook, error));
  }

  #warn(hook: string, error: unknown): void {
    emitWarning(`${hook} of the plugin ${this.#plugin.namespace} failed: ${messageOf(error)}`);
  }
}

function noState(): never {
  throw new Error('the state of a process cannot be asked for while it is made');
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';
}

/** Turns what a plugin threw into a trap of the process that called it. A trap of the runtime stays as it is. */
function trapOf(id: string, error: unknown): unknown {
  if (trapCause(error) !== undefined) return error;
  const trap = hostTrap(`${id} failed: ${messageOf(error)}`);
  trap.cause = error;
  return trap;
}

function messageOf(error: unknown): string {
  try {
    return error instanceof Error ? error.message || error.name : String(error);
  } catch {
    return 'it threw something that cannot be displayed';
  }
}

/** Checks what a function returned: wasm would convert any value. */
function toWasm(id: string, type: HostType | undefined, value: unknown): number | bigint | undefined {
  switch (type) {
    case undefined:
      return undefined;
    case 'i32':
      if (typeof value === 'number' && Number.isInteger(value) && value >= -(2 ** 31) && value < 2 ** 32)
        return value;
      break;
    case 'i64':
      if (typeof value === 'bigint' && value >= -(2n ** 63n) && value < 2n ** 64n) return value;
      break;
    default:
      if (typeof value === 'number') return value;
  }
  const found =
    typeof value === 'number' || typeof value === 'bigint' ? `the ${typeof value} ${value}` : nameOf(value);
  throw hostTrap(`${id} must return an ${type}, and not ${found}`);
}

function describeExit(exit: Exit): PluginExit {
  return {
    kind: exit.kind,
    normal: isNormal(exit),
    ...('code' in exit ? { code: exit.code } : {}),
    ...('message' in exit ? { message: exit.message } : {}),
  };
}
