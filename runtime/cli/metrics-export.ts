import type { InspectAddress } from '../inspect/address.ts';
import type { SchedulerIndex } from '../kernel/ids.ts';
import { Metrics } from '../metrics/metrics.ts';
import { MetricsServer } from '../metrics/metrics-server.ts';
import { FarGuestMetrics } from '../schedulers/far-metrics.ts';
import type { SchedulerSystem } from '../schedulers/system.ts';
import { CommandError } from './load.ts';

/**
 * Makes metrics for a runtime and serves them.
 * @throws CommandError if it cannot listen at the address
 */
export async function openMetrics({
  host,
  port,
}: InspectAddress): Promise<{ metrics: Metrics; url: string }> {
  const metrics = new Metrics();
  try {
    const { url } = await MetricsServer.listen(host, port, metrics);
    return { metrics, url };
  } catch (error) {
    const taken = error instanceof Error && 'code' in error && error.code === 'EADDRINUSE';
    const cause = error instanceof Error ? error.message : String(error);
    const advice = taken ? '; choose another with --prometheus-http HOST:PORT, or port 0 for any' : '';
    throw new CommandError(`The metrics cannot be served on ${host}:${port}: ${cause}${advice}`, {
      cause: error,
    });
  }
}

/** Makes metrics for a scheduler that is not the first one, which serves them. */
export function openFarMetrics(): {
  make(index: SchedulerIndex): Metrics;
  connect(system: SchedulerSystem): void;
} {
  const guest = new FarGuestMetrics();
  let metrics: Metrics | null = null;
  return {
    make(index) {
      metrics = new Metrics(index, guest);
      return metrics;
    },
    connect(system) {
      if (metrics !== null) guest.connect(system, metrics);
    },
  };
}
