import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { onTestFinished } from 'vitest';
import type { IpcChannel } from '../../../runtime/schedulers/handle-passing.ts';
import { Agent } from './agent.ts';

type Methods = {
  [K in keyof Agent]: Agent[K] extends (...args: never[]) => unknown ? K : never;
}[keyof Agent];
type Result<K extends Methods> = Agent[K] extends (...args: never[]) => infer R ? Awaited<R> : never;
type Arguments<K extends Methods> = Agent[K] extends (...args: infer A) => unknown ? A : never;

/** An agent in an OS process of its own. */
export class RemoteAgent {
  readonly child: ChildProcess;
  readonly #pending = new Map<number, { resolve: (value: never) => void; reject: (error: Error) => void }>();
  #last = 0;

  constructor(child: ChildProcess) {
    this.child = child;
    child.on('message', (message: { done?: number; result?: never; failure?: string }) => {
      if (message.done === undefined) return;
      const pending = this.#pending.get(message.done);
      if (message.failure === undefined) pending?.resolve(message.result as never);
      else pending?.reject(new Error(message.failure));
    });
  }

  do<K extends Methods>(method: K, ...args: Arguments<K>): Promise<Result<K>> {
    return new Promise((resolve, reject) => {
      const command = ++this.#last;
      this.#pending.set(command, { resolve, reject });
      this.child.send({ command, method, args });
    });
  }
}

/** Scheduler 0 here, and others in OS processes of their own. */
export interface System {
  readonly first: Agent;
  readonly others: readonly RemoteAgent[];
  /** Ends one, as the system would that is out of memory. Resolves when all know. @param index counts from 1 */
  kill(index: number): Promise<void>;
}

const PROGRAM = new URL('./scheduler-process.ts', import.meta.url);

/**
 * Starts a system whose other schedulers end with the test.
 * @param descriptors how many the others may have
 */
export function startSystem(count: number, descriptors?: number): System {
  const limited = {
    execPath: '/bin/sh',
    execArgv: ['-c', `ulimit -n ${descriptors}; exec "$0" "$@"`, process.execPath],
  };
  const first = new Agent(0);
  const others = Array.from({ length: count }, (_, i) => {
    const child = fork(PROGRAM, [String(i + 1)], {
      serialization: 'advanced',
      ...(descriptors === undefined ? { execArgv: [] } : limited),
    });
    first.connect(i + 1, child as IpcChannel);
    return new RemoteAgent(child);
  });
  const ended = others.map(({ child }) => once(child, 'exit'));
  onTestFinished(async () => {
    for (const { child } of others) child.kill('SIGKILL');
    await Promise.all(ended);
  });
  return {
    first,
    others,
    async kill(index) {
      others[index - 1]?.child.kill('SIGKILL');
      await ended[index - 1];
      first.ended(index);
      const left = others.filter(({ child }) => child.connected);
      await Promise.all(left.map((other) => other.do('ended', index)));
    },
  };
}
