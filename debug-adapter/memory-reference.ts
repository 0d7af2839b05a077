import { keyFromText, type ProcessKey } from '../runtime/inspect/protocol.ts';

interface MemoryPlace {
  readonly process: ProcessKey;
  /** From here offsets count. */
  readonly address: number;
  /** Which one of its memories, by its index. */
  readonly memory: number;
}

/** A reference to a memory of a process: its key alone, or with the index of the memory and an address, as in `1:5/1+0x10`. */
export function memoryReference(process: ProcessKey, address = 0, memory = 0): string {
  return `${process}${memory === 0 ? '' : `/${memory}`}${address === 0 ? '' : `+0x${address.toString(16)}`}`;
}

/** What a reference means. A text that is none names a process that is not there. */
export function readMemoryReference(reference: string): MemoryPlace {
  const [, process = '', memory = '0', address = '0'] =
    /^([^/+]*)(?:\/(\d{1,4}))?(?:\+0x([\da-f]{1,8}))?$/.exec(reference) ?? [];
  return { process: keyFromText(process), memory: Number(memory), address: Number.parseInt(address, 16) };
}
