import type { StructType } from '../../../runtime/internal.ts';
import type { Shower } from '../show-value.ts';
import type { Shown, Value } from '../value.ts';
import type { ValueReader } from '../value-reader.ts';

/** Addresses of the network, as Rust prints them. Before 1.64 they were those of C, in the order of the network. */
export async function showAddress(
  shower: Shower,
  value: Value,
  type: StructType,
  name: string,
  depth: number,
): Promise<Shown | null> {
  const { reader } = shower;
  switch (name) {
    case 'Ipv4Addr':
      return made(ipv4Text(await reader.bytes(value, 4)));
    case 'Ipv6Addr':
      return made(ipv6Text(await reader.bytes(value, 16)));
    case 'SocketAddrV4':
    case 'SocketAddrV6': {
      const parts = (await partsOf(reader, value, 'sin')) ?? (await partsOf(reader, value, 'sin6'));
      if (parts === null) return null;
      const ip =
        name === 'SocketAddrV4'
          ? ipv4Text(await reader.bytes(parts.ip, 4))
          : ipv6Text(await reader.bytes(parts.ip, 16));
      return made(ip && `${name === 'SocketAddrV4' ? ip : `[${ip}]`}:${parts.port}`);
    }
    case 'IpAddr':
    case 'SocketAddr': {
      const variant = await reader.variant(value, type);
      const inside = variant && reader.part(value, variant);
      const address = inside && (await reader.member(inside, '__0'));
      return address && { ...(await shower.covered(address, depth)), isMade: true };
    }
    default:
      return null;
  }
}

const made = (text: string | null): Shown | null => (text === null ? null : { text, isMade: true });

async function partsOf(
  reader: ValueReader,
  value: Value,
  prefix: string,
): Promise<{ ip: Value; port: number } | null> {
  const ip = (await reader.member(value, 'ip')) ?? (await reader.path(value, `inner.${prefix}_addr`));
  const port = await reader.number(await reader.member(value, 'port'));
  const swapped = await reader.number(await reader.path(value, `inner.${prefix}_port`));
  if (ip === null || (port ?? swapped) === null) return null;
  return { ip, port: port ?? ((swapped ?? 0) >> 8) | (((swapped ?? 0) & 0xff) << 8) };
}

function ipv4Text(bytes: Uint8Array | null): string | null {
  return bytes?.join('.') ?? null;
}

/** The shortest form: a URL has it. */
function ipv6Text(bytes: Uint8Array | null): string | null {
  if (bytes === null) return null;
  const groups = Array.from({ length: 8 }, (_, i) =>
    (((bytes[2 * i] ?? 0) << 8) | (bytes[2 * i + 1] ?? 0)).toString(16),
  );
  return new URL(`http://[${groups.join(':')}]`).hostname.slice(1, -1);
}
