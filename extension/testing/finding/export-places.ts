import { LineStarts, readDeclarations, readSyntax } from '../../../runtime/internal.ts';

/** A part of one line. Lines and columns count from 0. */
export interface TextPlace {
  readonly line: number;
  readonly column: number;
  readonly length: number;
}

/** Finds the names of exports in the text of a module, whatever is wrong with it. Returns their places by name. */
export function exportPlaces(text: string): Map<string, TextPlace> {
  const lines = new LineStarts(text);
  return new Map(
    readDeclarations(readSyntax(text)).exports.map(({ name, at }) => [
      name,
      { ...lines.positionAt(at.start), length: at.end - at.start },
    ]),
  );
}
