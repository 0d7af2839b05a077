import type { PluginCaller, PluginProcess } from './plugin-process.ts';
import type { ParamsOf, ResultOf } from './signature-types.ts';

/** A function that guests can import. */
export interface PluginFunction<Signature extends string, State> {
  /** For example `(pointer: i32, length: i32) -> i64`. The types are i32, i64, f32 and f64, and there is at most one result. */
  readonly signature: Signature;
  /** A sentence that says what the function does. */
  readonly doc?: string;
  /**
   * Called for each call of a guest. An i64 is a bigint, everything else a number. Pointers from 2 GiB on are negative, as
   * wasm passes them, and `memory` understands that. A promise suspends the calling process, and no other. If this throws,
   * or its promise is rejected, the caller is killed with the error's message.
   */
  readonly call: (
    caller: PluginCaller<State>,
    ...args: ParamsOf<Signature>
  ) => ResultOf<Signature> | Promise<ResultOf<Signature>>;
}

/** How a process ended. */
export interface PluginExit {
  readonly kind: 'returned' | 'exited' | 'killed' | 'no-entry' | 'trapped' | 'bug';
  /** Whether links and monitors see a normal end. */
  readonly normal: boolean;
  /** The exit code, after `proc_exit`. */
  readonly code?: number;
  /** The reason, if it failed. */
  readonly message?: string;
}

/** Host functions in a namespace of their own. */
export interface Plugin<State = unknown, Signatures extends Record<string, string> = Record<string, string>> {
  /** The module that guests import the functions from. It has letters, digits, `_`, `-`, `.` and `:`. */
  readonly namespace: string;
  /** Makes the plugin's state for a process. Called when the state is first asked for. */
  readonly state?: (process: PluginProcess<never>) => State;
  readonly functions?: {
    readonly [Name in keyof Signatures]: PluginFunction<Signatures[Name], State>;
  };
  /** Called with the state of a process that has ended. */
  readonly release?: (state: State) => void;
  /** Called for each process before its first instruction. If it throws, the process cannot be spawned. */
  readonly onSpawn?: (process: PluginProcess<State>) => void;
  /** Called for each process that has ended. Its state and memory are still there. */
  readonly onExit?: (process: PluginProcess<State>, exit: PluginExit) => void;
}

/**
 * Returns a plugin, with the types of its state and functions checked. The module that `--plugin` names exports one by default.
 *
 *     export default definePlugin({
 *       namespace: 'counter',
 *       state: () => ({ total: 0n }),
 *       functions: {
 *         add: {
 *           signature: '(amount: i64) -> i64',
 *           call: (caller, amount) => (caller.state.total += amount),
 *         },
 *       },
 *     });
 */
export function definePlugin<State, const Signatures extends Record<string, string>>(
  plugin: Plugin<State, Signatures>,
): Plugin<State, Signatures> {
  return plugin;
}

/** A plugin with any state and functions. */
export interface AnyPlugin {
  readonly namespace: string;
  readonly state?: (process: PluginProcess<never>) => unknown;
  readonly functions?: Readonly<
    Record<
      string,
      {
        readonly signature: string;
        readonly doc?: string;
        // biome-ignore lint/suspicious/noExplicitAny: each function has types of its own
        readonly call: (caller: PluginCaller<any>, ...args: any[]) => unknown;
      }
    >
  >;
  // biome-ignore lint/suspicious/noExplicitAny: each plugin has a state of its own
  readonly release?: (state: any) => void;
  // biome-ignore lint/suspicious/noExplicitAny: each plugin has a state of its own
  readonly onSpawn?: (process: PluginProcess<any>) => void;
  // biome-ignore lint/suspicious/noExplicitAny: each plugin has a state of its own
  readonly onExit?: (process: PluginProcess<any>, exit: PluginExit) => void;
}
