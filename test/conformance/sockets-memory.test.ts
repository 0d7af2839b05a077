import { expect, test } from 'vitest';
import { ProcessConfig } from '../../runtime/internal.ts';
import { networkGuest } from '../support/network.ts';
import { run } from '../support/program.ts';

test('what sockets hold counts for their process, against max_host_memory', async () => {
  const config = ProcessConfig.forRoot();
  config.maxHostMemory = 2 ** 20;
  const source = networkGuest(
    `(func (export "_start") (local $l i64) (local $port i32)
       (local.set $l (call $listen))
       (local.set $port (call $port_of (local.get $l)))
       (loop $again
         (drop (call $connect (local.get $port)))
         (drop (call $accept (local.get $l)))
         (call $print (text "connected"))
         (br $again)))`,
  );
  const { exit, stdout } = await run(source, { config });
  // Each of them may hold tens of KiB that nobody reads.
  expect(stdout.lines.length).toBeLessThan(20);
  expect(exit).toMatchObject({ kind: 'trapped', message: expect.stringMatching(/max_host_memory/) });
});
