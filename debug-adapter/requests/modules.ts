import type { DebugProtocol } from '@vscode/debugprotocol';
import type { ModuleInfo, ModuleKey } from '../../runtime/inspect/protocol.ts';
import { InspectRequestError } from '../../runtime/internal.ts';
import { MAIN_MODULE, moduleName } from '../module-sources.ts';
import { request } from '../request.ts';
import type { Session } from '../session.ts';

const SYMBOLS = {
  dwarf: 'DWARF',
  'source map': 'Source map',
  text: 'Text of the module',
  names: 'None but names',
} as const;

/** Tells which modules processes run, and what is known of their sources. */
export const modules = request({
  parse: (args) => ({
    start: Math.max(0, args.optionalInteger('startModule') ?? 0),
    // By the specification, 0 means all.
    count: args.optionalInteger('moduleCount') || undefined,
  }),
  async handle(session, { start, count }): Promise<DebugProtocol.ModulesResponse['body']> {
    const all = session.debuggee.modules;
    const end = count === undefined ? all.length : start + count;
    const described = await Promise.all(all.slice(start, end).map((module) => describe(session, module)));
    return { modules: described.filter((module) => module !== null), totalModules: all.length };
  },
});

/** Null for a module that is in use no more. */
async function describe({ debuggee }: Session, module: ModuleKey): Promise<DebugProtocol.Module | null> {
  let info: ModuleInfo;
  try {
    info = await debuggee.client.request('module/get', { module });
  } catch (error) {
    if (error instanceof InspectRequestError) return null;
    throw error;
  }
  const symbolStatus = SYMBOLS[await debuggee.sources.of(module).source()];
  const path = module === MAIN_MODULE ? debuggee.path : null;
  return {
    id: module,
    name: moduleName(module, info.origin),
    ...(path === null ? {} : { path }),
    symbolStatus,
    isUserCode: symbolStatus !== SYMBOLS.names,
    addressRange: `${info.size} bytes`,
  };
}
