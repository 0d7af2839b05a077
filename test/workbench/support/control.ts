import { existsSync, mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { createConnection } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout } from 'node:timers/promises';
import { build } from 'esbuild';
import { type ControlAnswer, type ControlRequest, controlSocket } from '../control/protocol.ts';

const MANIFEST = {
  name: 'lunatic-control',
  publisher: 'lunatic',
  version: '0.0.0',
  engines: { vscode: '^1.100.0' },
  main: './extension.cjs',
  activationEvents: ['*'],
  extensionKind: ['workspace'],
};

/** Milliseconds within which the extension begins in a window. */
const PATIENCE = 60_000;

/** Makes a folder of extensions in which the control extension is installed, and returns it. */
export async function installControl(): Promise<string> {
  const extensionsFolder = mkdtempSync(join(tmpdir(), 'lunatic-extensions-'));
  const name = `${MANIFEST.publisher}.${MANIFEST.name}`;
  const folder = join(extensionsFolder, name);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'package.json'), JSON.stringify(MANIFEST));
  await build({
    entryPoints: [join(import.meta.dirname, '..', 'control', 'extension.ts')],
    outfile: join(folder, MANIFEST.main),
    bundle: true,
    platform: 'node',
    format: 'cjs',
    external: ['vscode'],
    logLevel: 'warning',
  });
  const location = { $mid: 1, path: folder, scheme: 'file' };
  const entry = { identifier: { id: name }, version: MANIFEST.version, location, relativeLocation: name };
  writeFileSync(join(extensionsFolder, 'extensions.json'), JSON.stringify([entry]));
  return extensionsFolder;
}

/**
 * Asks the control extension in the window of a workspace to do something, and waits until it is done.
 * @returns the text of its answer, where there is one
 */
export async function control(workspaceFolder: string, request: ControlRequest): Promise<string> {
  const path = controlSocket(workspaceFolder);
  // In a window that was just opened, the extension may not have begun.
  for (const end = Date.now() + PATIENCE; !existsSync(path) && Date.now() < end; ) await setTimeout(50);
  const socket = createConnection(path);
  try {
    const answered = readAnswer(socket);
    socket.write(`${JSON.stringify(request)}\n`);
    const { error, text = '' } = await answered;
    if (error !== undefined) throw new Error(`${request.name} failed in the window: ${error}`);
    return text;
  } finally {
    socket.destroy();
  }
}

async function readAnswer(socket: NodeJS.ReadableStream): Promise<ControlAnswer> {
  for await (const line of createInterface(socket)) return JSON.parse(line);
  throw new Error('The control extension has gone');
}
