/** Custom sections that tell of the source, or of files that do. */
const TELLING: readonly string[] = ['.debug_line', 'external_debug_info', 'sourceMappingURL'];

/**
 * Whether a module tells of its source.
 * @param has tells whether it has a custom section of this name
 */
export function tellsOfSource(has: (name: string) => boolean): boolean {
  return TELLING.some(has);
}
