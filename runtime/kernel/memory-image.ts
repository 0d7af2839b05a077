/** Bytes of a wasm page. */
export const PAGE_SIZE = 65_536;

const OS_PAGE_SIZE = 4096;
const ZEROS = Buffer.alloc(PAGE_SIZE);

/** What a memory holds at the beginning: by wasm page, those that are not all zero. */
export type MemoryImage = ReadonlyMap<number, Uint8Array>;

/** The image of a memory that was never touched. */
export const BLANK: MemoryImage = new Map();

/** Copies what is in a memory. */
export function captureImage(buffer: ArrayBuffer): MemoryImage {
  const bytes = Buffer.from(buffer);
  const image = new Map<number, Uint8Array>();
  for (let page = 0; page < bytes.length; page += PAGE_SIZE) {
    if (bytes.compare(ZEROS, 0, PAGE_SIZE, page, page + PAGE_SIZE) === 0) continue;
    image.set(page / PAGE_SIZE, Uint8Array.prototype.slice.call(bytes, page, page + PAGE_SIZE));
  }
  return image;
}

/**
 * Makes a memory what it was, without touching what is so already: most pages of a guest's stack and heap were
 * never used, and writing to them would make the operating system give each a page of real memory.
 */
export function restoreImage(buffer: ArrayBuffer, image: MemoryImage): void {
  const bytes = Buffer.from(buffer);
  for (let page = 0; page < bytes.length; page += PAGE_SIZE) {
    const wanted = image.get(page / PAGE_SIZE) ?? ZEROS;
    if (bytes.compare(wanted, 0, PAGE_SIZE, page, page + PAGE_SIZE) === 0) continue;
    for (let at = 0; at < PAGE_SIZE; at += OS_PAGE_SIZE) {
      const from = page + at;
      const end = at + OS_PAGE_SIZE;
      if (bytes.compare(wanted, at, end, from, from + OS_PAGE_SIZE) === 0) continue;
      bytes.set(wanted.subarray(at, end), from);
    }
  }
}
