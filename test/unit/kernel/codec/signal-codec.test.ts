import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { FormatError, type FormatFault } from '../../../../runtime/kernel/codec/format-error.ts';
import { ResourcesInTransit } from '../../../../runtime/kernel/codec/resources-in-transit.ts';
import { SignalCodec } from '../../../../runtime/kernel/codec/signal-codec.ts';
import type { ProcessId } from '../../../../runtime/kernel/ids.ts';
import {
  dataMessage,
  linkDiedMessage,
  type Message,
  processDiedMessage,
} from '../../../../runtime/kernel/message.ts';
import type { Signal } from '../../../../runtime/kernel/signal.ts';
import { tagFromGuest } from '../../../../runtime/kernel/tag.ts';
import {
  anyContents,
  anyPlainSignal,
  contentsOf,
  messageOf,
  mutationsOf,
  SOCKET_KINDS,
  TestSocket,
} from './arbitraries.ts';

const RUNS = { numRuns: 2000 };

function codecs(): { codec: SignalCodec; transit: ResourcesInTransit } {
  const transit = new ResourcesInTransit();
  return { codec: new SignalCodec(transit), transit };
}

/** The error that decoding these bytes throws. */
function faultOf(codec: SignalCodec, bytes: Uint8Array): FormatError {
  try {
    codec.decode(bytes);
  } catch (error) {
    if (error instanceof FormatError) return error;
    throw error;
  }
  throw new Error('the bytes were read as a signal');
}

function messageIn(signal: Signal): Message {
  if (signal.kind === 'message') return signal.message;
  throw new Error(`a ${signal.kind} in place of a message`);
}

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
const unhex = (text: string) => new Uint8Array(Buffer.from(text.replaceAll(' ', ''), 'hex'));

describe('a signal that was encoded and decoded', () => {
  test('is the same, of every kind', () => {
    const { codec } = codecs();
    fc.assert(
      fc.property(anyPlainSignal, (signal) => {
        expect(codec.decode(codec.encode(signal))).toEqual(signal);
      }),
      RUNS,
    );
  });

  test('is the same if it is a message, and has the same resources', () => {
    fc.assert(
      fc.property(anyContents, (contents) => {
        const { codec, transit } = codecs();
        const message = messageOf(contents);
        const { resources, ...rest } = contentsOf(message);
        const bytes = codec.encode({ kind: 'message', message });
        expect(transit.size).toBe(resources.filter((resource) => resource !== null).length);
        const { resources: arrived, ...restArrived } = contentsOf(messageIn(codec.decode(bytes)));
        expect(restArrived).toEqual(rest);
        expect(arrived).toHaveLength(resources.length);
        resources.forEach((resource, index) => {
          expect(arrived[index]).toBe(resource);
        });
        expect(transit.size).toBe(0);
      }),
      RUNS,
    );
  });

  test('does not change with the bytes that it came from', () => {
    const { codec } = codecs();
    const message = dataMessage(5);
    message.append(new Uint8Array(100).fill(7));
    const bytes = codec.encode({ kind: 'message', message });
    const arrived = messageIn(codec.decode(bytes));
    bytes.fill(0);
    expect(contentsOf(arrived).data).toEqual(new Uint8Array(100).fill(7));
  });
});

describe('bytes that nobody encoded', () => {
  test('are refused with the error for it, or are the one encoding of what they are read as', () => {
    const { codec } = codecs();
    const encoded = fc.oneof(
      anyPlainSignal.map((signal) => codec.encode(signal)),
      anyContents.map((contents) => codec.encodeMessage(messageOf({ ...contents, resources: [] }))),
    );
    let read = 0;
    fc.assert(
      fc.property(fc.oneof(encoded.chain(mutationsOf), fc.uint8Array({ maxLength: 40 })), (bytes) => {
        try {
          const signal = codec.decode(bytes);
          read++;
          expect(hex(codec.encode(signal))).toBe(hex(bytes));
        } catch (error) {
          expect(error).toBeInstanceOf(FormatError);
        }
      }),
      { numRuns: 20_000 },
    );
    // Otherwise the test would say nothing about bytes that can be read.
    expect(read).toBeGreaterThan(500);
  });

  test('release and lose none of the resources that are in transit', () => {
    fc.assert(
      fc.property(
        anyContents.chain((contents) => {
          const { codec, transit } = codecs();
          const bytes = codec.encodeMessage(messageOf(contents));
          return fc.record({
            codec: fc.constant(codec),
            transit: fc.constant(transit),
            bytes: mutationsOf(bytes),
          });
        }),
        ({ codec, transit, bytes }) => {
          const before = transit.size;
          let arrived = 0;
          try {
            const signal = codec.decode(bytes);
            const resources = signal.kind === 'message' ? (signal.message.resources ?? []) : [];
            arrived = resources.filter((resource) => resource !== null).length;
          } catch (error) {
            expect(error).toBeInstanceOf(FormatError);
          }
          expect(transit.size).toBe(before - arrived);
        },
      ),
      RUNS,
    );
  });

  test('are refused if a signal is cut off anywhere, or something follows it', () => {
    fc.assert(
      fc.property(anyContents, anyPlainSignal, (contents, signal) => {
        const { codec } = codecs();
        for (const bytes of [codec.encode(signal), codec.encodeMessage(messageOf(contents))]) {
          for (let length = 0; length < bytes.length; length++) {
            expect(faultOf(codec, bytes.subarray(0, length)).fault).toBe('truncated');
          }
          expect(faultOf(codec, new Uint8Array([...bytes, 0])).fault).toBe('surplus');
        }
      }),
      { numRuns: 200 },
    );
  });

  test.each<[name: string, bytes: string, fault: FormatFault, message: string]>([
    ['nothing', '', 'truncated', 'a signal cannot be read: 1 bytes are needed, 0 are left (at byte 0)'],
    [
      'an older version',
      '00 02',
      'version',
      'a signal cannot be read: it is of version 0, and this runtime reads version 1. Run the same release everywhere (at byte 0)',
    ],
    [
      'a newer version',
      '02 02',
      'version',
      'a signal cannot be read: it is of version 2, and this runtime reads version 1. Run the same release everywhere (at byte 0)',
    ],
    ['an unknown signal', '01 0b', 'kind', 'a signal cannot be read: unknown kind of signal 11 (at byte 1)'],
    ['signal 0', '01 00', 'kind', 'a signal cannot be read: unknown kind of signal 0 (at byte 1)'],
    [
      'an unknown message',
      '01 01 03',
      'kind',
      'a signal cannot be read: unknown kind of message 3 (at byte 2)',
    ],
    ['unknown flags', '01 01 00 08 00', 'kind', 'a signal cannot be read: unknown flags 0x8 (at byte 3)'],
    [
      'an unknown reason',
      '01 06 05 0000000000000000 03',
      'kind',
      'a signal cannot be read: unknown reason of a death 3 (at byte 11)',
    ],
    [
      'an unknown resource',
      '01 01 00 04 00 01 07 01',
      'kind',
      'a signal cannot be read: unknown kind of resource 7 (at byte 6)',
    ],
    [
      'a resource that is not there',
      '01 01 00 04 00 01 02 05',
      'resource',
      'a signal cannot be read: no TCP stream of handle 5 is in transit (at byte 7)',
    ],
    [
      'no resources',
      '01 01 00 04 00 00',
      'value',
      'a signal cannot be read: an empty list of resources in place of none (at byte 5)',
    ],
    [
      'more data than there is',
      '01 01 00 00 05 01020304',
      'truncated',
      'a signal cannot be read: 5 bytes are needed, 4 are left (at byte 5)',
    ],
    [
      'far more data than there is',
      '01 01 00 00 ffffffffffffff0f 01',
      'truncated',
      'a signal cannot be read: 9007199254740991 bytes are needed, 1 are left (at byte 12)',
    ],
    [
      'far more resources than there are',
      '01 01 00 04 00 ffffffffffffff0f 00',
      'truncated',
      'a signal cannot be read: 9007199254740991 bytes are needed, 1 are left (at byte 13)',
    ],
    [
      'an id beyond 2^53',
      '01 05 8080808080808010',
      'value',
      'a signal cannot be read: a number of more than 53 bits (at byte 2)',
    ],
    [
      'an id without end',
      '01 05 ffffffffffffffffffff',
      'value',
      'a signal cannot be read: a number of more than 53 bits (at byte 2)',
    ],
    [
      'an id of nothing but zeros, and so many that their weight is no number any more',
      `01 05 ${'80'.repeat(200)}01`,
      'value',
      'a signal cannot be read: a number of more than 53 bits (at byte 2)',
    ],
    [
      'a length of such zeros',
      `01 01 00 00 ${'80'.repeat(200)}01 01020304`,
      'value',
      'a signal cannot be read: a number of more than 53 bits (at byte 4)',
    ],
    [
      'an id that is longer than it must be',
      '01 05 8500',
      'value',
      'a signal cannot be read: a number with zeros in front (at byte 2)',
    ],
    ['a flag of 2', '01 03 02', 'kind', 'a signal cannot be read: unknown flags 0x2 (at byte 2)'],
    [
      'a tag of 0',
      '01 01 00 01 0000000000000000 00',
      'value',
      'a signal cannot be read: a tag of 0 in place of none (at byte 4)',
    ],
    [
      'a position of 0',
      '01 01 00 02 0000000000000000 00',
      'value',
      'a signal cannot be read: a read position of 0 (at byte 4)',
    ],
    [
      'a position of 1.5',
      '01 01 00 02 000000000000f83f 00',
      'value',
      'a signal cannot be read: a read position of 1.5 (at byte 4)',
    ],
    [
      'a position that is no number',
      '01 01 00 02 000000000000f87f 00',
      'value',
      'a signal cannot be read: a read position of NaN (at byte 4)',
    ],
    [
      'more than one signal',
      '01 02 01 02',
      'surplus',
      'a signal cannot be read: 2 bytes after the end (at byte 2)',
    ],
  ])('are refused in words that say why: %s', (_, bytes, fault, message) => {
    const error = faultOf(codecs().codec, unhex(bytes));
    expect(error).toMatchObject({ code: 'LUNATIC_SIGNAL_FORMAT', fault, message });
  });
});

describe('resources of messages', () => {
  test.each(SOCKET_KINDS)('arrive once: a %s', (kind) => {
    const { codec, transit } = codecs();
    const socket = new TestSocket();
    const message = dataMessage(1);
    message.addResource({ kind, socket, cost: 100 });
    const bytes = codec.encode({ kind: 'message', message });
    expect([transit.size, socket.released]).toEqual([1, 0]);
    expect(messageIn(codec.decode(bytes)).resources).toEqual([{ kind, socket, cost: 100 }]);
    expect(faultOf(codec, bytes)).toMatchObject({ fault: 'resource' });
    expect([transit.size, socket.released]).toEqual([0, 0]);
  });

  test('are released with a message from which nobody takes them', () => {
    const { codec } = codecs();
    const socket = new TestSocket();
    const message = dataMessage(1);
    message.addResource({ kind: 'UDP socket', socket, cost: 100 });
    messageIn(codec.decode(codec.encode({ kind: 'message', message }))).recycle();
    expect(socket.released).toBe(1);
  });

  test('are released when what was on its way is lost', () => {
    const { codec, transit } = codecs();
    const sockets = SOCKET_KINDS.map((kind) => {
      const socket = new TestSocket();
      const message = dataMessage(1);
      message.addResource({ kind, socket, cost: 100 });
      message.addResource({ kind: 'module', bytes: new Uint8Array(3) });
      codec.encode({ kind: 'message', message });
      return socket;
    });
    expect(transit.size).toBe(10);
    transit.releaseAll();
    transit.releaseAll();
    expect(transit.size).toBe(0);
    expect(sockets.map(({ released }) => released)).toEqual([1, 1, 1, 1, 1]);
  });

  test.each([
    ['of another kind', '01 01 00 04 00 01 03 01'],
    ['twice', '01 01 00 04 00 02 02 01 02 01'],
    ['beside one that is unknown', '01 01 00 04 00 02 02 01 02 09'],
    ['in front of further bytes', '01 01 00 04 00 01 02 01 00'],
  ])('stay in transit where somebody else names them %s', (_, forged) => {
    const { codec, transit } = codecs();
    const socket = new TestSocket();
    const message = dataMessage(0);
    message.addResource({ kind: 'TCP stream', socket, cost: 100 });
    const bytes = codec.encode({ kind: 'message', message });
    expect(hex(bytes)).toBe('010100040001' + '0201');
    faultOf(codec, unhex(forged));
    expect([transit.size, socket.released]).toEqual([1, 0]);
    expect(messageIn(codec.decode(bytes)).resources).toEqual([{ kind: 'TCP stream', socket, cost: 100 }]);
  });
});

/** Signals as bytes of version 1. A change that makes one of these tests fail is a new version. */
describe('version 1', () => {
  const peer = 300 as ProcessId;
  const far = (2 ** 44 + 7) as ProcessId;
  const data = (tag: bigint, bytes: string, position = 0) => {
    const message = dataMessage(tagFromGuest(tag));
    message.append(unhex(bytes));
    message.position = position;
    return { kind: 'message', message } as const;
  };
  const carrier = () => {
    const message = dataMessage(0);
    message.append(new Uint8Array([9]));
    message.addResource({ kind: 'module', bytes: new Uint8Array(0) });
    for (const kind of SOCKET_KINDS) message.addResource({ kind, socket: new TestSocket(), cost: 100 });
    message.takeResource(1);
    return { kind: 'message', message } as const;
  };

  test.each<[name: string, make: () => Signal, bytes: string]>([
    ['an empty message', () => data(0n, ''), '01 01 00 00 00'],
    ['data', () => data(0n, 'c0ffee'), '01 01 00 00 03 c0ffee'],
    ['a tag', () => data(-2n, '07'), '01 01 00 01 feffffffffffffff 01 07'],
    ['a tag of 64 bits', () => data(0x0123_4567_89ab_cdefn, ''), '01 01 00 01 efcdab8967452301 00'],
    ['a read position', () => data(0n, '0708', 2), '01 01 00 02 0000000000000040 02 0708'],
    ['both', () => data(1n, '0708', 2), '01 01 00 03 0100000000000000 0000000000000040 02 0708'],
    ['200 bytes', () => data(0n, '55'.repeat(200)), `01 01 00 00 c801 ${'55'.repeat(200)}`],
    ['resources', carrier, '01 01 00 04 01 09 06 01 01 00 03 02 04 03 05 04 06 05'],
    [
      'a message of a link death',
      () => ({ kind: 'message', message: linkDiedMessage(5) }),
      '01 01 01 0500000000000000',
    ],
    [
      'a message of a process death',
      () => ({ kind: 'message', message: processDiedMessage(peer) }),
      '01 01 02 ac02',
    ],
    ['kill', () => ({ kind: 'kill' }), '01 02'],
    ['die when link dies', () => ({ kind: 'die-when-link-dies', die: true }), '01 03 01'],
    ['do not die when link dies', () => ({ kind: 'die-when-link-dies', die: false }), '01 03 00'],
    ['link', () => ({ kind: 'link', peer: far, tag: 255 }), '01 04 87808080808004 ff00000000000000'],
    ['unlink', () => ({ kind: 'unlink', peer, own: true }), '01 05 ac02 01'],
    [
      'a normal end',
      () => ({ kind: 'link-died', peer, tag: 0, reason: 'normal' }),
      '01 06 ac02 0000000000000000 00',
    ],
    [
      'a failure',
      () => ({ kind: 'link-died', peer, tag: 1, reason: 'failure' }),
      '01 06 ac02 0100000000000000 01',
    ],
    [
      'no process',
      () => ({ kind: 'link-died', peer: 0 as ProcessId, tag: 1, reason: 'no-process' }),
      '01 06 00 0100000000000000 02',
    ],
    ['monitor', () => ({ kind: 'monitor', peer }), '01 07 ac02'],
    ['stop monitoring', () => ({ kind: 'stop-monitoring', peer }), '01 08 ac02'],
    ['not monitored', () => ({ kind: 'not-monitored', peer }), '01 0a ac02'],
    ['process died', () => ({ kind: 'process-died', peer }), '01 09 ac02'],
  ])('writes and reads %s', (_, make, bytes) => {
    const { codec } = codecs();
    const packed = bytes.replaceAll(' ', '');
    expect(hex(codec.encode(make()))).toBe(packed);
    // The resources that the bytes name are in transit where the same was encoded.
    const receiver = codecs();
    receiver.codec.encode(make());
    const read = receiver.codec.decode(unhex(bytes));
    expect(hex(codecs().codec.encode(read))).toBe(packed);
  });
});
