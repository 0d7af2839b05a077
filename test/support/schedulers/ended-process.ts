import type { Exit } from '../../../runtime/internal.ts';

/** The kind of the request with which a scheduler of tests tells the first one that a process has ended. */
export const ENDED = 'test-ended';

/** What tests are told of a process that has ended on another scheduler. */
export interface EndedProcess {
  readonly id: number;
  /** The name of its entry. */
  readonly entry: string;
  readonly exit: Exit;
}

export function encodeEnd(ended: EndedProcess): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(ended));
}

export function decodeEnd(bytes: Uint8Array): EndedProcess {
  return JSON.parse(new TextDecoder().decode(bytes)) as EndedProcess;
}
