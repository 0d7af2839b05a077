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
    const places = new Map<string, DebugProtocol.BreakpointLocation>();
    for (const module of breakpoints.modules) {
      const files =
        target.kind === 'line'
          ? await finder.filesOf(module, target.path)
          : target.kind === 'text' && 'file' in target.source && target.source.module === module
            ? [target.source.file]
            : [];
      for (const at of await finder.lines(module, files, line - from + 1, endLine - from + 1)) {
        const place = {
          line: session.toClientLine(at.line - 1),
          column: session.toClientColumn(Math.max(0, at.column - 1)),
        };
        places.set(`${place.line} ${place.column}`, place);
      }
    }
    return { breakpoints: [...places.values()] };
  },
});
