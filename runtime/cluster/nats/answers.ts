import { ClusterError, REQUEST_TIME } from '../transport.ts';

/** JetStream's code for a change of what has changed meanwhile. */
const WRONG_LAST_SEQUENCE = 10071;

/** What a request to the server gives. @throws ClusterError if it fails, or takes too long */
export async function answered<T>(request: Promise<T>, what: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, fail) => {
    timer = setTimeout(() => fail(new ClusterError(`NATS has not answered in time (${what})`)), REQUEST_TIME);
  });
  try {
    return await Promise.race([request, late]);
  } catch (error) {
    if (error instanceof ClusterError) throw error;
    const why = error instanceof Error ? error.message : String(error);
    throw new ClusterError(`NATS has refused a request (${what}): ${why}`, { cause: error });
  } finally {
    clearTimeout(timer);
  }
}

/** The same for a change, which gives null if somebody else was faster. */
export async function changed<T>(change: Promise<T>, what: string): Promise<T | null> {
  try {
    return await answered(change, what);
  } catch (error) {
    const { cause } = error as Error;
    if ((cause as { code?: unknown } | undefined)?.code === WRONG_LAST_SEQUENCE) return null;
    throw error;
  }
}
