let trim: (() => void) | null = null;

/**
 * Lets glibc give back to the system what has been freed. It keeps that otherwise, a hundred MiB and more, by what was in use at the
 * same time once. Does nothing where there is another allocator, or a Node before 26, which cannot call it.
 */
export function trimAllocator(): void {
  trim ??= findTrim();
  trim();
}

function findTrim(): () => void {
  const ffi: typeof import('node:ffi') | undefined = process.getBuiltinModule('node:ffi');
  if (process.platform !== 'linux' || ffi === undefined) return () => {};
  try {
    const library = ffi.dlopen('libc.so.6', { malloc_trim: { arguments: ['u64'], return: 'i32' } });
    return () => void library.functions.malloc_trim(0n);
  } catch {
    return () => {};
  }
}
