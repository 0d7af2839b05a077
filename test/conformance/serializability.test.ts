import { describe, expect, test } from 'vitest';
import type { ProcessId } from '../../runtime/kernel/ids.ts';
import { type Message, MessageKind } from '../../runtime/kernel/message.ts';
import type { Signal } from '../../runtime/kernel/signal.ts';
import { guest } from '../support/guest.ts';
import { assemble, start } from '../support/program.ts';

/** What a receiver can tell of a message. */
const contents = (message: Message) => ({
  kind: message.kind,
  tag: message.tag,
  processId: message.processId,
  data: Buffer.from(message.buffer.subarray(0, message.length)).toString('hex'),
  position: message.position,
  resources: message.resources?.map((resource) =>
    resource?.kind === 'module'
      ? { ...resource, bytes: Buffer.from(resource.bytes).toString('hex') }
      : resource,
  ),
});

/** A process that waits for tag 99 with one message of every kind in its mailbox. */
async function withMessages(): Promise<{ messages: Message[]; stop: () => void }> {
  const source = guest(
    `(func (export "failing") unreachable)
     (func (export "_start")
       (call $process.die_when_link_dies (i32.const 0))
       ;; data with a resource, a hole and a read position
       (call $expect (call $process.compile_module (blob "m") (i32.const 0)) (i32.const 0))
       (call $put (i64.const -3) (i64.const 0x0102030405060708))
       (drop (call $message.push_module (i64.const 0)))
       (drop (call $message.push_module (i64.const 0)))
       (drop (call $message.take_module (i64.const 0)))
       (call $message.seek_data (i64.const 2))
       (drop (call $message.send (i64.const 1)))
       ;; no data at all
       (call $message.create_data (i64.const 0) (i64.const 0))
       (drop (call $message.send (i64.const 1)))
       ;; both deaths
       (call $process.monitor (call $spawn (i64.const 0x7fffffffffffffff) (text "failing")))
       (drop (call $receive_tag (i64.const 99) (i64.const -1))))`,
    { blobs: { m: await assemble('(module)') } },
  );
  const { root, exits } = await start(source);
  await expect.poll(() => exits.length).toBe(1);
  return { messages: root.process.mailbox.slice(0, Number.POSITIVE_INFINITY), stop: () => root.stop() };
}

describe('between schedulers', () => {
  test('every message survives a structured clone with its contents', async () => {
    const { messages, stop } = await withMessages();
    expect(messages.map(({ kind }) => kind)).toEqual([
      MessageKind.Data,
      MessageKind.Data,
      MessageKind.LinkDied,
      MessageKind.ProcessDied,
    ]);
    for (const message of messages) {
      expect(contents(structuredClone(message))).toEqual(contents(message));
    }
    const [data, empty, linkDied, processDied] = messages.map((message) =>
      contents(structuredClone(message)),
    );
    expect(data).toMatchObject({ tag: -3, data: '0807060504030201', position: 2 });
    expect(data?.resources).toMatchObject([
      null,
      { kind: 'module', bytes: expect.stringMatching(/^0061736d01000000/) },
    ]);
    expect(empty).toMatchObject({ tag: 0, data: '', position: 0 });
    expect(linkDied).toMatchObject({ tag: 0x7fffffffffffffffn, processId: 0 });
    expect(processDied).toMatchObject({ tag: 0, processId: 2 });
    stop();
  });

  test('every signal survives a structured clone with its contents', async () => {
    const { messages, stop } = await withMessages();
    const peer = 2 as ProcessId;
    const signals: Record<Signal['kind'], Signal[]> = {
      message: messages.map((message) => ({ kind: 'message', message })),
      kill: [{ kind: 'kill' }],
      'die-when-link-dies': [
        { kind: 'die-when-link-dies', die: true },
        { kind: 'die-when-link-dies', die: false },
      ],
      link: [{ kind: 'link', peer, tag: -1n }],
      unlink: [{ kind: 'unlink', peer, own: false }],
      'link-died': (['normal', 'failure', 'no-process'] as const).map((reason) => ({
        kind: 'link-died',
        peer,
        tag: 2n ** 62n,
        reason,
      })),
      monitor: [{ kind: 'monitor', peer }],
      'not-monitored': [{ kind: 'not-monitored', peer }],
      'stop-monitoring': [{ kind: 'stop-monitoring', peer }],
      'process-died': [{ kind: 'process-died', peer }],
    };
    for (const signal of Object.values(signals).flat()) expect(structuredClone(signal)).toEqual(signal);
    stop();
  });
});
