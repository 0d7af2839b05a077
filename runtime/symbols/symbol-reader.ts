/** The script of the thread that reads symbols; see `symbol-thread.ts`. */
import { parentPort } from 'node:worker_threads';
import { OpenedModules } from './opened-modules.ts';
import type { SymbolJob } from './symbol-questions.ts';

const modules = new OpenedModules();

parentPort?.on('message', (job: SymbolJob) => {
  parentPort?.postMessage(modules.reply(job));
});
