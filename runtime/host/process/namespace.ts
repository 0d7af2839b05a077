import { Namespace } from '../../hostcall/function.ts';

/** `lunatic::process` (abi 10): modules, configs, spawning, links, monitors. */
export const process = new Namespace('lunatic::process');
