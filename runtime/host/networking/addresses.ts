import { fail, OK } from '../../hostcall/conventions.ts';
import type { Process } from '../../kernel/process.ts';
import { hostTrap } from '../../kernel/trap.ts';
import { type Endpoint, hostText } from '../../net/endpoint.ts';
import { errorText, systemError } from '../../net/system-error.ts';
import { hostDescriptors } from '../../permissions/host-descriptors.ts';
import { ADDRESS_ITERATORS } from './resources.ts';

/** The parameters of an address in the signature of a function (abi 3.11). */
export const ADDRESS = 'addr_type: i32, addr_u8_ptr: i32, port: i32, flow_info: i32, scope_id: i32';

/** Reads an address that the current process passes. Traps if its type or pointer is invalid. */
export function readEndpoint(
  { memory }: Process,
  type: number,
  pointer: number,
  port: number,
  scopeId: number,
): Endpoint {
  if (type !== 4 && type !== 6) throw hostTrap(`an address is of type 4 or 6, not ${type >>> 0}`);
  const bytes = memory.slice(pointer, type === 4 ? 4 : 16);
  const host = type === 4 ? hostText(bytes) : hostText(bytes, scopeId >>> 0);
  return { version: type, host, port: port & 0xffff };
}

/** `127.0.0.1:80`, `[::1]:80` */
export function endpointText({ version, host, port }: Endpoint): string {
  return version === 4 ? `${host}:${port}` : `[${host}]:${port}`;
}

/** Gives a process an iterator over addresses and returns its id. */
export function addIterator(process: Process, addresses: readonly Endpoint[]): number {
  return process.slot(ADDRESS_ITERATORS).add({ count: addresses.length, rest: [...addresses].reverse() });
}

/** Stores an error and returns the code for it if no socket can be opened, since the runtime needs the last descriptors itself. */
export function refuseSocket(process: Process, out: number): number | undefined {
  return hostDescriptors.haveRoom ? undefined : fail(process, out, errorText(systemError('EMFILE')));
}

/** Stores a result for the guest, and returns the code for success. */
export function succeed(process: Process, out: number, value: number): number {
  process.memory.writeId(out, value);
  return OK;
}

/** Stores the id of an iterator over one address, or of an error if there is no address. Returns the result code. */
export function giveAddress(process: Process, out: number, address: () => Endpoint | undefined): number {
  process.memory.check(out, 8);
  try {
    const found = address();
    if (found === undefined) throw systemError('ENOTCONN');
    return succeed(process, out, addIterator(process, [found]));
  } catch (error) {
    return fail(process, out, errorText(error));
  }
}
