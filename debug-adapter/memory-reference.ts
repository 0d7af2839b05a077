import { keyFromText, type ProcessKey } from '../runtime/inspect/protocol.ts';

/** A reference to the memory of a process: its key alone, or with an address from which offsets count. */
export function memoryReference(process: ProcessKey, address = 0): string {
  return address === 0 ? process : `${process}+0x${address.toString(16)}`;
}

/** What a reference means. A text that is none names a process that is not there. */
export function readMemoryReference(reference: string): { process: ProcessKey; address: number } {
  const [, process, address] = /^(.*)\+0x([\da-f]{1,8})$/.exec(reference) ?? [];
  if (process === undefined || address === undefined) return { process: keyFromText(reference), address: 0 };
  return { process: keyFromText(process), address: Number.parseInt(address, 16) };
}
