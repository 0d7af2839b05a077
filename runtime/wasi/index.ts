/** WASI preview 1. Importing a part adds its functions to the table. */
import './arguments.ts';
import './clock.ts';
import './files.ts';
import './misc.ts';
import './poll.ts';
import './streams.ts';

export { preview1 } from './preview1.ts';
