/** A drive of Windows, a share, or the scheme of a URL. */
const OTHER_ROOT = /^([^\\/]+:[\\/]|\\\\)/;

/** Whether a path of a compiler's machine is absolute, whatever that machine was. */
export function isAbsolutePath(path: string): boolean {
  return path.startsWith('/') || OTHER_ROOT.test(path);
}

/** What a path begins with that `..` does not leave, and its segments, each with the separator behind it. */
const ROOT = /^(?:[^\\/]+:[\\/]+|[\\/]+)/;
const SEGMENTS = /([^\\/]+)([\\/]?)[\\/]*/g;
/** A segment that leads out of a folder. */
const OUT = /^\.\.[\\/]?$/;
/** A path that may name the same file as a shorter one. */
const HAS_DOTS = /(?:^|[\\/])(?:\.{0,2}[\\/]|\.{1,2}$)/;

/**
 * Joins parts of a path, as they are in debug information: what stands before an absolute part does not count. The result has
 * neither `.` nor `..`, but for those that lead out of an unknown folder, so that each file has one path.
 */
export function joinPath(...parts: readonly string[]): string {
  let path = '';
  for (const part of parts) {
    if (part === '') continue;
    if (path === '' || isAbsolutePath(part)) path = part;
    else if (path.endsWith('/') || path.endsWith('\\')) path += part;
    else path += (OTHER_ROOT.test(path) && path.includes('\\') ? '\\' : '/') + part;
  }
  return withoutDots(path);
}

function withoutDots(path: string): string {
  const root = ROOT.exec(path)?.[0] ?? '';
  const rest = path.slice(root.length);
  if (!HAS_DOTS.test(rest)) return path;
  const segments: string[] = [];
  for (const [, name, separator = ''] of rest.matchAll(SEGMENTS)) {
    if (name === '.') continue;
    if (name !== '..') segments.push(`${name}${separator}`);
    else if (segments.length > 0 && !OUT.test(segments.at(-1) ?? '')) segments.pop();
    else if (root === '') segments.push(`${name}${separator}`);
  }
  return root + segments.join('');
}
