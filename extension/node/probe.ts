import { execFile } from 'node:child_process';

/** Whether an executable is a Node that can suspend wasm, and why not. */
export type Probed =
  | { readonly kind: 'suspends'; readonly version: string }
  | { readonly kind: 'too-old'; readonly version: string }
  | { readonly kind: 'missing' }
  | { readonly kind: 'broken'; readonly message: string };

const QUESTION =
  "console.log(process.version, typeof WebAssembly === 'object' && 'Suspending' in WebAssembly)";
const ANSWER = /^(v\d\S*) (true|false)\s*$/;

/** Milliseconds that an executable may take to answer. On a busy machine its first start is slow. */
const PATIENCE = 20_000;

/** Asks an executable whether it is a Node that can suspend wasm. */
export function probeNode(path: string, env: Readonly<Record<string, string>>): Promise<Probed> {
  return new Promise((done) => {
    const options = { env: { ...process.env, ...env }, timeout: PATIENCE, windowsHide: true };
    execFile(path, ['-e', QUESTION], options, (error, stdout) => {
      const [, version, suspends] = ANSWER.exec(stdout) ?? [];
      if (version !== undefined) done({ kind: suspends === 'true' ? 'suspends' : 'too-old', version });
      else done({ kind: 'broken', message: error?.message.split('\n')[0] ?? 'it is not Node' });
    });
  });
}
