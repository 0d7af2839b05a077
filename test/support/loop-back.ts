import { type Process, type ProcessConfig, Runtime } from '../../runtime/internal.ts';
import { decodeConfig, encodeConfig } from '../../runtime/kernel/codec/config-codec.ts';
import { ResourcesInTransit } from '../../runtime/kernel/codec/resources-in-transit.ts';
import { SignalCodec } from '../../runtime/kernel/codec/signal-codec.ts';
import type { ProcessId } from '../../runtime/kernel/ids.ts';
import type { Message } from '../../runtime/kernel/message.ts';
import type { Router } from '../../runtime/kernel/router.ts';
import type { Signal } from '../../runtime/kernel/signal.ts';
import type { RuntimeOptions } from '../../runtime/runtime.ts';

/** Whether tests run with the loop-back router: vitest.config.ts says so for a second run of test/conformance. */
export const IS_LOOPED_BACK = process.env['LUNATIC_TEST_ROUTER'] === 'loop-back';

/**
 * Writes every signal as bytes and delivers what it reads from them, as if each process were on a scheduler of its own. What
 * goes faster between processes of one scheduler is not used.
 */
export class LoopBackRouter implements Router<Process> {
  readonly transit = new ResourcesInTransit();
  readonly #local: Router<Process>;
  readonly #codec = new SignalCodec(this.transit);

  constructor(local: Router<Process>) {
    this.#local = local;
  }

  deliver(target: ProcessId, signal: Signal): void {
    this.#arrive(target, this.#codec.encode(signal));
  }

  deliverMessage(target: ProcessId, message: Message): void {
    this.#arrive(target, this.#codec.encodeMessage(message));
  }

  #arrive(target: ProcessId, bytes: Uint8Array): void {
    const signal = this.#codec.decode(bytes);
    if (this.transit.size > 0) throw new Error(`${this.transit.size} resources did not arrive`);
    if (signal.kind === 'message') this.#local.deliverMessage(target, signal.message);
    else this.#local.deliver(target, signal);
  }

  exists(target: ProcessId): boolean | Promise<boolean> {
    return this.#local.exists(target);
  }

  waiting(): null {
    return null;
  }
}

/** A runtime as the tests want it: with the loop-back router where they run with that. */
export function testRuntime(options: RuntimeOptions = {}): Runtime {
  return new Runtime(IS_LOOPED_BACK ? { route: (local) => new LoopBackRouter(local), ...options } : options);
}

/** What configs became. Processes of one config share its directories. */
const decodedConfigs = new WeakMap<
  ProcessConfig,
  { readonly bytes: Uint8Array; readonly decoded: ProcessConfig }
>();

/** The config of a root process as the tests want it: one that was bytes where signals are. */
export function testConfig(config: ProcessConfig): ProcessConfig {
  if (!IS_LOOPED_BACK) return config;
  const bytes = encodeConfig(config);
  const known = decodedConfigs.get(config);
  if (known !== undefined && Buffer.compare(known.bytes, bytes) === 0) return known.decoded;
  const decoded = decodeConfig(bytes);
  decodedConfigs.set(config, { bytes, decoded });
  return decoded;
}
