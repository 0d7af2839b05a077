// What the table of host functions says of each, for bundles that need no more: their code is most of the runtime.
import { createRequire } from 'node:module';
import { build } from 'esbuild';

/** The table as JSON: an array with the `HostFunction` of each without its code. */
export async function hostFunctionsAsJson() {
  const { outputFiles } = await build({
    entryPoints: ['runtime/host/host-functions.ts'],
    bundle: true,
    format: 'cjs',
    platform: 'node',
    target: 'node20',
    write: false,
    external: ['wabt'],
    define: { 'import.meta.url': '"file:///"', 'import.meta.dirname': '"/"' },
  });
  const module = { exports: {} };
  new Function('module', 'require', outputFiles[0].text)(module, createRequire(import.meta.url));
  return JSON.stringify(
    module.exports.HOST_FUNCTIONS.map(
      ({ module, name, params, paramNames, results, doc, since, blocking, needs, older }) => ({
        ...{ module, name, params, paramNames, results, doc, since, blocking, needs },
        older: older.map(({ params, results }) => ({ params, results })),
      }),
    ),
  );
}
