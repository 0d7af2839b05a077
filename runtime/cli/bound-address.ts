import { isIP } from 'node:net';

/** Where something listens. */
export interface BoundAddress {
  /** An IP address, without brackets. */
  readonly host: string;
  readonly port: number;
}

const LAST_PORT = 65_535;

/** Reads `IP:PORT`, as `127.0.0.1:3030` or `[::1]:3030`. Returns null if it is malformed. */
export function parseBoundAddress(text: string): BoundAddress | null {
  const [, inBrackets, plain, digits] = /^(?:\[([^\]]+)\]|([^:[\]]+)):(\d{1,5})$/.exec(text) ?? [];
  const host = inBrackets ?? plain ?? '';
  const port = Number(digits);
  if (isIP(host) !== (inBrackets === undefined ? 4 : 6) || port > LAST_PORT) return null;
  return { host, port };
}
