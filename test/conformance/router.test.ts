import { describe, expect, test } from 'vitest';
import type { Process } from '../../runtime/internal.ts';
import type { ProcessId } from '../../runtime/kernel/ids.ts';
import type { Message } from '../../runtime/kernel/message.ts';
import type { Router } from '../../runtime/kernel/router.ts';
import { KILL, type Signal } from '../../runtime/kernel/signal.ts';
import { guest, main } from '../support/guest.ts';
import { linesOf, run, runAll, start } from '../support/program.ts';

/** Keeps what is sent to some processes, and tells what is sent to all. */
class Gate implements Router<Process> {
  readonly seen: string[] = [];
  readonly #local: Router<Process>;
  readonly #shut: ReadonlySet<number>;

  /** @param shut ids of processes that nothing reaches */
  constructor(local: Router<Process>, shut: readonly number[] = []) {
    this.#local = local;
    this.#shut = new Set(shut);
  }

  deliver(target: ProcessId, signal: Signal): void {
    this.seen.push(`${signal.kind} to ${target}`);
    if (!this.#shut.has(target)) this.#local.deliver(target, signal);
  }

  deliverMessage(target: ProcessId, message: Message): void {
    this.seen.push(`message to ${target}`);
    if (!this.#shut.has(target)) this.#local.deliverMessage(target, message);
  }

  exists(target: ProcessId): boolean | Promise<boolean> {
    return this.#local.exists(target);
  }

  waiting(target: ProcessId): Process | null {
    return this.#shut.has(target) ? null : this.#local.waiting(target);
  }
}

/** A gate to be put in front of a router. */
function gate(...shut: readonly number[]) {
  const gates: Gate[] = [];
  const route = (local: Router<Process>) => {
    const made = new Gate(local, shut);
    gates.push(made);
    return made;
  };
  return { route, seen: () => gates.flatMap(({ seen }) => seen) };
}

const ALL_WAYS = guest(`
  (func (export "child")
    (call $show_received (call $message.receive (i32.const 0) (i32.const 0) (i64.const 30))))
  (func (export "_start") (local $child i64)
    (call $process.die_when_link_dies (i32.const 0))
    (local.set $child (call $spawn (i64.const 7) (text "child")))
    (call $process.sleep_ms (i64.const 1))
    (call $process.monitor (local.get $child))
    (call $process.stop_monitoring (local.get $child))
    (call $process.unlink (local.get $child))
    (call $process.link (i64.const 8) (local.get $child))
    (call $send (local.get $child) (i64.const 1) (i64.const 2))
    (call $put (i64.const 3) (i64.const 4))
    (call $expect
      (call $message.send_receive_skip_search (local.get $child) (i64.const 9) (i64.const 0)) (i32.const 9027))
    (call $put (i64.const 5) (i64.const 6))
    (drop (call $timer.send_after (local.get $child) (i64.const 0)))
    (call $process.sleep_ms (i64.const 5))
    (call $process.kill (local.get $child))
    (call $process.sleep_ms (i64.const 60)))`);

describe('a router', () => {
  test('is asked to deliver everything that processes send', async () => {
    const { route, seen } = gate(2);
    const program = await run(ALL_WAYS, { route });
    // The child gets nothing but the time.
    expect(program.stdout.lines).toEqual(['timeout']);
    expect(seen()).toEqual([
      'die-when-link-dies to 1',
      'link to 1',
      'link to 2',
      'monitor to 2',
      'stop-monitoring to 2',
      'unlink to 2',
      'unlink to 1',
      'link to 1',
      'link to 2',
      'message to 2',
      'message to 2',
      'message to 2',
      'kill to 2',
      'link-died to 2',
    ]);
  });

  test('is asked to tell links and monitors of an end', async () => {
    const { route, seen } = gate(1);
    const source = guest(`
      (func (export "child") (call $forever))
      (func (export "_start") (local $child i64)
        (call $process.die_when_link_dies (i32.const 0))
        (local.set $child (call $spawn (i64.const 7) (text "child")))
        (call $process.monitor (local.get $child))
        (call $process.kill (local.get $child))
        (call $show_received (call $message.receive (i32.const 0) (i32.const 0) (i64.const 30))))`);
    const program = await runAll(source, { route });
    expect(program.stdout.lines).toEqual(['timeout']);
    expect(seen().slice(-2)).toEqual(['link-died to 1', 'process-died to 1']);
  });

  test('answers a link to nobody, through what is in front of it', async () => {
    const { route, seen } = gate();
    const source = main(`
      (call $process.die_when_link_dies (i32.const 0))
      (call $process.link (i64.const 5) (i64.const 99))
      (call $process.unlink (i64.const 98)) (call $process.monitor (i64.const 97))
      (call $process.stop_monitoring (i64.const 96)) (call $process.kill (i64.const 95))
      (call $send (i64.const 94) (i64.const 0) (i64.const 0))
      (call $show_received (call $receive))
      (call $show_received (call $message.receive (i32.const 0) (i32.const 0) (i64.const 5)))`);
    const { stdout } = await run(source, { route });
    expect(stdout.lines).toEqual(['link 5', 'timeout']);
    expect(seen().filter((text) => text.endsWith(' 1'))).toEqual([
      'die-when-link-dies to 1',
      'link to 1',
      'link-died to 1',
      'unlink to 1',
    ]);
  });

  test('brings what a process tells itself in its start section', async () => {
    const source = guest(`
      (func $start
        (call $process.die_when_link_dies (i32.const 0))
        (call $process.link (i64.const 6) (i64.const 99)))
      (start $start)
      (func (export "_start") (call $show_received (call $receive)))`);
    expect(await linesOf(source)).toEqual(['link 6']);
  });

  test('brings what people send, and the end that they put to a program', async () => {
    const source = main('(call $show_received (call $receive)) (call $forever)');
    const program = await start(source);
    const { process, environment } = program.root;
    program.root.stop();
    environment.router.deliver(process.id, KILL);
    expect(await program.root.ended).toEqual({ kind: 'killed' });
    expect(environment.router.exists(process.id)).toBe(false);
  });
});
