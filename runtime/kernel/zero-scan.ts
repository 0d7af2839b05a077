import { leb, section, smallModule } from '../wasm/index.ts';

/** Bytes that the scan reads at a time: a range must be of whole ones. */
const STEP = 256;
const VECTOR = 16;

/** Returns 0 if all bytes of a range are zero. It must not be empty, must be of whole pages of the operating system, and end below 4 GiB. */
export type ZeroScan = (start: number, end: number) => number;

/**
 * Makes a scan of a memory. It reads each byte once, 16 at a time, and takes two thirds of the time in which Node compares the
 * memory with itself.
 */
export function makeZeroScan(memory: WebAssembly.Memory): ZeroScan {
  scanner ??= new WebAssembly.Module(scannerModule());
  return new WebAssembly.Instance(scanner, { '': { '': memory } }).exports[''] as ZeroScan;
}

let scanner: WebAssembly.Module | null = null;

/**
 *     (module
 *       (import "" "" (memory 0))
 *       (func (export "") (param $at i32) (param $end i32) (result i32)
 *         (loop $next
 *           (if (v128.any_true (v128.or (v128.load offset=0 (local.get $at)) ... (v128.load offset=240 (local.get $at))))
 *             (then (return (i32.const 1))))
 *           (br_if $next (i32.lt_u (local.tee $at (i32.add (local.get $at) (i32.const 256))) (local.get $end))))
 *         (i32.const 0)))
 */
function scannerModule(): Uint8Array<ArrayBuffer> {
  const loads: number[] = [];
  for (let offset = 0; offset < STEP; offset += VECTOR) {
    loads.push(0x20, 0, 0xfd, 0x00, 0, ...leb(offset));
    if (offset > 0) loads.push(0xfd, 0x50);
  }
  const body = [
    ...[0, 0x03, 0x40, ...loads, 0xfd, 0x53, 0x04, 0x40, 0x41, 1, 0x0f, 0x0b],
    ...[0x20, 0, 0x41, ...leb(STEP), 0x6a, 0x22, 0, 0x20, 1, 0x49, 0x0d, 0, 0x0b, 0x41, 0, 0x0b],
  ];
  return smallModule(
    section(1, [1, 0x60, 2, 0x7f, 0x7f, 1, 0x7f]),
    section(2, [1, 0, 0, 2, 0, 0]),
    section(3, [1, 0]),
    section(7, [1, 0, 0, 0]),
    section(10, [1, ...leb(body.length), ...body]),
  );
}
