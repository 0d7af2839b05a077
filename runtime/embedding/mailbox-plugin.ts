import { type AnyPlugin, definePlugin } from '../plugins/plugin.ts';
import { MAILBOX_NAMESPACE } from './mailbox-module.ts';
import type { MessageQueue, ReceivedMessage } from './message-queue.ts';

/** The results of `take`: the process of the mailbox goes on, or returns. */
const GO_ON = 1;
const RETURN = 0;

/** The host function with which the processes of mailboxes hand over their messages. */
export function mailboxPlugin(queues: ReadonlyMap<number, MessageQueue>): AnyPlugin {
  return definePlugin({
    namespace: MAILBOX_NAMESPACE,
    functions: {
      take: {
        signature: '(kind: i32, tag: i64, process: i64, length: i32) -> i32',
        call(caller, kind, tag, process, length) {
          const { id, memory } = caller;
          const queue = queues.get(id);
          if (queue === undefined) throw new Error('only the process of a mailbox may call it');
          if (queue.isClosing) return RETURN;
          if (
            queue.put(
              received(kind, tag, process, () => memory.read(0, length)),
              caller,
            )
          )
            return GO_ON;
          throw new Error('too many bytes of messages wait to be received (maxBytes)');
        },
      },
    },
  });
}

function received(kind: number, tag: bigint, process: bigint, data: () => Uint8Array): ReceivedMessage {
  switch (kind) {
    case 0:
      return { kind: 'data', tag, data: data() };
    case 1:
      return { kind: 'link-died', tag };
    default:
      return { kind: 'process-died', process };
  }
}
