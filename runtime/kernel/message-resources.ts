/** What travels in messages besides bytes (abi 6.4); between schedulers as a handle (`codec/resources-in-transit.ts`). */

/** A module travels as its binary; the sender keeps it. */
export interface ModuleResource {
  readonly kind: 'module';
  readonly bytes: Uint8Array;
}

/** A reference to a stream or socket. It belongs to whoever has the message. */
export interface SocketResource {
  readonly kind: 'TCP stream' | 'TLS stream' | 'UDP socket' | 'TCP listener' | 'TLS listener';
  readonly socket: { release(): void };
  /** Bytes that it counts for, whoever has it. */
  readonly cost: number;
}

export type MessageResource = ModuleResource | SocketResource;

/** Releases the resources that nobody has taken from a message that nobody will read. */
export function releaseResources(resources: (MessageResource | null)[]): void {
  for (const resource of resources.splice(0)) if (resource?.kind !== 'module') resource?.socket.release();
}
