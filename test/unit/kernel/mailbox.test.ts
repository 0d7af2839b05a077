/** A mailbox packs its messages into chunks; whatever is done to it, it must be like a list of them. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Account, TotalAccount } from '../../../runtime/kernel/account.ts';
import type { ProcessId } from '../../../runtime/kernel/ids.ts';
import { KEPT_OVERHEAD, Mailbox, MESSAGE_OVERHEAD } from '../../../runtime/kernel/mailbox.ts';
import {
  dataMessage,
  linkDiedMessage,
  type Message,
  type MessageKind,
  processDiedMessage,
} from '../../../runtime/kernel/message.ts';
import type { MessageResource } from '../../../runtime/kernel/message-resources.ts';
import type { Tag } from '../../../runtime/kernel/tag.ts';
import { accepts, type TagFilter, tagFilter } from '../../../runtime/kernel/tag-filter.ts';

const total = new TotalAccount(() => true);
total.limit = Number.POSITIVE_INFINITY;
const owner = { account: new Account(Number.POSITIVE_INFINITY, total), overdraw: () => {} };

/** What a message is, apart from the object. */
interface Contents {
  readonly kind: MessageKind;
  readonly tag: Tag;
  readonly processId: number;
  readonly data: string;
  readonly position: number;
  readonly resources: readonly (MessageResource | null)[] | null;
}

function contentsOf(message: Message): Contents {
  const { kind, tag, processId, buffer, length, position, resources } = message;
  const data = Buffer.from(buffer.subarray(0, length)).toString('hex');
  return { kind, tag, processId, data, position, resources: resources === null ? null : [...resources] };
}

class Released {
  count = 0;
  release(): void {
    this.count++;
  }
}

function data(tag: Tag, length: number, position = 0, seed = 1): Message {
  const message = dataMessage(tag);
  message.append(Uint8Array.from({ length }, (_, i) => (i + seed) * 37));
  message.position = position;
  return message;
}

const tag = fc.constantFrom<Tag>(0, 1, 2, 3, -1, 2 ** 40, 2n ** 62n, -(2n ** 63n));
const size = fc.oneof(fc.nat(70), fc.constantFrom(127, 128, 1000, 1023, 1024, 1025, 5000));
const message = fc.oneof(
  fc
    .tuple(tag, size, fc.constantFrom(0, 0, 0, 1, 64, 2 ** 33), fc.nat(255))
    .map((parts) => () => data(...parts)),
  fc.tuple(tag, fc.nat(9)).map(([of, length]) => () => {
    const message = data(of, length);
    message.addResource({ kind: 'UDP socket', socket: new Released(), cost: 100 });
    return message;
  }),
  tag.map((of) => () => linkDiedMessage(of)),
  fc.constantFrom(1, 2 ** 31, 2 ** 50).map((id) => () => processDiedMessage(id as ProcessId)),
);
const filter = fc.oneof(
  fc.constant<TagFilter>(null),
  fc.array(tag, { minLength: 1, maxLength: 3 }).map(tagFilter),
  fc.array(tag, { minLength: 17, maxLength: 20 }).map(tagFilter),
);
type Step =
  | { readonly push: () => Message; readonly times: number }
  | { readonly take: TagFilter; readonly times: number };
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ push: message, times: fc.constantFrom(1, 1, 2, 40, 300) }),
  fc.record({ take: filter, times: fc.constantFrom(1, 1, 2, 35, 250) }),
);

describe('a mailbox', () => {
  test('is a list of messages, whatever is put in and taken out', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const mailbox = new Mailbox(owner);
        let model: Contents[] = [];
        for (const { times, ...action } of steps) {
          for (let i = 0; i < times; i++) {
            if ('push' in action) {
              const pushed = action.push();
              model.push(contentsOf(pushed));
              mailbox.push(pushed);
              continue;
            }
            const wanted = model.find(({ tag }) => accepts(action.take, tag));
            let taken = mailbox.take(action.take, 2);
            while (mailbox.isInterrupted) taken = mailbox.takeFurther(action.take, 2);
            expect(taken === null ? undefined : contentsOf(taken)).toEqual(wanted);
            model = model.filter((other) => other !== wanted);
            taken?.recycle();
          }
          expect(mailbox.length).toBe(model.length);
          expect(mailbox.slice(0, Number.POSITIVE_INFINITY).map(contentsOf)).toEqual(model);
          expect(mailbox.slice(2, 3).map(contentsOf)).toEqual(model.slice(2, 5));
        }
        const isKept = ({ data, position, resources }: Contents) =>
          data.length > 2048 || position > data.length / 2 || resources !== null;
        expect(mailbox.bytes).toBe(
          model.reduce(
            (sum, one) => sum + one.data.length / 2 + (isKept(one) ? KEPT_OVERHEAD : MESSAGE_OVERHEAD),
            0,
          ),
        );
      }),
      { numRuns: 200 },
    );
  });

  test('releases what is in it exactly once, and not what was taken', () => {
    const mailbox = new Mailbox(owner);
    const sockets = [new Released(), new Released(), new Released()];
    for (const [i, socket] of sockets.entries()) {
      const message = data(i, 8);
      message.addResource({ kind: 'TCP stream', socket, cost: 100 });
      mailbox.push(message);
    }
    const taken = mailbox.take([1]);
    mailbox.dropResources();
    expect(sockets.map(({ count }) => count)).toEqual([1, 0, 1]);
    taken?.dropResources();
    expect(sockets.map(({ count }) => count)).toEqual([1, 1, 1]);
  });

  /** Bytes that V8 holds for what is made. Made once before, so that what is kept to serve again counts on both sides. */
  function held(make: () => unknown): number {
    make();
    const used = () => {
      for (let i = 0; i < 4; i++) globalThis.gc?.();
      const { heapUsed, arrayBuffers } = process.memoryUsage();
      return heapUsed + arrayBuffers;
    };
    const before = used();
    const made = make();
    const after = used();
    expect(made).toBeDefined();
    return after - before;
  }

  test.each([0, 1, 8, 17, 64, 100, 1000])(
    'holds no more than 32 bytes besides the %i of a message',
    (length) => {
      const count = 50_000;
      const bytes = held(() => {
        const mailbox = new Mailbox(owner);
        for (let i = 0; i < count; i++) mailbox.push(data(i, length));
        return mailbox;
      });
      expect(bytes / count - length).toBeLessThan(MESSAGE_OVERHEAD);
    },
  );

  test('of one message is small', () => {
    const count = 10_000;
    const bytes = held(() =>
      Array.from({ length: count }, (_, i) => {
        const mailbox = new Mailbox(owner);
        mailbox.push(data(i, 16));
        return mailbox;
      }),
    );
    expect(bytes / count).toBeLessThan(640);
  });

  test('does not grow while a message that nobody wants is before those that are received', () => {
    const bytes = held(() => {
      const mailbox = new Mailbox(owner);
      mailbox.push(data(1, 8));
      for (let i = 0; i < 200_000; i++) {
        mailbox.push(data(2, 8));
        mailbox.push(data(3, 8));
        mailbox.take([2])?.recycle();
        mailbox.take([3])?.recycle();
      }
      expect(mailbox.length).toBe(1);
      return mailbox;
    });
    expect(bytes).toBeLessThan(100_000);
  });

  test('that was full and is empty holds next to nothing', () => {
    const bytes = held(() => {
      const mailbox = new Mailbox(owner);
      for (let i = 0; i < 100_000; i++) mailbox.push(data(i, 8));
      while (mailbox.length > 0) mailbox.take(null)?.recycle();
      return mailbox;
    });
    expect(bytes).toBeLessThan(100_000);
  });
});
