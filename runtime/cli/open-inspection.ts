import type { InspectAddress } from '../inspect/address.ts';
import type { InspectedProgram, Inspection } from './inspection.ts';

/** What a command line says about inspecting. */
export interface InspectFlags {
  /** Where debuggers and process trees may connect; undefined for nowhere. */
  readonly inspect?: InspectAddress;
  /** Begin when whoever inspects says so; also makes the program inspectable. */
  readonly inspectWait: boolean;
}

/** Where the inspector listens if no address is given: on this machine, on any port that is free. */
const ANY_PORT: InspectAddress = { host: '127.0.0.1', port: 0 };

/**
 * The inspection that the flags ask for, which does not listen yet; undefined where they ask for none. Its code is loaded
 * only where it is wanted: that takes longer than many programs run.
 */
export async function openInspection(
  { inspect, inspectWait }: InspectFlags,
  program: InspectedProgram,
): Promise<Inspection | undefined> {
  const address = inspect ?? (inspectWait ? ANY_PORT : undefined);
  if (address === undefined) return undefined;
  const { Inspection } = await import('./inspection.ts');
  return new Inspection(program, address, inspectWait);
}
