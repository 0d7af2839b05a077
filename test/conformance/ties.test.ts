import { describe, expect, test } from 'vitest';
import { ProcessConfig } from '../../runtime/internal.ts';
import { guest } from '../support/guest.ts';
import { type Program, runAll, trapOf } from '../support/program.ts';

const BEYOND = /the host would keep \d+ bytes besides its memory for .*max_host_memory/;

function limited(limit: number): { config: ProcessConfig } {
  const config = ProcessConfig.forRoot();
  config.maxHostMemory = limit;
  return { config };
}

const kept = ({ root }: Program) => root.environment.account.bytes;

/** Spawns processes that wait, and does something with each; `$id` is its id. Then kills them all. */
const withCrowd = (size: number, body: string, after = '') =>
  guest(
    `(func (export "waits") (drop (call $receive)))
     (func (export "_start") (local $i i64) (local $id i64)
       (call $process.die_when_link_dies (i32.const 0))
       (loop $spawn
         (local.set $id (call $spawn (i64.const 0) (text "waits")))
         ${body}
         (local.set $i (i64.add (local.get $i) (i64.const 1)))
         (br_if $spawn (i64.lt_u (local.get $i) (i64.const ${size}))))
       ${after}
       (loop $kill
         (call $process.kill (i64.add (local.get $i) (i64.const 1)))
         (local.set $i (i64.sub (local.get $i) (i64.const 1)))
         (br_if $kill (i64.gt_u (local.get $i) (i64.const 0)))))`,
  );

describe('links and monitors count for the process that asks for them, against max_host_memory', () => {
  test.each([
    ['links', '(call $process.link (i64.const 7) (local.get $id))'],
    ['monitors', '(call $process.monitor (local.get $id))'],
    [
      'links that were undone and made again in one turn',
      '(call $process.link (i64.const 7) (local.get $id)) (call $process.unlink (local.get $id)) (call $process.link (i64.const 7) (local.get $id))',
    ],
  ])('%s', async (_, tie) => {
    expect(await trapOf(withCrowd(300, tie), limited(64 * 1024))).toMatch(BEYOND);
  });

  test('a spawn with a link fails, and says why', async () => {
    const source = guest(
      `(func (export "waits") (drop (call $receive)))
       (func $spawn_linked (param $out i32) (result i32)
         (call $process.spawn (i64.const 5) (i64.const -1) (i64.const -1) (text "waits")
           (i32.const 0) (i32.const 0) (local.get $out)))
       (func (export "_start") (local $i i32)
         (loop $again (br_if $again (i32.eqz (call $spawn_linked (i32.const 8)))))
         (call $print_error (i64.load (i32.const 8)))
         (unreachable))`,
    );
    const { stdout } = await runAll(source, limited(64 * 1024));
    expect(stdout.text).toMatch(BEYOND);
  });

  test('a crowd in which everybody is linked to everybody, beyond the limit of the program', async () => {
    const source = guest(
      `(func (export "ties") (local $peer i64)
         (call $process.die_when_link_dies (i32.const 0))
         (loop $again
           (call $process.link (i64.const 7) (local.get $peer))
           (call $process.monitor (local.get $peer))
           (local.set $peer (i64.add (local.get $peer) (i64.const 1)))
           (br_if $again (i64.lt_u (local.get $peer) (i64.const 120))))
         (call $process.sleep_ms (i64.const 60)))
       (func (export "_start") (local $i i32)
         (loop $spawn
           (drop (call $spawn (i64.const 0) (text "ties")))
           (local.set $i (i32.add (local.get $i) (i32.const 1)))
           (br_if $spawn (i32.lt_u (local.get $i) (i32.const 100))))
         (call $process.sleep_ms (i64.const 200)))`,
    );
    const program = await runAll(source, limited(256 * 1024));
    const trapped = program.exits.filter(({ exit }) => exit.kind === 'trapped' && BEYOND.test(exit.message));
    expect(trapped).not.toHaveLength(0);
    expect(kept(program)).toBe(0);
  });

  test('links that the other one undoes do not add up', async () => {
    const source = guest(
      `(func (export "unlinks")
         (call $process.unlink (i64.const 1))
         (call $message.create_data (i64.const 1) (i64.const 0))
         (drop (call $message.send (i64.const 1))))
       (func (export "_start") (local $i i32)
         (loop $again
           (call $process.link (i64.const 7) (call $spawn (i64.const 0) (text "unlinks")))
           (drop (call $receive))
           (br_if $again (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 300)))))`,
    );
    const program = await runAll(source, limited(64 * 1024));
    expect(program.exit).toEqual({ kind: 'returned' });
    expect(kept(program)).toBe(0);
  });

  test('whoever is linked to and monitored by many pays nothing for it', async () => {
    const source = guest(
      `(func (export "ties")
         (call $process.link (i64.const 7) (i64.const 2))
         (call $process.monitor (i64.const 2))
         (drop (call $receive)))
       (func (export "popular") (drop (call $receive_tag (i64.const 9) (i64.const -1))))
       (func (export "_start") (local $i i32) (local $c i64)
         (local.set $c (call $process.create_config))
         (call $permissions.config_set_max_host_memory (local.get $c) (i64.const 1000))
         (drop (call $spawn_with (i64.const 0) (local.get $c) (text "popular")))
         (loop $spawn
           (drop (call $spawn (i64.const 0) (text "ties")))
           (local.set $i (i32.add (local.get $i) (i32.const 1)))
           (br_if $spawn (i32.lt_u (local.get $i) (i32.const 50))))
         (call $process.sleep_ms (i64.const 1))
         (call $message.create_data (i64.const 9) (i64.const 0))
         (call $show (text "sent") (i64.extend_i32_u (call $message.send (i64.const 2)))))`,
    );
    const { exits } = await runAll(source);
    const popular = exits.find(({ process }) => process.entry.name === 'popular');
    expect(popular?.exit).toMatchObject({ kind: 'returned' });
  });

  test.each([
    [
      'unlinking',
      '(call $process.link (i64.const 7) (local.get $id)) (call $process.unlink (local.get $id))',
    ],
    [
      'monitoring no more',
      '(call $process.monitor (local.get $id)) (call $process.stop_monitoring (local.get $id))',
    ],
    [
      'the end of the other one',
      '(call $process.link (i64.const 7) (local.get $id)) (call $process.monitor (local.get $id)) (call $process.kill (local.get $id)) (drop (call $receive)) (drop (call $receive))',
    ],
    [
      'the same again and again',
      `(if (i64.eqz (local.get $i)) (then
         (loop $tie
           (call $process.link (i64.const 7) (local.get $id))
           (call $process.monitor (local.get $id))
           (br_if $tie (i64.lt_u (local.tee $i (i64.add (local.get $i) (i64.const 1))) (i64.const 10000))))
         (local.set $i (i64.const 0))))`,
    ],
    [
      'those who are dead',
      '(call $process.link (i64.const 7) (i64.const 9999)) (call $process.monitor (i64.const 9999)) (drop (call $receive))',
    ],
  ])('%s does not add up', async (_, body) => {
    const program = await runAll(withCrowd(300, body), limited(64 * 1024));
    const root = program.exits.find(({ process }) => process.parent === null);
    expect(root?.exit).toMatchObject({ kind: 'returned' });
    expect(kept(program)).toBe(0);
  });
});
