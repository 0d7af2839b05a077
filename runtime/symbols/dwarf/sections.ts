/** The debug sections of a file. Those that it does not have are empty. */
export interface DwarfSections {
  readonly info: Uint8Array;
  readonly abbrev: Uint8Array;
  readonly line: Uint8Array;
  readonly str: Uint8Array;
  readonly lineStr: Uint8Array;
  readonly strOffsets: Uint8Array;
  readonly addr: Uint8Array;
  readonly ranges: Uint8Array;
  readonly rnglists: Uint8Array;
  readonly loc: Uint8Array;
  readonly loclists: Uint8Array;
  readonly types: Uint8Array;
  /** Of packages of split units: where the parts of each unit are in the other sections. */
  readonly cuIndex: Uint8Array;
  readonly tuIndex: Uint8Array;
}

const EMPTY = new Uint8Array(0);

/**
 * @param section returns the contents of a custom section, or null
 * @param suffix `.dwo` for split units, which have sections of their own
 */
export function dwarfSections(section: (name: string) => Uint8Array | null, suffix = ''): DwarfSections {
  const of = (name: string) => section(`.debug_${name}${suffix}`) ?? EMPTY;
  return {
    info: of('info'),
    abbrev: of('abbrev'),
    line: of('line'),
    str: of('str'),
    lineStr: of('line_str'),
    strOffsets: of('str_offsets'),
    addr: of('addr'),
    ranges: of('ranges'),
    rnglists: of('rnglists'),
    loc: of('loc'),
    loclists: of('loclists'),
    types: of('types'),
    cuIndex: section('.debug_cu_index') ?? EMPTY,
    tuIndex: section('.debug_tu_index') ?? EMPTY,
  };
}
