/** The language server: a script that serves on standard input and output as soon as it is loaded. */
import { createConnection } from 'vscode-languageserver/node';
import { serve } from './server.ts';

serve(createConnection(process.stdin, process.stdout));
