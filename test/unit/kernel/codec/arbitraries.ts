import fc from 'fast-check';
import type { ProcessId } from '../../../../runtime/kernel/ids.ts';
import {
  dataMessage,
  linkDiedMessage,
  type Message,
  MessageKind,
  processDiedMessage,
} from '../../../../runtime/kernel/message.ts';
import type { MessageResource, SocketResource } from '../../../../runtime/kernel/message-resources.ts';
import type { Signal } from '../../../../runtime/kernel/signal.ts';
import { tagFromGuest } from '../../../../runtime/kernel/tag.ts';

/** A socket that counts how often it is released. */
export class TestSocket {
  released = 0;

  release(): void {
    this.released++;
  }
}

export const SOCKET_KINDS: readonly SocketResource['kind'][] = [
  'TCP stream',
  'TLS stream',
  'UDP socket',
  'TCP listener',
  'TLS listener',
];

const EDGES = [0n, 1n, 7n, 8n, 14n, 31n, 32n, 53n, 63n].flatMap((bits) =>
  [-1n, 0n, 1n].map((d) => 2n ** bits + d),
);

export const anyTag = fc
  .oneof(
    fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
    fc.constantFrom(...EDGES.flatMap((value) => [value, -value])).map((value) => BigInt.asIntN(64, value)),
  )
  .map(tagFromGuest);

export const anyId = fc.oneof(
  fc.maxSafeNat(),
  fc.nat({ max: 300 }),
  fc.constantFrom(...EDGES.filter((value) => value <= 2n ** 53n - 1n).map(Number)),
) as fc.Arbitrary<ProcessId>;

const anyResource: fc.Arbitrary<MessageResource | null> = fc.oneof(
  fc.constant(null),
  fc.uint8Array({ maxLength: 8 }).map((bytes) => ({ kind: 'module', bytes }) as const),
  fc.constantFrom(...SOCKET_KINDS).map((kind) => ({ kind, socket: new TestSocket(), cost: 100 })),
);

const anyPosition = fc.oneof(
  fc.constant(0),
  fc.nat({ max: 400 }),
  fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }).map(Number),
);

const anyData = fc.oneof(fc.uint8Array({ maxLength: 80 }), fc.uint8Array({ minLength: 120, maxLength: 400 }));

/** Everything that tells two messages apart. */
export interface Contents {
  readonly kind: MessageKind;
  readonly tag: Message['tag'];
  readonly processId: number;
  readonly data: Uint8Array;
  readonly position: number;
  readonly resources: readonly (MessageResource | null)[];
}

export function contentsOf({ kind, tag, processId, buffer, length, position, resources }: Message): Contents {
  return { kind, tag, processId, data: buffer.slice(0, length), position, resources: [...(resources ?? [])] };
}

/** Makes the message with these contents. */
export function messageOf({ kind, tag, processId, data, position, resources }: Contents): Message {
  if (kind === MessageKind.LinkDied) return linkDiedMessage(tag);
  if (kind === MessageKind.ProcessDied) return processDiedMessage(processId as ProcessId);
  const message = dataMessage(tag);
  message.append(data);
  message.position = position;
  resources.forEach((resource, index) => {
    message.addResource(resource ?? { kind: 'module', bytes: data });
    if (resource === null) message.takeResource(index);
  });
  return message;
}

const NOTHING = { tag: 0, processId: 0, data: new Uint8Array(0), position: 0, resources: [] };

const dataContents: fc.Arbitrary<Contents> = fc.record({
  kind: fc.constant(MessageKind.Data),
  tag: anyTag,
  processId: fc.constant(0),
  data: anyData,
  position: anyPosition,
  resources: fc.oneof(fc.constant([]), fc.array(anyResource, { maxLength: 5 })),
});

export const anyContents: fc.Arbitrary<Contents> = fc.oneof(
  { arbitrary: dataContents, weight: 4 },
  { arbitrary: anyTag.map((tag) => ({ ...NOTHING, kind: MessageKind.LinkDied, tag })), weight: 1 },
  {
    arbitrary: anyId.map((processId) => ({ ...NOTHING, kind: MessageKind.ProcessDied, processId })),
    weight: 1,
  },
);

/** Every signal except messages. */
export const anyPlainSignal: fc.Arbitrary<Signal> = fc.oneof(
  fc.constant({ kind: 'kill' } as const),
  fc.record({ kind: fc.constant('die-when-link-dies' as const), die: fc.boolean() }),
  fc.record({ kind: fc.constant('link' as const), peer: anyId, tag: anyTag }),
  fc.record({ kind: fc.constant('unlink' as const), peer: anyId, own: fc.boolean() }),
  fc.record({
    kind: fc.constantFrom('monitor', 'not-monitored', 'stop-monitoring', 'process-died'),
    peer: anyId,
  }),
  fc.record({
    kind: fc.constant('link-died' as const),
    peer: anyId,
    tag: anyTag,
    reason: fc.constantFrom('normal', 'failure', 'no-process'),
  }),
);

/** Bytes with some of them changed, left out, added or repeated. */
export function mutationsOf(bytes: Uint8Array): fc.Arbitrary<Uint8Array> {
  const at = fc.nat({ max: bytes.length });
  const edit = fc.oneof(
    fc.record({ what: fc.constant('set' as const), at, value: fc.nat({ max: 255 }) }),
    fc.record({ what: fc.constant('flip' as const), at, value: fc.nat({ max: 7 }).map((bit) => 1 << bit) }),
    fc.record({ what: fc.constant('insert' as const), at, value: fc.nat({ max: 255 }) }),
    fc.record({ what: fc.constant('delete' as const), at, value: fc.nat({ max: 4 }) }),
    fc.record({ what: fc.constant('cut' as const), at, value: fc.constant(0) }),
    fc.record({ what: fc.constant('huge' as const), at, value: fc.constant(0) }),
  );
  return fc.array(edit, { minLength: 1, maxLength: 4 }).map((edits) => {
    const mutated = [...bytes];
    for (const { what, at, value } of edits) {
      if (what === 'set') mutated[at] = value;
      else if (what === 'flip') mutated[at] = (mutated[at] ?? 0) ^ value;
      else if (what === 'insert') mutated.splice(at, 0, value);
      else if (what === 'delete') mutated.splice(at, value);
      else if (what === 'cut') mutated.splice(at);
      // A length of 2^53 - 1.
      else mutated.splice(at, 1, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x0f);
    }
    return Uint8Array.from(mutated, (byte) => byte ?? 0);
  });
}
