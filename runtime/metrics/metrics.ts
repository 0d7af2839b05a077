import { Registry } from 'prom-client';
import type { HostFunction, HostImplementation } from '../hostcall/function.ts';
import type { HostMetrics } from '../hostcall/guest-metrics.ts';
import { ExportedGuestMetrics } from './guest-metrics.ts';
import { VmMetrics } from './vm-metrics.ts';

/** The metrics of one runtime, its own and those of its guests. */
export class Metrics implements HostMetrics {
  readonly registry = new Registry();
  readonly vm = new VmMetrics(this.registry);
  readonly guest = new ExportedGuestMetrics(this.registry);

  constructor() {
    // Upstream's label for the node, which is always this one.
    this.registry.setDefaultLabels({ node_id: '0' });
  }

  counting(fn: HostFunction, implementation: HostImplementation): HostImplementation {
    return this.vm.counting(fn, implementation);
  }
}
