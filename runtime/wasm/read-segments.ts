import { type IndexSites, SiteKind } from './index-sites.ts';
import type { ConstantSites, InstructionReader } from './instruction-reader.ts';
import type { IntList } from './int-list.ts';
import { readValueType } from './value-type.ts';

/** Receives the indices that segments name. */
interface SegmentSites extends ConstantSites {
  readonly sites: IndexSites;
  elements: number;
  /** Bytes of each data segment. */
  readonly dataSizes: IntList;
}

/** Reads an element segment. Source: core specification, 5.5.12 "Element Section". */
export function readElementSegment(reader: InstructionReader, to: SegmentSites): void {
  const flagsAt = reader.position;
  const flags = reader.u32('segment flags');
  if (flags > 7) throw reader.fail(reader.position - 1, 'segment flags below 8');
  const active = (flags & 1) === 0;
  const expressions = (flags & 4) !== 0;
  if (active) {
    if ((flags & 2) === 0) {
      to.sites.add(flagsAt, SiteKind.SegmentTable);
    } else {
      to.sites.add(reader.position, SiteKind.Table);
      reader.u32('a table index');
    }
    reader.constantExpression(to);
  }
  if (flags & 3) {
    if (expressions) readValueType(reader);
    else if (reader.u8('an element kind') !== 0) throw reader.fail(reader.position - 1, 'an element kind');
  } else {
    to.sites.add(reader.position, expressions ? SiteKind.SegmentType : SiteKind.SegmentKind);
  }
  const items = reader.count('elements', 1);
  to.elements += items;
  for (let i = 0; i < items; i++) {
    if (expressions) {
      reader.constantExpression(to);
    } else {
      const at = reader.position;
      to.functionAt(at, reader.u32('a function index'));
    }
  }
}

/** Reads a data segment. Source: core specification, 5.5.14 "Data Section". */
export function readDataSegment(reader: InstructionReader, to: SegmentSites): void {
  const flagsAt = reader.position;
  const flags = reader.u32('segment flags');
  if (flags > 2) throw reader.fail(reader.position - 1, 'segment flags below 3');
  if (flags === 0) {
    to.sites.add(flagsAt, SiteKind.SegmentMemory);
  } else if (flags === 2) {
    to.sites.add(reader.position, SiteKind.Memory);
    reader.u32('a memory index');
  }
  if (flags !== 1) reader.constantExpression(to);
  const size = reader.count('bytes of data', 1);
  to.dataSizes.push(size);
  reader.skip(size, 'data');
}
