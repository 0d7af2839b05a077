import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { HostFunction, HostImplementation } from '../hostcall/function.ts';
import type { Environment } from '../kernel/environment.ts';
import type { KernelMetrics } from '../kernel/kernel-metrics.ts';
import { type Message, MessageKind } from '../kernel/message.ts';
import type { Process } from '../kernel/process.ts';
import type { Signal } from '../kernel/signal.ts';

const POWERS_OF_FOUR = Array.from({ length: 13 }, (_, i) => 4 ** i);
const SECONDS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/**
 * The runtime's own metrics, under upstream's names with `_` for each dot (abi 15.2). Frequent events are counted in
 * plain numbers here, which the exporter reads when it is asked.
 */
export class VmMetrics implements KernelMetrics {
  readonly #registry: Registry;
  readonly #environments: Environment<Process>[] = [];
  readonly #sizes: Histogram;
  readonly #resources: Histogram;
  readonly #compileTimes: Histogram;
  #signalsSent = 0;
  #signalsReceived = 0;
  #messages = 0;
  #dataMessages = 0;
  #linkDeathsForwarded = 0;
  #outstanding = 0;
  /** The signal that is applied when a message is accepted; null for a message that is delivered at once. */
  #applied: Signal | null = null;
  /** The process whose links changed last. */
  #linked: Process | null = null;
  #compiled = 0;
  #modulesDropped = 0;
  #configsCreated = 0;
  #configsDropped = 0;
  #timersStarted = 0;
  #timersCompleted = 0;
  #timersCanceled = 0;
  #registryWrites = 0;
  #registryReads = 0;
  #registryDeletions = 0;

  constructor(registry: Registry) {
    this.#registry = registry;
    this.#counter('process.signals.send', 'Signals sent to processes', () => this.#signalsSent, {
      process_kind: 'wasm',
    });
    this.#counter('process.signals.received', 'Signals taken by processes', () => this.#signalsReceived);
    this.#counter('process.messages.send', 'Messages put into mailboxes', () => this.#messages);
    this.#gauge(
      'process.messages.outstanding',
      'Messages in the mailbox that got one last',
      () => this.#outstanding,
    );
    this.#gauge(
      'process.links.alive',
      'Links of the process whose links changed last',
      () => this.#linked?.links?.size ?? 0,
    );
    this.#counter('process.messages.data.count', 'Data messages delivered', () => this.#dataMessages);
    this.#resources = this.#histogram('process.messages.data.resources.count', 'Resources of data messages', [
      0,
      ...POWERS_OF_FOUR.slice(0, 6),
    ]);
    this.#sizes = this.#histogram('process.messages.data.size', 'Bytes of data messages', POWERS_OF_FOUR);
    this.#counter(
      'process.messages.link_died.count',
      'Deaths of links that guests sent on',
      () => this.#linkDeathsForwarded,
    );
    this.#gauge('process.environment.process.count', 'Live processes', () =>
      this.#environments.reduce((sum, { size }) => sum + size, 0),
    );
    this.#gauge('process.environment.count', 'Environments', () => this.#environments.length);
    this.#counter('process.modules.compiled', 'Modules compiled by guests', () => this.#compiled);
    this.#counter('process.modules.dropped', 'Modules dropped by guests', () => this.#modulesDropped);
    this.#gauge(
      'process.modules.active',
      'Modules compiled and not dropped',
      () => this.#compiled - this.#modulesDropped,
    );
    this.#compileTimes = this.#histogram(
      'process.modules.compiled.duration',
      'Seconds that guests compiled for',
      SECONDS,
    );
    this.#counter('process.configs.created', 'Configs created', () => this.#configsCreated);
    this.#counter('process.configs.dropped', 'Configs dropped', () => this.#configsDropped);
    this.#gauge(
      'process.configs.active',
      'Configs created and not dropped',
      () => this.#configsCreated - this.#configsDropped,
    );
    this.#counter('timers.started', 'Timers started', () => this.#timersStarted);
    this.#counter('timers.completed', 'Timers that fired', () => this.#timersCompleted);
    this.#counter('timers.canceled', 'Timers stopped', () => this.#timersCanceled);
    this.#gauge(
      'timers.active',
      'Timers started that neither fired nor were stopped',
      () => this.#timersStarted - this.#timersCompleted - this.#timersCanceled,
    );
    this.#counter('registry.write', 'Names put', () => this.#registryWrites);
    this.#counter('registry.read', 'Names looked up', () => this.#registryReads);
    this.#counter('registry.deletion', 'Names removed', () => this.#registryDeletions);
    this.#gauge(
      'registry.registered',
      'Names put and not removed',
      () => this.#registryWrites - this.#registryDeletions,
    );
  }

  // -- the kernel's ------------------------------------------------------------------------------------

  environmentCreated(environment: Environment<Process>): void {
    this.#environments.push(environment);
  }

  signalSent(): void {
    this.#signalsSent++;
  }

  signalApplied(process: Process, signal: Signal): void {
    this.#signalsReceived++;
    this.#applied = signal;
    const { kind } = signal;
    if (kind === 'link' || kind === 'unlink' || kind === 'link-died') this.#linked = process;
  }

  messageAccepted(_process: Process, message: Message, waiting: number): void {
    const applied = this.#applied;
    this.#applied = null;
    if (applied === null) this.#signalsReceived++;
    this.#outstanding = waiting;
    const isForwarded = applied === null || applied.kind === 'message';
    if (message.kind === MessageKind.ProcessDied) return;
    this.#messages++;
    if (message.kind === MessageKind.Data) {
      this.#dataMessages++;
      this.#sizes.observe(message.length);
      this.#resources.observe(message.resources?.length ?? 0);
    } else if (isForwarded) {
      this.#linkDeathsForwarded++;
    }
  }

  timerFired(): void {
    this.#timersCompleted++;
  }

  // -- the host functions' -----------------------------------------------------------------------------

  /** Returns an implementation that counts its calls, if they are counted. */
  counting(fn: HostFunction, implementation: HostImplementation): HostImplementation {
    switch (`${fn.module}::${fn.name}`) {
      case 'lunatic::process::compile_module':
        return (...args) => {
          const since = performance.now();
          const ended = (result: unknown): unknown => {
            this.#compileTimes.observe((performance.now() - since) / 1000);
            return result;
          };
          const result = implementation(...args);
          if (result === -1) return result;
          this.#compiled++;
          return result instanceof Promise ? result.then(ended) : ended(result);
        };
      case 'lunatic::process::drop_module':
        return before(implementation, () => this.#modulesDropped++);
      case 'lunatic::process::create_config':
        return (...args) => {
          const id = implementation(...args);
          if (id !== -1n) this.#configsCreated++;
          return id;
        };
      case 'lunatic::process::drop_config':
        return after(implementation, () => this.#configsDropped++);
      case 'lunatic::timer::send_after':
        return after(implementation, () => this.#timersStarted++);
      case 'lunatic::timer::cancel_timer':
        return (...args) => {
          const stopped = implementation(...args);
          if (stopped === 1) this.#timersCanceled++;
          return stopped;
        };
      case 'lunatic::registry::put':
        return before(implementation, () => this.#registryWrites++);
      case 'lunatic::registry::get':
        return before(implementation, () => this.#registryReads++);
      case 'lunatic::registry::remove':
        return before(implementation, () => this.#registryDeletions++);
      default:
        return implementation;
    }
  }

  // -- what is exported --------------------------------------------------------------------------------

  #counter(name: string, help: string, value: () => number, labels: Record<string, string> = {}): void {
    new Counter({
      ...this.#options(name, help),
      labelNames: Object.keys(labels),
      collect() {
        this.reset();
        this.inc(labels, value());
      },
    });
  }

  #gauge(name: string, help: string, value: () => number): void {
    new Gauge({
      ...this.#options(name, help),
      collect() {
        this.set(value());
      },
    });
  }

  #histogram(name: string, help: string, buckets: number[]): Histogram {
    return new Histogram({ ...this.#options(name, help), buckets });
  }

  #options(name: string, help: string) {
    return { name: `lunatic_${name.replaceAll('.', '_')}`, help, registers: [this.#registry] };
  }
}

/** Counts every call, also one that traps. */
function before(implementation: HostImplementation, count: () => void): HostImplementation {
  return (...args) => {
    count();
    return implementation(...args);
  };
}

/** Counts calls that do not trap. */
function after(implementation: HostImplementation, count: () => void): HostImplementation {
  return (...args) => {
    const result = implementation(...args);
    count();
    return result;
  };
}
