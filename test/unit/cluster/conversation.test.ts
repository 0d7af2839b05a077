import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Conversation } from '../../../runtime/cluster/conversation.ts';
import { FormatError } from '../../../runtime/kernel/codec/format-error.ts';

/** What one side has heard: numbers of frames, and breaks. */
type Heard = number | 'broken';

/** Two sides, and the packets that are on their way between them. */
function pair(isBatched: () => boolean = () => false) {
  let time = 0;
  const waiting: (() => void)[] = [];
  const sides = [0, 1].map((own) => {
    const heard: Heard[] = [];
    const packets: Uint8Array[] = [];
    const conversation = new Conversation(
      (packet) => packets.push(packet.slice()),
      {
        frame: (kind, reader) => {
          if (kind !== own + 1) throw reader.error('kind', 'what the other side does not say');
          heard.push(reader.varint());
          reader.end();
        },
        broken: () => heard.push('broken'),
      },
      (flush) => {
        if (isBatched()) waiting.push(flush);
        else flush();
      },
      () => time,
    );
    let last = 0;
    return {
      heard,
      packets,
      conversation,
      say: () => {
        conversation.begin(2 - own).varint(++last);
        conversation.end();
        return last;
      },
    };
  });
  const [one, other] = sides as [(typeof sides)[0], (typeof sides)[0]];
  return {
    one,
    other,
    pass: (milliseconds: number) => {
      time += milliseconds;
      one.conversation.tick();
      other.conversation.tick();
    },
    /** Delivers everything that is on its way, and what is answered. */
    settle: () => {
      for (const flush of waiting.splice(0)) flush();
      while (one.packets.length + other.packets.length > 0) {
        for (const packet of one.packets.splice(0)) other.conversation.take(packet);
        for (const packet of other.packets.splice(0)) one.conversation.take(packet);
      }
    },
  };
}

test('frames come in order, and both sides are quiet once they have been told', () => {
  const { one, other, pass, settle } = pair();
  for (let i = 0; i < 100; i++) one.say();
  for (let i = 0; i < 50; i++) other.say();
  settle();
  expect(other.heard).toEqual(Array.from({ length: 100 }, (_, i) => i + 1));
  expect(one.heard).toEqual(Array.from({ length: 50 }, (_, i) => i + 1));
  expect(one.conversation.isQuiet).toBe(false);
  pass(200);
  settle();
  expect(one.conversation.isQuiet && other.conversation.isQuiet).toBe(true);
  pass(60_000);
  expect(one.heard).not.toContain('broken');
});

test('what is said at a time goes in one packet', () => {
  const { one, other, settle } = pair(() => true);
  for (let i = 0; i < 100; i++) one.say();
  expect(one.packets).toHaveLength(0);
  settle();
  expect(other.heard).toEqual(Array.from({ length: 100 }, (_, i) => i + 1));
});

test('whoever is not heard breaks, although nothing else is said', () => {
  const { one, other, pass, settle } = pair();
  one.say();
  one.packets.length = 0;
  pass(1000);
  expect(one.heard).toEqual([]);
  pass(1000);
  expect(one.heard).toEqual(['broken']);
  one.say();
  settle();
  expect(other.heard).toEqual([2]);
});

test('whatever is lost, doubled or late: nothing comes twice or in another order, and whoever has lost something hears of it', () => {
  const step = fc.oneof(
    fc.constant({ do: 'say' as const, side: 0 }),
    fc.constant({ do: 'say' as const, side: 1 }),
    fc.record({
      do: fc.constantFrom('deliver' as const, 'lose' as const, 'double' as const),
      side: fc.nat(1),
    }),
    fc.record({ do: fc.constant('pass' as const), side: fc.nat(1000) }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
      let count = 0;
      const { one, other, pass, settle } = pair(() => ++count % 3 !== 0);
      const sides = [one, other] as const;
      for (const { do: action, side } of steps) {
        if (action === 'pass') {
          pass(side);
          continue;
        }
        const from = side === 0 ? one : other;
        const to = side === 0 ? other : one;
        if (action === 'say') from.say();
        else if (action === 'double') from.packets.splice(0, 0, ...from.packets.slice(0, 1));
        else {
          const [packet] = from.packets.splice(0, 1);
          if (packet !== undefined && action === 'deliver') to.conversation.take(packet);
        }
      }
      // From now on nothing is lost, and all that is wrong comes out when something is said.
      const calm = () => {
        for (let i = 0; i < 12; i++) {
          settle();
          pass(200);
        }
      };
      calm();
      for (const side of [...sides, ...sides]) {
        side.say();
        calm();
      }
      for (const { heard } of sides) {
        const frames = heard.filter((it) => it !== 'broken');
        expect(frames).toEqual([...new Set(frames)].sort((a, b) => a - b));
      }
      // Both can talk, and hear each other without a further break.
      const breaks = sides.map(({ heard }) => heard.filter((it) => it === 'broken').length);
      const said = sides.map((side) => side.say());
      calm();
      expect(other.heard.filter((it) => it !== 'broken').at(-1)).toBe(said[0]);
      expect(one.heard.filter((it) => it !== 'broken').at(-1)).toBe(said[1]);
      expect(sides.map(({ heard }) => heard.filter((it) => it === 'broken').length)).toEqual(breaks);
    }),
    { numRuns: 2000 },
  );
});

test('packets of anybody are refused with a FormatError, or do no harm', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 20 }), (packets) => {
      const { one, other, settle } = pair();
      for (const packet of packets) {
        try {
          one.conversation.take(packet);
        } catch (error) {
          expect(error).toBeInstanceOf(FormatError);
        }
      }
      settle();
      other.say();
      settle();
      expect(one.heard.at(-1)).toBe(1);
    }),
    { numRuns: 500 },
  );
});
