import { Registry } from 'prom-client';
import type { GuestMetrics } from '../hostcall/guest-metrics.ts';
import { ExportedGuestMetrics } from './guest-metrics.ts';
import { VmMetrics } from './vm-metrics.ts';

/** The metrics of one runtime: its own and those of its guests. */
export class Metrics {
  readonly registry = new Registry();
  readonly vm = new VmMetrics(this.registry);
  readonly guest: GuestMetrics;
  readonly #exported: ExportedGuestMetrics | null = null;
  /** Tells the metrics of other schedulers as text; null where there are none. */
  others: (() => Promise<readonly string[]>) | null = null;

  /**
   * @param scheduler which one of several
   * @param guest the metrics of guests where others export them
   */
  constructor(scheduler = 0, guest?: GuestMetrics) {
    if (guest === undefined) {
      this.#exported = new ExportedGuestMetrics(this.registry);
      this.guest = this.#exported;
    } else {
      this.guest = guest;
    }
    // Upstream has this label for the node.
    this.registry.setDefaultLabels({ node_id: String(scheduler) });
  }

  /** Counts values of guests that another scheduler has dropped. */
  dropped(count: number): void {
    this.#exported?.drop(count);
  }

  get contentType(): string {
    return this.registry.contentType;
  }

  /** The metrics of all schedulers in Prometheus's text format. */
  async metrics(): Promise<string> {
    // What others have recorded for guests comes before their answers.
    const others = (await this.others?.()) ?? [];
    const own = await this.registry.metrics();
    return others.length === 0 ? own : joined([own, ...others]);
  }
}

/** Joins texts: what they have of one metric stands together, as the format wants it. */
function joined(texts: readonly string[]): string {
  const families = new Map<string, string[]>();
  for (const text of texts) {
    for (const family of text.split(/^(?=# HELP )/m)) {
      const [help = '', type = '', ...samples] = family.split('\n').filter((line) => line !== '');
      if (help === '') continue;
      const known = families.get(help);
      if (known === undefined) families.set(help, [help, type, ...samples]);
      else known.push(...samples);
    }
  }
  return `${[...families.values()].map((lines) => lines.join('\n')).join('\n\n')}\n`;
}
