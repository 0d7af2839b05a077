import type { DebugProtocol } from '@vscode/debugprotocol';
import { nothing, request } from '../request.ts';
import { lastPart } from '../source-files.ts';

/** Sources that are looked for at most: programs with many libraries name tens of thousands. */
const MAX_SOURCES = 10_000;

/** Tells the source files that have code in the program's modules, and are on this machine. */
export const loadedSources = request({
  parse: nothing,
  async handle({ debuggee }): Promise<DebugProtocol.LoadedSourcesResponse['body']> {
    const named = await Promise.all(debuggee.modules.map((module) => debuggee.sources.of(module).files()));
    const files = [...new Set(named.flat())].slice(0, MAX_SOURCES);
    const paths = new Set(await Promise.all(files.map((file) => debuggee.files.find(file))));
    paths.delete(null);
    return { sources: [...paths].flatMap((path) => (path === null ? [] : [{ name: lastPart(path), path }])) };
  },
});
