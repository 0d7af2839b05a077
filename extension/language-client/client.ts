/** A script of its own: the client of the language server. */
import { join } from 'node:path';
import { LanguageClient, TransportKind } from 'vscode-languageclient/node';

/** Makes the client of the language server, which runs on the Node of the editor in an OS process of its own. */
export function openClient(language: string, extensionPath: string): LanguageClient {
  const server = {
    module: join(extensionPath, 'dist', 'language-server.cjs'),
    transport: TransportKind.stdio,
  };
  return new LanguageClient('lunatic.wat', 'Lunatic: text modules', server, {
    documentSelector: [
      { language, scheme: 'file' },
      { language, scheme: 'untitled' },
    ],
    synchronize: { configurationSection: 'lunatic.wat' },
  });
}
