/** A drive of Windows, a share, or the scheme of a URL. */
const OTHER_ROOT = /^([^\\/]+:[\\/]|\\\\)/;

/** Whether a path of a compiler's machine is absolute, whatever that machine was. */
export function isAbsolutePath(path: string): boolean {
  return path.startsWith('/') || OTHER_ROOT.test(path);
}

/** Joins parts of a path, as they are in debug information: what stands before an absolute part does not count. */
export function joinPath(...parts: readonly string[]): string {
  let path = '';
  for (const part of parts) {
    if (part === '') continue;
    if (path === '' || isAbsolutePath(part)) path = part;
    else if (path.endsWith('/') || path.endsWith('\\')) path += part;
    else path += (OTHER_ROOT.test(path) && path.includes('\\') ? '\\' : '/') + part;
  }
  return path;
}
