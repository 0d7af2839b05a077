import { Registry } from 'prom-client';
import { ExportedGuestMetrics } from './guest-metrics.ts';
import { VmMetrics } from './vm-metrics.ts';

/** The metrics of one runtime: its own and those of its guests. */
export class Metrics {
  readonly registry = new Registry();
  readonly vm = new VmMetrics(this.registry);
  readonly guest = new ExportedGuestMetrics(this.registry);

  constructor() {
    // Upstream has this label for the node, which is always this one.
    this.registry.setDefaultLabels({ node_id: '0' });
  }
}
