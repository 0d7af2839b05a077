/** A script of its own: the clients of the language server. */
import { join } from 'node:path';
import { LanguageClient, TransportKind } from 'vscode-languageclient/node';
import type { Served } from './start.ts';

/** Makes a client of the language server, which runs on the Node of the editor in an OS process of its own. */
export function openClient(
  { id, name, languages, schemes, files, args }: Served,
  extensionPath: string,
): LanguageClient {
  const server = {
    module: join(extensionPath, 'dist', 'language-server.cjs'),
    transport: TransportKind.stdio,
    args: [...args],
  };
  return new LanguageClient(id, name, server, {
    documentSelector: [
      ...languages.flatMap((language) => schemes.map((scheme) => ({ language, scheme }))),
      ...files.map((name) => ({ scheme: 'file', pattern: `**/${name}` })),
    ],
    synchronize: { configurationSection: 'lunatic.wat' },
  });
}
