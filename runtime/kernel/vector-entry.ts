import { leb, section, smallModule } from '../wasm/index.ts';
import type { EntryValue } from './entry.ts';
import type { Starter } from './guest-instance.ts';

/**
 * JavaScript cannot pass a v128 to wasm. So for an entry function with vectors a small module is made, whose function takes
 * each v128 as two i64 halves, builds the vectors and calls the entry function, wasm to wasm.
 * @returns the function to call, and the values to call it with
 */
export function withVectorEntry(
  fn: unknown,
  params: readonly EntryValue[],
): { fn: Starter; params: readonly (number | bigint)[] } {
  const module = new WebAssembly.Module(adapter(params));
  const { exports } = new WebAssembly.Instance(module, { e: { f: fn as () => void } });
  return { fn: exports['f'] as Starter, params: params.flatMap(halves) };
}

function halves(value: EntryValue): (number | bigint)[] {
  if (!(value instanceof Uint8Array)) return [value];
  const view = new DataView(value.buffer, value.byteOffset, 16);
  return [view.getBigInt64(0, true), view.getBigInt64(8, true)];
}

const I32 = 0x7f;
const I64 = 0x7e;
const V128 = 0x7b;

function adapter(params: readonly EntryValue[]): Uint8Array<ArrayBuffer> {
  const target = params.map((v) => (typeof v === 'number' ? I32 : typeof v === 'bigint' ? I64 : V128));
  const outer = target.flatMap((type) => (type === V128 ? [I64, I64] : [type]));
  const body: number[] = [0];
  let local = 0;
  for (const type of target) {
    body.push(0x20, ...leb(local++)); // local.get
    if (type !== V128) continue;
    body.push(0xfd, 0x12); // i64x2.splat
    body.push(0x20, ...leb(local++));
    body.push(0xfd, 0x1e, 1); // i64x2.replace_lane 1
  }
  body.push(0x10, 0, 0x0b); // call 0, end
  const functionType = (types: number[]) => [0x60, ...leb(types.length), ...types, 0];
  return smallModule(
    section(1, [2, ...functionType(target), ...functionType(outer)]),
    section(2, [1, 1, 0x65, 1, 0x66, 0x00, 0]), // import "e" "f", a function of type 0
    section(3, [1, 1]),
    section(7, [1, 1, 0x66, 0x00, 1]), // export "f", function 1
    section(10, [1, ...leb(body.length), ...body]),
  );
}
