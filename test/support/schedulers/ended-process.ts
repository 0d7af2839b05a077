import type { Exit, ProcessConfig } from '../../../runtime/internal.ts';
import { decodeConfig, encodeConfig } from '../../../runtime/kernel/codec/config-codec.ts';

/** The kind of the request with which a scheduler of tests tells the first one that a process has ended. */
export const ENDED = 'test-ended';

/** What tests are told of a process that has ended on another scheduler. */
export interface EndedProcess {
  readonly id: number;
  /** The name of its entry. */
  readonly entry: string;
  readonly config: ProcessConfig;
  readonly exit: Exit;
}

export function encodeEnd(ended: EndedProcess): Uint8Array {
  const config = Buffer.from(encodeConfig(ended.config)).toString('base64');
  return new TextEncoder().encode(JSON.stringify({ ...ended, config }));
}

export function decodeEnd(bytes: Uint8Array): EndedProcess {
  const ended = JSON.parse(new TextDecoder().decode(bytes)) as EndedProcess & { readonly config: string };
  return { ...ended, config: decodeConfig(Buffer.from(ended.config, 'base64')) };
}
