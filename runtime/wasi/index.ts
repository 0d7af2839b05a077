/** WASI preview 1. Importing a part adds its functions to the table. */
import './arguments.ts';
import './clock.ts';
import './descriptors.ts';
import './file-functions.ts';
import './misc.ts';
import './path-open.ts';
import './paths.ts';
import './poll.ts';
import './read-write.ts';
import './readdir.ts';
import './sockets.ts';

export { preview1 } from './preview1.ts';
