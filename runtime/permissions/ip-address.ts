/**
 * An IP address as a number of 128 bits: an address has many spellings, but only one number. IPv4 addresses are those of
 * `::ffff:0:0/96`, where IPv6 has them, so `10.0.0.1` and `::ffff:a00:1` are the same.
 */
export type IpAddress = bigint;

/** A network: its lowest and its highest address. Comparing with both allocates nothing. */
export interface IpNetwork {
  readonly first: IpAddress;
  readonly last: IpAddress;
}

/** What comes before the bits of an IPv4 address. */
const IPV4 = 0xffffn << 32n;
const IPV4_MASK = 0xffff_ffffn;

/** The addresses of all interfaces, and of this machine: connecting to the first is connecting to the second. */
const THIS_MACHINE: readonly (readonly [IpAddress, IpAddress])[] = [
  [0n, 1n],
  [IPV4, IPV4 | 0x7f00_0001n],
];

/**
 * Reads a numeric address. A zone (`fe80::1%eth0`) is not part of it.
 * @returns undefined for any other text
 */
export function parseIpAddress(text: string): IpAddress | undefined {
  // Loaded with the first address: most programs have no rules.
  const { isIPv4, isIPv6 } = process.getBuiltinModule('node:net');
  if (isIPv4(text)) return IPV4 | bits(Uint8Array.from(text.split('.'), Number));
  const zone = text.indexOf('%');
  const bare = zone < 0 ? text : text.slice(0, zone);
  return isIPv6(bare) ? bits(ipv6Bytes(bare)) : undefined;
}

/**
 * Reads a network.
 * @param prefix the number of bits that its addresses have in common, as written: `8` of `10.0.0.0/8`
 * @returns undefined if the address is none; `bits` is how many there may be
 */
export function ipNetwork(
  text: string,
  prefix: number | undefined,
): (IpNetwork & { bits: number }) | undefined {
  const address = parseIpAddress(text);
  if (address === undefined) return undefined;
  const width = text.includes(':') ? 128 : 32;
  const hostBits = BigInt(Math.max(0, width - (prefix ?? width)));
  const hosts = (1n << hostBits) - 1n;
  return { first: address & ~hosts, last: address | hosts, bits: width };
}

/** Returns whether an address belongs to a network. */
export function isInNetwork(address: IpAddress, { first, last }: IpNetwork): boolean {
  return first <= address && address <= last;
}

/** Returns the addresses that lead to the same place of this machine as this one, which is the first of them. */
export function samePlaces(address: IpAddress): IpAddress[] {
  for (const [all, own] of THIS_MACHINE) {
    if (address === all) return [all, own];
    if (address === own) return [own, all];
  }
  return [address];
}

/**
 * Returns the IPv4 addresses to which gateways and tunnels bring what is sent to an IPv6 address. Whether there is such a
 * gateway, this machine cannot know.
 *
 *     ::a.b.c.d                      IPv4-compatible (RFC 4291)
 *     ::ffff:0:a.b.c.d               IPv4-translated (RFC 2765)
 *     64:ff9b::a.b.c.d               NAT64 (RFC 6052)
 *     64:ff9b:1::/48                 NAT64 of a site (RFC 8215), with the address where RFC 6052 has it for /48, /56, /64 or /96
 *     2002:a.b.c.d::/48              6to4 (RFC 3056)
 *     2001:0:server:...:~a.b.c.d     Teredo (RFC 4380), with the server and, inverted, the client
 *     ...:[02]00:5efe:a.b.c.d        ISATAP (RFC 5214)
 */
export function embeddedIpv4(address: IpAddress): IpAddress[] {
  const found: bigint[] = [];
  const last = address & IPV4_MASK;
  const upper = address >> 32n;
  if ((upper === 0n && last > 1n) || upper === 0xffff_0000n || upper === 0x64_ff9bn << 64n) found.push(last);
  if (address >> 80n === 0x64_ff9b_0001n) {
    // Bits 64 to 71 are left out.
    const bitsBefore = (address >> 64n) & 0xffffn;
    const bitsAfter = address & 0xff_ffff_ffff_ffffn;
    const joined = (bitsBefore << 56n) | bitsAfter;
    found.push(last, (joined >> 40n) & IPV4_MASK, (joined >> 32n) & IPV4_MASK, (joined >> 24n) & IPV4_MASK);
  }
  if (address >> 112n === 0x2002n) found.push((address >> 80n) & IPV4_MASK);
  if (address >> 96n === 0x2001_0000n) found.push((address >> 64n) & IPV4_MASK, last ^ IPV4_MASK);
  if (((upper & 0xffff_ffffn) | 0x0200_0000n) === 0x0200_5efen) found.push(last);
  return found.map((bitsOfIt) => IPV4 | bitsOfIt);
}

function bits(bytes: Uint8Array): bigint {
  let number = 0n;
  for (const byte of bytes) number = (number << 8n) | BigInt(byte);
  return number;
}

/**
 * Returns the 16 bytes of an IPv6 address in network order.
 * @param text a valid address without a zone
 */
export function ipv6Bytes(text: string): Uint8Array {
  const bytes = new Uint8Array(16);
  // The last four bytes may be written as an IPv4 address.
  const lastColon = text.lastIndexOf(':');
  const tail = text.slice(lastColon + 1);
  const dotted = tail.includes('.') ? Uint8Array.from(tail.split('.'), Number) : null;
  const hex = dotted === null ? text : `${text.slice(0, lastColon)}:0:0`;
  const [left = '', right] = hex.split('::');
  const groups = (part: string): number[] =>
    part === '' ? [] : part.split(':').map((group) => Number.parseInt(group, 16));
  const first = groups(left);
  const last = right === undefined ? [] : groups(right);
  first.forEach((group, i) => {
    bytes[2 * i] = group >> 8;
    bytes[2 * i + 1] = group;
  });
  last.forEach((group, i) => {
    const at = 16 - 2 * (last.length - i);
    bytes[at] = group >> 8;
    bytes[at + 1] = group;
  });
  if (dotted !== null) bytes.set(dotted, 12);
  return bytes;
}
