import type { DebugProtocol } from '@vscode/debugprotocol';
import type { Arguments } from '../arguments.ts';
import type { BreakpointTarget } from '../breakpoint-finder.ts';
import { breakpointInfo } from '../breakpoint-info.ts';
import { termsIn } from '../breakpoint-terms.ts';
import { AdapterError, ErrorId } from '../errors.ts';
import { request } from '../request.ts';
import type { Session } from '../session.ts';

/** A source as a client names it. */
export interface NamedSource {
  readonly path: string | undefined;
  readonly sourceReference: number;
}

export function sourceIn(args: Arguments): NamedSource {
  const source = args.object('source');
  return {
    path: source.optionalText('path'),
    sourceReference: source.optionalInteger('sourceReference') ?? 0,
  };
}

/** Sets the breakpoints of a source in place of those that it had. */
export const setBreakpoints = request({
  parse: (args: Arguments) => ({
    source: sourceIn(args),
    breakpoints: args.objects('breakpoints').map((breakpoint) => ({
      line: breakpoint.integer('line'),
      column: breakpoint.optionalInteger('column'),
      terms: termsIn(breakpoint),
    })),
  }),
  async handle(session, { source, breakpoints }): Promise<DebugProtocol.SetBreakpointsResponse['body']> {
    const { debuggee } = session;
    if (source.sourceReference === 0 && source.path !== undefined) await debuggee.files.open(source.path);
    const wanted = breakpoints.map(({ line, column, terms }) => ({
      target: targetIn(session, source, line - session.toClientLine(0) + 1, columnOf(session, column)),
      terms,
    }));
    const set = await debuggee.breakpoints.set(groupOf(source), wanted);
    return { breakpoints: set.map((breakpoint) => breakpointInfo(session, breakpoint)) };
  },
});

/** A line of a source, from 1. */
export function targetIn(
  { ids }: Session,
  { path, sourceReference }: NamedSource,
  line: number,
  column?: number,
): BreakpointTarget {
  const at = { line, ...(column === undefined ? {} : { column }) };
  if (sourceReference === 0 && path !== undefined) return { kind: 'line', path, ...at };
  const source = ids.sourceOf(sourceReference);
  if (source === undefined)
    throw new AdapterError(ErrorId.NoSource, `There is no source ${path ?? sourceReference}`);
  return { kind: 'text', source, ...at };
}

function columnOf(session: Session, column: number | undefined): number | undefined {
  return column === undefined ? undefined : column - session.toClientColumn(0) + 1;
}

function groupOf({ path, sourceReference }: NamedSource): string {
  return sourceReference === 0 ? `file ${path}` : `text ${sourceReference}`;
}
