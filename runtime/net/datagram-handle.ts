import type { Socket } from 'node:dgram';

/** What Node keeps of a UDP socket. Its types do not tell. */
export interface DatagramHandle {
  recvStart(): void;
  recvStop(): void;
  disconnect(): void;
}

/** Returns the handle of a socket; null if this Node has it elsewhere. */
export function handleOf(socket: Socket): DatagramHandle | null {
  const symbol = Object.getOwnPropertySymbols(socket).find(
    ({ description }) => description === 'state symbol',
  );
  if (symbol === undefined) return null;
  const { handle } = (socket as unknown as Record<symbol, { handle?: Partial<DatagramHandle> | null }>)[
    symbol
  ] ?? { handle: null };
  const isKnown = typeof handle?.recvStop === 'function' && typeof handle.disconnect === 'function';
  return isKnown ? (handle as DatagramHandle) : null;
}
