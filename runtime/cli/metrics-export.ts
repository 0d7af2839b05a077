import type { InspectAddress } from '../inspect/address.ts';
import { Metrics } from '../metrics/metrics.ts';
import { MetricsServer } from '../metrics/metrics-server.ts';
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
    const { url } = await MetricsServer.listen(host, port, metrics.registry);
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
