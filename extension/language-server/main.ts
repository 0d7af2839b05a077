/** The language server: a script that serves on standard input and output as soon as it is loaded, text modules or, with `--sources`, sources. */
import { createConnection } from 'vscode-languageserver/node';
import { serve } from './server.ts';
import { serveSources } from './sources/source-server.ts';

const connection = createConnection(process.stdin, process.stdout);
if (process.argv.includes('--sources')) serveSources(connection);
else serve(connection);
