import type { Process } from '../kernel/process.ts';
import type { ShownGlobal } from '../wasm/index.ts';
import { InspectionError } from './inspection-error.ts';
import { type GlobalInfo, InspectError } from './protocol.ts';

/** The globals of a process that a debugger can look at; none if the program was not started for debugging. */
export function globalsOf({ instance }: Process): { globals: GlobalInfo[] } {
  const shown = instance?.compiled.probeGlobals?.own ?? [];
  return {
    globals: shown.flatMap(({ index, type, mutable, name }): GlobalInfo[] => {
      const global = instance?.exports[name];
      if (!(global instanceof WebAssembly.Global)) return [];
      return [{ index, type, mutable, data: bytesOf(type, global.value).toString('base64') }];
    }),
  };
}

/** The bytes of a global; null if there is none that could be read. */
export function readGlobal({ instance }: Process, index: number): Buffer | null {
  const shown = instance?.compiled.probeGlobals?.own.find((global) => global.index === index);
  const global = shown === undefined ? undefined : instance?.exports[shown.name];
  if (shown === undefined || !(global instanceof WebAssembly.Global)) return null;
  return bytesOf(shown.type, global.value);
}

/** @throws InspectionError if it cannot be set */
export function setGlobal({ instance, paused }: Process, index: number, data: Uint8Array): null {
  const shown = instance?.compiled.probeGlobals?.own.find((global) => global.index === index);
  const global = shown === undefined ? undefined : instance?.exports[shown.name];
  if (shown === undefined || !(global instanceof WebAssembly.Global) || data.length !== SIZES[shown.type])
    throw new InspectionError(InspectError.Refused, `there is no global ${index} of ${data.length} bytes`);
  if (!shown.mutable) throw new InspectionError(InspectError.Refused, `global ${index} is a constant`);
  if (!paused) throw new InspectionError(InspectError.Refused, 'the process does not stand still');
  global.value = numberIn(shown.type, Buffer.from(data));
  return null;
}

const SIZES = { i32: 4, i64: 8, f32: 4, f64: 8 } as const;

function bytesOf(type: ShownGlobal['type'], value: unknown): Buffer {
  const bytes = Buffer.alloc(SIZES[type]);
  if (type === 'i64') bytes.writeBigInt64LE(BigInt.asIntN(64, BigInt(value as bigint)));
  else if (type === 'i32') bytes.writeInt32LE(Number(value) | 0);
  else if (type === 'f32') bytes.writeFloatLE(Number(value));
  else bytes.writeDoubleLE(Number(value));
  return bytes;
}

/** The number that the bytes of a global are. */
export function numberIn(type: ShownGlobal['type'], bytes: Buffer): number | bigint {
  if (type === 'i64') return bytes.readBigInt64LE();
  if (type === 'i32') return bytes.readInt32LE();
  return type === 'f32' ? bytes.readFloatLE() : bytes.readDoubleLE();
}
