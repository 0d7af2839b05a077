// The borders inside the project: what may import what. `npm run check` refuses what this file does not allow, type-only imports
// included. CONTRIBUTING.md tells where things are.

/**
 * Everything in runtime/, lowest first, and why it stands there. A folder or file imports only itself and what stands
 * before it, so that there is no circle of folders.
 */
const RUNTIME_ORDER = [
  ['text', 'Names, escapes and sizes are needed everywhere, and need nothing.'],
  ['projects', 'Files of projects are read and made without knowing what runs.'],
  ['thread', 'Work beside the present thread knows nothing of what it is.'],
  ['certificates', 'Certificates are read and signed without knowing whose they are.'],
  ['wasm', 'Binaries are read and rewritten without knowing of processes.'],
  ['symbols', 'Names, lines and stack frames are found in binaries.'],
  ['wat', 'The text format is another form of binaries.'],
  ['expressions', 'Expressions are evaluated in whatever scope they are given.'],
  ['permissions', 'Processes have configs, and so what these grant stands below the kernel.'],
  ['kernel', 'Processes, signals and scheduling know nothing of what guests import.'],
  ['net', 'Sockets take and give bytes, and know nothing of guests.'],
  ['programs', 'OS programs use the streams and the config of a process.'],
  ['hostcall', 'This is what the host functions of all namespaces share.'],
  ['metrics', 'Host functions write metrics of guests, and are counted.'],
  ['wasi', 'WASI is host functions.'],
  ['plugins', 'Plugins bring host functions of others.'],
  ['host', 'The host API is host functions, with the table and the linker of all of them.'],
  ['runtime.ts', 'A runtime is a scheduler with all host functions.'],
  ['inspect', 'The inspector looks at a runtime while it works.'],
  ['coverage', 'It notes what processes execute, and knows nothing of tests and terminals.'],
  ['testing', 'Tests run in a runtime, and tell what the inspector sees.'],
  ['schedulers', 'Several runtimes, each in an OS process of its own, are one system.'],
  ['cluster', 'A node is a runtime that others reach.'],
  ['embedding', 'Node programs run guests in a runtime, and inspect them.'],
  ['cli', 'The command uses everything.'],
  ['index.ts', 'This is the documented API of the package.'],
  ['internal.ts', 'This is what the debug adapter and the extension may use besides.'],
];

/** The files that may be imported across the borders of runtime/ and debug-adapter/. */
const RUNTIME_FACES = [
  'index.ts',
  'internal.ts',
  'inspect/protocol.ts',
  'inspect/view/index.ts',
  // The parser of command lines, which nobody else shall load.
  'cli/run-arguments.ts',
];
const DEBUG_ADAPTER_FACES = ['index.ts'];

const patternOf = (name) => (name.endsWith('.ts') ? `${name.replace('.', '\\.')}$` : `${name}/`);
const inside = (folder, names) => `^${folder}/(${names.map(patternOf).join('|')})`;

const runtimeNames = RUNTIME_ORDER.map(([name]) => name);

/** @type {import('dependency-cruiser').IConfiguration} */
export default {
  forbidden: [
    ...RUNTIME_ORDER.map(([name, reason], index) => ({
      name: `order-of-runtime: ${name}`,
      comment: `${reason} It imports only what stands before it: ${runtimeNames.slice(0, index).join(', ') || 'nothing'}.`,
      severity: 'error',
      from: { path: inside('runtime', [name]) },
      to: { path: '^runtime/', pathNot: inside('runtime', runtimeNames.slice(0, index + 1)) },
    })),
    {
      name: 'order-of-runtime: unknown',
      comment: 'Everything in runtime/ has a place in the order of .dependency-cruiser.mjs.',
      severity: 'error',
      from: { path: '^runtime/', pathNot: inside('runtime', [...runtimeNames, 'webassembly.d.ts']) },
      to: {},
    },
    {
      name: 'one-way: runtime',
      comment: 'Imports run one way: extension -> debug-adapter -> runtime.',
      severity: 'error',
      from: { path: '^runtime/' },
      to: { path: '^(debug-adapter|extension)/' },
    },
    {
      name: 'one-way: debug-adapter',
      comment: 'Imports run one way: extension -> debug-adapter -> runtime.',
      severity: 'error',
      from: { path: '^debug-adapter/' },
      to: { path: '^extension/' },
    },
    {
      name: 'faces: runtime',
      comment: `Others import the public faces of runtime/ only: ${RUNTIME_FACES.join(', ')}.`,
      severity: 'error',
      from: { path: '^(debug-adapter|extension)/' },
      to: { path: '^runtime/', pathNot: inside('runtime', RUNTIME_FACES) },
    },
    {
      name: 'faces: debug-adapter',
      comment: `Others import the public face of debug-adapter/ only: ${DEBUG_ADAPTER_FACES.join(', ')}.`,
      severity: 'error',
      from: { path: '^extension/' },
      to: { path: '^debug-adapter/', pathNot: inside('debug-adapter', DEBUG_ADAPTER_FACES) },
    },
    {
      name: 'vscode',
      comment: 'Only extension/ knows VS Code.',
      severity: 'error',
      from: { pathNot: '^extension/' },
      to: { path: '^(vscode$|node_modules/@types/vscode/)' },
    },
    {
      name: 'language-server',
      comment:
        'The language server is an OS process of its own, which other editors use as well: it knows nothing of VS Code.',
      severity: 'error',
      from: { path: '^extension/language-server/' },
      to: { path: '^(vscode$|node_modules/@types/vscode/|extension/(?!language-server/)|debug-adapter/)' },
    },
    {
      name: 'language-server: apart',
      comment: 'It is loaded by its path, and never into the editor.',
      severity: 'error',
      from: { path: '^extension/(?!language-server/)' },
      to: { path: '^extension/language-server/(?!protocol\\.ts$)' },
    },
    {
      name: 'one-way: projects',
      comment: 'What is built does not depend on how it is run, tested or displayed.',
      severity: 'error',
      from: { path: '^extension/projects/' },
      to: { path: '^extension/(programs|processes|testing)/' },
    },
    {
      name: 'debug-adapter-protocol',
      comment: 'The runtime does not know the Debug Adapter Protocol.',
      severity: 'error',
      from: { path: '^runtime/' },
      to: { path: '@vscode/(debugadapter|debugprotocol)' },
    },
    {
      name: 'no-tests',
      comment: 'What users get imports neither tests nor scripts.',
      severity: 'error',
      from: { path: '^(runtime|debug-adapter|extension)/' },
      to: { path: '^(test|scripts)/' },
    },
    {
      name: 'no-circles',
      comment:
        'Files that import each other in a circle can only be understood together. Type-only imports count.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
  ],
  options: {
    // Its parser sees type-only imports, and knows TypeScript without the compiler.
    parser: 'swc',
    doNotFollow: { path: 'node_modules' },
    enhancedResolveOptions: { extensions: ['.ts', '.js', '.mjs'] },
  },
};
