/**
 * A node in an OS process of its own, which sends back what it gets. Its only argument is the address of the engine, as JSON. It tells its
 * parent its number, and why it is lost.
 */
import type { Transport } from '../../../runtime/cluster/transport.ts';
import { joinAt } from './engines.ts';

let transport: Transport | null = null;
transport = await joinAt(JSON.parse(process.argv[2] ?? ''), {
  received: (from, environment, bytes) => transport?.send(from, environment, bytes),
  joined: () => {},
  left: () => {},
  lost: ({ message }) => process.send?.({ lost: message }),
});
process.send?.({ id: transport.self.id });
process.on('disconnect', () => process.exit());
