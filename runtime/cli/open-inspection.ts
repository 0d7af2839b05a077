import type { InspectAddress, InspectRequest } from '../inspect/address.ts';
import type { InspectedProgram, Inspection } from './inspection.ts';

/** What a command line says about inspecting. */
export interface InspectFlags {
  /** The address at which debuggers and process trees may connect; undefined for none. */
  readonly inspect?: InspectRequest;
  /** Whether the program begins when a client says so. This makes it inspectable, too. */
  readonly inspectWait: boolean;
}

/** Where the inspector listens if no address is given: on this machine, on any port that is free. */
const ANY_PORT: InspectAddress = { host: '127.0.0.1', port: 0 };

/**
 * The inspection that the flags ask for, which does not listen yet; undefined if they ask for none. Its code is loaded only
 * if it is needed: loading takes longer than many programs run.
 */
export async function openInspection(
  { inspect, inspectWait }: InspectFlags,
  program: InspectedProgram,
): Promise<Inspection | undefined> {
  const address = inspect ?? (inspectWait ? ANY_PORT : undefined);
  if (address === undefined) return undefined;
  const { Inspection } = await import('./inspection.ts');
  return new Inspection(program, address, {
    waits: inspectWait,
    debug: inspect?.debug ?? false,
    listed: inspect?.listed ?? true,
  });
}
