/** `lunatic::process` (abi 10), with a file for each kind of function. */
import './process/modules.ts';
import './process/configs.ts';
import './process/spawning.ts';
import './process/lifecycle.ts';
import './process/traces.ts';

export { linkTo } from './process/lifecycle.ts';
export { process } from './process/namespace.ts';
export { readParameters } from './process/spawning.ts';
