import type { DebugProtocol } from '@vscode/debugprotocol';
import type { Arguments } from '../arguments.ts';
import { request } from '../request.ts';
import { sourceIn, targetIn } from './set-breakpoints.ts';

/** Tells at which places in some lines of a source processes can be stopped. */
export const breakpointLocations = request({
  parse: (args: Arguments) => ({
    source: sourceIn(args),
    line: args.integer('line'),
    endLine: args.optionalInteger('endLine'),
  }),
  async handle(
    session,
    { source, line, endLine = line },
  ): Promise<DebugProtocol.BreakpointLocationsResponse['body']> {
    const { breakpoints, finder } = session.debuggee;
    const from = session.toClientLine(0);
    const target = targetIn(session, source, line - from + 1);
    const columns = new Map<number, Set<number>>();
    for (const module of breakpoints.modules) {
      const files =
        target.kind === 'line'
          ? await finder.filesOf(module, target.path)
          : target.kind === 'text' && 'file' in target.source && target.source.module === module
            ? [target.source.file]
            : [];
      for (const at of await finder.lines(module, files, line - from + 1, endLine - from + 1)) {
        const ofLine = columns.get(at.line) ?? new Set();
        columns.set(at.line, ofLine.add(at.column));
      }
    }
    return {
      breakpoints: [...columns].flatMap(([line, ofLine]) => {
        const clientLine = session.toClientLine(line - 1);
        // Where there is one place alone, it is all the same in which column it is.
        if (ofLine.size === 1) return [{ line: clientLine }];
        return [...ofLine].map((column) => ({
          line: clientLine,
          column: session.toClientColumn(Math.max(0, column - 1)),
        }));
      }),
    };
  },
});
