import { isIPv4, isIPv6 } from 'node:net';
import { networkInterfaces } from 'node:os';
import { ipv6Bytes } from '../permissions/ip-address.ts';

export type IpVersion = 4 | 6;

/** An IP address and a port. */
export interface Endpoint {
  readonly version: IpVersion;
  /** The address as text, as Node takes and gives it: `127.0.0.1`, `::1`, `fe80::1%eth0`. */
  readonly host: string;
  /** 0 to 65535. */
  readonly port: number;
}

/** An address as Node gives it. */
interface NodeAddress {
  readonly address: string;
  readonly port: number;
}

export function endpoint({ address, port }: NodeAddress): Endpoint {
  return { version: isIPv4(address) ? 4 : 6, host: address, port };
}

/** Returns the text of an address of 4 or 16 bytes in network order. A scope of 0 is none. */
export function hostText(bytes: Uint8Array, scopeId = 0): string {
  if (bytes.length === 4) return bytes.join('.');
  const groups: string[] = [];
  for (let i = 0; i < 16; i += 2) groups.push((((bytes[i] ?? 0) << 8) | (bytes[i + 1] ?? 0)).toString(16));
  return groups.join(':') + (scopeId === 0 ? '' : `%${zoneOfScope(scopeId)}`);
}

/** Returns the bytes of an address in network order. */
export function hostBytes({ version, host }: Endpoint): Uint8Array {
  if (version === 4) return Uint8Array.from(host.split('.'), Number);
  return ipv6Bytes(host.split('%', 1)[0] ?? '');
}

/** Returns the number of the interface in an address such as `fe80::1%eth0`, 0 for none. */
export function scopeOf({ host }: Endpoint): number {
  const at = host.indexOf('%');
  if (at < 0) return 0;
  const zone = host.slice(at + 1);
  if (/^\d{1,10}$/.test(zone)) return Number(zone) >>> 0;
  return scopes().find(({ name }) => name === zone)?.scopeId ?? 0;
}

/** The text after the `%`. Systems want the name of an interface there, except Windows, which wants the number. */
function zoneOfScope(scopeId: number): string {
  if (process.platform === 'win32') return String(scopeId);
  return scopes().find((scope) => scope.scopeId === scopeId)?.name ?? String(scopeId);
}

function scopes(): { name: string; scopeId: number }[] {
  return Object.entries(networkInterfaces()).flatMap(([name, addresses]) =>
    (addresses ?? []).flatMap((address) =>
      address.family === 'IPv6' && address.scopeid > 0 ? [{ name, scopeId: address.scopeid }] : [],
    ),
  );
}

const MAX_PORT = 65_535;

/** Splits `host:port` at the last colon. Returns undefined if there is no valid port. */
export function splitHostPort(text: string): { host: string; port: number } | undefined {
  const at = text.lastIndexOf(':');
  const digits = text.slice(at + 1);
  if (at < 0 || !/^\d{1,5}$/.test(digits) || Number(digits) > MAX_PORT) return undefined;
  return { host: text.slice(0, at), port: Number(digits) };
}

/** Reads `1.2.3.4:80`, `[::1]:80` or `[fe80::1%2]:80`. Returns undefined for anything else. */
export function parseEndpoint(text: string): Endpoint | undefined {
  const parts = splitHostPort(text);
  if (parts === undefined) return undefined;
  const { host, port } = parts;
  if (isIPv4(host)) return { version: 4, host, port };
  const inner = /^\[([^%\]]*)(?:%(\d{1,10}))?\]$/.exec(host);
  const [, address = '', scope = '0'] = inner ?? [];
  if (!isIPv6(address)) return undefined;
  const scopeId = Number(scope);
  if (scopeId >= 2 ** 32) return undefined;
  return { version: 6, host: scopeId === 0 ? address : `${address}%${zoneOfScope(scopeId)}`, port };
}
