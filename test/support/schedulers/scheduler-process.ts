// An OS process with an agent. Its index is its first argument. It does what `Command`s say.
import process from 'node:process';
import type { IpcChannel } from '../../../runtime/schedulers/handle-passing.ts';
import { Agent, type Command } from './agent.ts';

const agent = new Agent(Number(process.argv[2]));
agent.connect(0, process as IpcChannel);

process.on('message', async (message: object) => {
  if (!('command' in message)) return;
  const { command, method, args } = message as Command;
  try {
    const action = agent[method as 'send'] as (...args: unknown[]) => unknown;
    process.send?.({ done: command, result: await action.apply(agent, [...args]) });
  } catch (error) {
    process.send?.({ done: command, failure: String(error) });
  }
});
process.on('disconnect', () => process.exit());
