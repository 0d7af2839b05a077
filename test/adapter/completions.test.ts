/** The names that are offered while somebody types an expression. */
import { expect, test } from 'vitest';
import { ShopSession } from './shop-session.ts';
import { LANGUAGES, type Language } from './shops.ts';
import { type Stopped, stoppedAt } from './value-guests.ts';

/** What is offered behind a text, and where it is put. */
async function offered({ client, threadId }: Pick<Stopped, 'client' | 'threadId'>, text: string) {
  const { id } = await client.topFrame(threadId);
  const { targets } = (await client.completionsRequest({ text, column: text.length + 1, frameId: id })).body;
  return targets.map(({ label, start, length }) =>
    start === undefined
      ? label
      : `${text.slice(0, start - 1)}${label}${text.slice(start - 1 + (length ?? 0))}`,
  );
}

const SUM: Readonly<Record<Language, string>> = { C: 'su', Rust: 'su', AssemblyScript: 'su', WAT: '$su' };

test.each(LANGUAGES)('variables of the call are offered: %s', async (language) => {
  const session = await ShopSession.configure(language);
  const line = session.shop.line('check');
  await session.client.setBreakpointsRequest({
    source: { path: session.shop.source },
    breakpoints: [{ line }],
  });
  await session.client.configurationDoneRequest();
  await session.client.waitingThread(2);
  await session.send(2, 5);
  const { threadId = 0 } = await session.stopped();
  const stopped = { client: session.client, threadId };
  const begun = SUM[language];
  expect(await offered(stopped, begun)).toContain(`${begun}m`);
  expect(await offered(stopped, `1 + ${begun}`)).toContain(`1 + ${begun}m`);
  expect(await offered(stopped, 'process.na')).toEqual(['process.name']);
  expect(await offered(stopped, '1.')).toEqual([]);
  expect(await offered(stopped, 'nobody.')).toEqual([]);
  expect(await offered(stopped, 'pau')).toEqual(['pause']);
});

test('parts behind a point, also of what a pointer leads to', async () => {
  const stopped = await stoppedAt('values-c.wasm', 'values.c');
  expect(await offered(stopped, 'here.')).toEqual(['here.x', 'here.y']);
  expect(await offered(stopped, 'x == pointer->')).toEqual(['x == pointer->x', 'x == pointer->y']);
  expect(await offered(stopped, 'first.next->val')).toEqual(['first.next->value']);
  expect(await offered(stopped, 'outer.corners[1].Y')).toEqual(['outer.corners[1].y']);
  expect(await offered(stopped, '(*pointer).')).toEqual(['(*pointer).x', '(*pointer).y']);
  expect((await offered(stopped, 'color == GR'))[0]).toBe('color == GREEN');
  expect(await offered(stopped, 'send 1 ')).toEqual([]);
  expect(await offered(stopped, 'quoted == "he')).toEqual([]);
  // A static of the file.
  expect(await offered(stopped, 'counte')).toEqual(['counter']);
});

test('parts of the values of Rust', async () => {
  const stopped = await stoppedAt('values-rust-modern.wasm.gz', 'values.rs');
  expect(await offered(stopped, 'point.')).toEqual(['point.x', 'point.y']);
  expect(await offered(stopped, 'boxed.')).toEqual(['boxed.x', 'boxed.y']);
  expect(await offered(stopped, 'COUN')).toContain('COUNTER');
});
