/** `lunatic::networking` (abi 8), with a file for each kind of resource. */
import './networking/dns.ts';
import './networking/tcp.ts';
import './networking/streams.ts';
import './networking/tls.ts';
import './networking/udp.ts';

export { listener } from './networking/messages.ts';
export { networking } from './networking/namespace.ts';
