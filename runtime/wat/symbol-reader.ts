/** The script of the thread that reads symbols; see `symbols/symbol-thread.ts`. */
import { parentPort } from 'node:worker_threads';
import { OpenedModules } from '../symbols/opened-modules.ts';
import type { SymbolJob } from '../symbols/symbol-questions.ts';
import { openModuleSymbols } from './open-module-symbols.ts';

const modules = new OpenedModules(openModuleSymbols);

parentPort?.on('message', (job: SymbolJob) => {
  parentPort?.postMessage(modules.reply(job));
});
