import { tmpdir } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, onTestFinished, test } from 'vitest';
import { Conversation } from '../../runtime/cluster/conversation.ts';
import { Frame } from '../../runtime/cluster/frames.ts';
import { ClusterNode, type NodeOptions } from '../../runtime/cluster/node.ts';
import type { NodeId } from '../../runtime/cluster/transport.ts';
import { ProcessConfig, type Root, Runtime } from '../../runtime/internal.ts';
import { ResourcesInTransit } from '../../runtime/kernel/codec/resources-in-transit.ts';
import { SignalCodec } from '../../runtime/kernel/codec/signal-codec.ts';
import type { ProcessId } from '../../runtime/kernel/ids.ts';
import { dataMessage } from '../../runtime/kernel/message.ts';
import type { Signal } from '../../runtime/kernel/signal.ts';
import { NO_TAG, tagFromGuest } from '../../runtime/kernel/tag.ts';
import type { PreopenedDirectory } from '../../runtime/permissions/config.ts';
import { LinkedTransports } from '../support/cluster/linked-transports.ts';
import { guest } from '../support/guest.ts';
import { assemble, Capture, Feed } from '../support/program.ts';

/** Nodes that guests run on. */
class Cluster {
  readonly transports = new LinkedTransports();

  /** Adds a node. */
  async node(options: Partial<NodeOptions> & { attributes?: Record<string, string> } = {}) {
    const runtime = new Runtime();
    const output = new Capture();
    const stdio = { input: new Feed(), output, error: output };
    const notes: string[] = [];
    let latest: Root | undefined;
    const node = await ClusterNode.join(
      runtime,
      async (listener) => this.transports.join(listener, options.attributes),
      {
        config: ProcessConfig.forRoot(),
        stdio,
        environments: null,
        note: (text) => notes.push(text()),
        lost: () => {},
        ...options,
      },
    );
    onTestFinished(() => node.close());
    return {
      node,
      runtime,
      output,
      notes,
      /** Runs a program, which the cluster knows. */
      run: async (text: string, directories: readonly PreopenedDirectory[] = []) => {
        const module = runtime.load(await assemble(text));
        await node.modules.add(module);
        const config = ProcessConfig.forRoot();
        config.preopenedDirectories = [...directories];
        const root = await runtime.run(module, {
          config,
          stdio,
          within: node.within(1),
        });
        latest = root;
        return root.ended;
      },
      /** Sends the root process of the latest program a message. */
      tell: () => {
        latest?.environment.router.deliver(latest.process.id, {
          kind: 'message',
          message: dataMessage(NO_TAG),
        });
      },
      /** Waits until something has been printed. */
      printed: async (text: string) => {
        for (let i = 0; i < 400 && !output.text.includes(text); i++) await sleep(10);
        expect(output.text).toContain(text);
      },
    };
  }
}

/** Spawns a child on a node; its id. */
const SPAWN = `
  (func $spawn_on (param $node i64) (param $name i32) (param $length i32) (result i64)
    (call $expect
      (call $distributed.spawn (local.get $node) (i64.const -1) (call $distributed.module_id)
        (local.get $name) (local.get $length) (i32.const 0) (i32.const 0) (i32.const 16))
      (i32.const 0))
    (i64.load (i32.const 16)))
  (func $tell (param $node i64) (param $id i64) (param $tag i64) (param $value i64)
    (i64.store (i32.const 32) (local.get $value))
    (call $message.create_data (local.get $tag) (i64.const 8))
    (drop (call $message.write_data (i32.const 32) (i32.const 8)))
    (call $expect (call $distributed.send (local.get $node) (local.get $id)) (i32.const 0)))`;

describe('a node', () => {
  test('spawns on another one, sends to it and gets answers', async () => {
    const cluster = new Cluster();
    const one = await cluster.node();
    const two = await cluster.node();
    const exit = await one.run(
      guest(`${SPAWN}
      (func (export "child")
        (call $show (text "child on") (call $distributed.node_id))
        (loop $next
          (call $tell (i64.const 1) (call $receive_value) (i64.const 7) (call $distributed.module_id))
          (br $next)))
      (func (export "_start") (local $child i64) (local $i i32)
        (call $show32 (text "nodes") (call $distributed.nodes_count))
        (call $show32 (text "nodes") (call $distributed.get_nodes (i32.const 64) (i32.const 8)))
        (call $show (text "first") (i64.load (i32.const 64)))
        (call $show (text "second") (i64.load (i32.const 72)))
        (local.set $child (call $spawn_on (i64.const 2) (text "child")))
        (loop $more
          (call $tell (i64.const 2) (local.get $child) (i64.const 1) (call $process.process_id))
          (call $show_received (call $receive))
          (br_if $more (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 3)))))`),
    );
    expect(exit.kind).toBe('returned');
    expect(one.output.lines).toEqual([
      'nodes 2',
      'nodes 2',
      'first 1',
      'second 2',
      'data 7 1',
      'data 7 1',
      'data 7 1',
    ]);
    expect(two.output.lines).toEqual(['child on 2']);
  });

  test('finds nodes by their attributes', async () => {
    const cluster = new Cluster();
    const one = await cluster.node({ attributes: { zone: 'a' } });
    await cluster.node({ attributes: { zone: 'b', disk: 'ssd' } });
    await cluster.node({ attributes: { zone: 'b' } });
    const query = (text: string) => `
      (call $expect (call $distributed.exec_lookup_nodes (text "${text}") (i32.const 16) (i32.const 24) (i32.const 32)) (i32.const 0))
      (call $show32 (text "found") (i32.load (i32.const 24)))
      (call $show32 (text "copied") (call $distributed.copy_lookup_nodes_results (i64.load (i32.const 16)) (i32.const 64) (i32.const 8) (i32.const 32)))
      (call $show (text "first") (i64.load (i32.const 64)))`;
    await one.run(
      guest(`(func (export "_start")
        ${query('')} ${query('zone=b')} ${query('zone=b&disk=ssd')} ${query('zone=c')}
        (call $show32 (text "again") (call $distributed.copy_lookup_nodes_results (i64.const 1) (i32.const 64) (i32.const 8) (i32.const 32))))`),
    );
    expect(one.output.lines).toEqual([
      ...['found 3', 'copied 3', 'first 1', 'found 2', 'copied 2', 'first 2'],
      ...['found 1', 'copied 1', 'first 2', 'found 0', 'copied 0', 'first 2', 'again -1'],
    ]);
  });
});

/** A guest that links to a child on another node and monitors another one, and says what it hears of them. */
const TIES = guest(`${SPAWN}
  (func (export "child") (call $forever))
  (func (export "trap") (drop (call $receive)) (unreachable))
  (func (export "end") (drop (call $receive)))
  (func $refer (param $id i64) (result i64) (call $cluster.refer (i64.const 2) (local.get $id)))
  (func (export "_start") (local $one i64) (local $two i64) (local $three i64)
    (call $process.die_when_link_dies (i32.const 0))
    (local.set $one (call $refer (call $spawn_on (i64.const 2) (text "child"))))
    (local.set $two (call $refer (call $spawn_on (i64.const 2) (text "trap"))))
    (local.set $three (call $refer (call $spawn_on (i64.const 2) (text "end"))))
    (call $process.link (i64.const 5) (local.get $one))
    (call $process.link (i64.const 6) (local.get $two))
    (call $process.monitor (local.get $three))
    (call $show (text "node") (call $cluster.node_of (local.get $one)))
    (call $show32 (text "lives") (call $process.exists (local.get $one)))
    (call $send (local.get $two) (i64.const 1) (i64.const 0))
    (call $show_received (call $receive))
    (call $show32 (text "lives") (call $process.exists (local.get $two)))
    (call $send (local.get $three) (i64.const 1) (i64.const 0))
    (call $show_received (call $receive))
    (call $print (text "ready"))
    (call $show_received (call $receive))
    (call $show32 (text "lives") (call $process.exists (local.get $one))))`);

describe('links and monitors between nodes', () => {
  test('tell of the end of a process, and of a node that leaves', async () => {
    const cluster = new Cluster();
    const one = await cluster.node();
    const two = await cluster.node();
    const exit = one.run(TIES);
    await one.printed('ready');
    const since = performance.now();
    await two.node.close();
    expect((await exit).kind).toBe('returned');
    expect(performance.now() - since).toBeLessThan(1000);
    const [, ...lines] = one.output.lines;
    expect(lines.map((line) => line.replace(/\d{6,}/, 'ID'))).toEqual([
      ...['lives 1', 'link 6', 'lives 0', 'process ID', 'ready', 'link 5', 'lives 0'],
    ]);
  });

  test.each([
    ['both ways', () => true],
    ['from here', (from: NodeId) => from === 1],
    ['to here', (from: NodeId) => from === 2],
  ])('tell of a node that is cut off %s, as soon as somebody speaks', async (_, loses) => {
    const cluster = new Cluster();
    const one = await cluster.node();
    await cluster.node();
    const exit = one.run(TIES);
    await one.printed('ready');
    await sleep(300);
    cluster.transports.loses = loses;
    // Whoever speaks and is not heard knows that something is wrong.
    const home = one.node.within(1).environment;
    const reference = one.node.referTo(home.id, 2, 1 as ProcessId) ?? (0 as ProcessId);
    home.router.deliver(reference, { kind: 'monitor', peer: 1 as never });
    expect((await exit).kind).toBe('returned');
    expect(one.output.text).toContain('link 5');
  });
});

describe('whoever asks, a node', () => {
  test('grants no more than it has', async () => {
    const cluster = new Cluster();
    const one = await cluster.node();
    const config = ProcessConfig.forRoot();
    config.canSpawnProcesses = false;
    config.maxMemory = 3 * 65536;
    const two = await cluster.node({ config });
    const exit = await one.run(
      guest(`${SPAWN}
      (func (export "child")
        (call $show32 (text "grown") (memory.grow (i32.const 1)))
        (call $show32 (text "grown") (memory.grow (i32.const 2)))
        (drop (call $process.spawn (i64.const 0) (i64.const -1) (i64.const -1) (text "child") (i32.const 0) (i32.const 0) (i32.const 16))))
      (func (export "_start") (drop (call $spawn_on (i64.const 2) (text "child"))) (call $process.sleep_ms (i64.const 200)))`),
    );
    expect(exit.kind).toBe('returned');
    expect(two.output.lines).toEqual(['grown 2', 'grown -1']);
  });

  test('gives no directory that it does not have itself, and spawns all the same', async () => {
    const cluster = new Cluster();
    const one = await cluster.node();
    const config = ProcessConfig.forRoot();
    config.preopenedDirectories = [{ guestPath: '.', hostPath: tmpdir() }];
    const two = await cluster.node({ config });
    const exit = await one.run(
      guest(`${SPAWN}
      (func (export "child")
        (call $show32 (text "first") (call $fd_prestat_get (i32.const 3) (i32.const 64)))
        (call $show32 (text "second") (call $fd_prestat_get (i32.const 4) (i32.const 64))))
      (func (export "_start")
        (drop (call $spawn_on (i64.const 2) (text "child"))) (call $process.sleep_ms (i64.const 200)))`),
      [
        { guestPath: 'a', hostPath: tmpdir() },
        { guestPath: 'b', hostPath: '/usr' },
      ],
    );
    expect(exit.kind).toBe('returned');
    // EBADF: there is no second one.
    expect(two.output.lines).toEqual(['first 0', 'second 8']);
  });

  test('runs nothing of an environment that it does not have', async () => {
    const cluster = new Cluster();
    const one = await cluster.node();
    const two = await cluster.node({ environments: new Set([2]) });
    const exit = await one.run(
      guest(
        `${SPAWN} (func (export "child")) (func (export "_start") (drop (call $spawn_on (i64.const 2) (text "child"))))`,
      ),
    );
    expect(exit).toMatchObject({ kind: 'trapped' });
    expect(two.output.text).toBe('');
  });

  test('says why it does not spawn', async () => {
    const cluster = new Cluster();
    const one = await cluster.node();
    await cluster.node();
    const spawn = (node: number, module: number, pointer = 16) =>
      `(call $show32 (text "code") (call $distributed.spawn (i64.const ${node}) (i64.const -1) (i64.const ${module})
        (text "nothing") (i32.const 0) (i32.const 0) (i32.const ${pointer})))`;
    await one.run(
      guest(`(func (export "_start")
        ${spawn(9, 1)} (call $print_error (i64.load (i32.const 16)))
        ${spawn(2, 77)} (call $print_error (i64.load (i32.const 16))))`),
    );
    expect(one.output.lines).toEqual([
      'code 1',
      'the cluster has no node 9',
      'code 2',
      'the cluster has no module 77',
    ]);
  });
});

describe('names in the cluster', () => {
  const OWNER = guest(`
    (func (export "_start")
      (call $show32 (text "register") (call $cluster.register (text "leader") (i32.const 16)))
      (call $print (text "ready"))
      (drop (call $receive))
      (call $show32 (text "unregister") (call $cluster.unregister (text "leader") (i32.const 16)))
      (call $print (text "gave it up"))
      (drop (call $receive)))`);
  const LOOKER = guest(`
    (func (export "_start")
      (call $show32 (text "lookup") (call $cluster.lookup (text "leader") (i32.const 32) (i32.const 40) (i32.const 16)))
      (call $show (text "node") (i64.load (i32.const 32)))
      (call $show (text "process") (i64.load (i32.const 40))))`);

  test('have one owner, as long as that lives', async () => {
    const cluster = new Cluster();
    const one = await cluster.node();
    const two = await cluster.node();
    const three = await cluster.node();
    const first = one.run(OWNER);
    await one.printed('ready');
    await three.run(LOOKER);
    expect(three.output.lines).toEqual(['lookup 0', 'node 1', 'process 1']);
    const second = two.run(OWNER);
    await two.printed('ready');
    expect(two.output.lines).toEqual(['register 1', 'ready']);
    one.tell();
    await one.printed('gave it up');
    await three.run(LOOKER);
    expect(three.output.lines.slice(3)).toEqual(['lookup 1', 'node 0', 'process 0']);
    two.tell();
    two.tell();
    await second;
    await two.run(
      guest(`(func (export "_start")
        (call $show32 (text "register") (call $cluster.register (text "leader") (i32.const 16))))`),
    );
    expect(two.output.text).toContain('register 0');
    // The process has ended, and so has its name.
    await three.run(LOOKER);
    expect(three.output.lines.slice(6)).toEqual(['lookup 1', 'node 0', 'process 0']);
    one.tell();
    await first;
  });

  test('are free when the node of their owner has left', async () => {
    const cluster = new Cluster();
    const one = await cluster.node();
    const two = await cluster.node();
    void one.run(OWNER);
    await one.printed('ready');
    await one.node.close();
    await sleep(20);
    await two.run(LOOKER);
    expect(two.output.lines).toEqual(['lookup 1', 'node 0', 'process 0']);
    void two.run(OWNER);
    await two.printed('ready');
    expect(two.output.text).toContain('register 0');
  });

  test('are given to one of twenty processes of a node who want one at once', async () => {
    const cluster = new Cluster();
    const one = await cluster.node();
    await one.run(
      guest(`
        (func (export "want")
          (call $show32 (text "register") (call $cluster.register (text "leader") (i32.const 16)))
          (call $process.sleep_ms (i64.const 300))
          (call $send (i64.const 1) (i64.const 1) (i64.const 0)))
        (func (export "_start") (local $left i32)
          (local.set $left (i32.const 20))
          (loop $more
            (drop (call $spawn (i64.const 0) (text "want")))
            (br_if $more (local.tee $left (i32.sub (local.get $left) (i32.const 1)))))
          (local.set $left (i32.const 20))
          (loop $more
            (drop (call $receive))
            (br_if $more (local.tee $left (i32.sub (local.get $left) (i32.const 1))))))`),
    );
    expect(one.output.lines.sort()).toEqual(['register 0', ...Array<string>(19).fill('register 1')]);
  });

  test('are given to one of twenty who want one at once', async () => {
    const cluster = new Cluster();
    const nodes = await Promise.all(Array.from({ length: 20 }, () => cluster.node()));
    for (const node of nodes) void node.run(OWNER);
    await Promise.all(nodes.map((node) => node.printed('ready')));
    expect(nodes.filter(({ output }) => output.text.startsWith('register 0'))).toHaveLength(1);
  });
});

describe('whatever another node sends', () => {
  /** A member of the cluster that is no node: it sends what a test wants. */
  async function stranger(cluster: Cluster, to: NodeId) {
    const heard: string[] = [];
    const transport = cluster.transports.join({
      received: (_, __, bytes) => conversation.take(bytes),
      joined: () => {},
      left: () => {},
      lost: () => {},
    });
    const conversation = new Conversation(
      (packet) => transport.send(to, 1, packet),
      {
        frame: (kind, reader) => heard.push(`${kind}: ${Buffer.from(reader.rest()).toString('hex')}`),
        broken: () => heard.push('broken'),
      },
      (flush) => flush(),
    );
    const codec = new SignalCodec(new ResourcesInTransit());
    return {
      heard,
      transport,
      say: (target: number, signal: Signal) => {
        const writer = conversation.begin(Frame.Signal);
        writer.varint(target);
        codec.write(writer, signal);
        conversation.end();
      },
    };
  }

  test('a link to a process of an environment that is not here dies at once', async () => {
    const cluster = new Cluster();
    const { node } = await cluster.node();
    const other = await stranger(cluster, node.self);
    other.say(7, { kind: 'link', peer: 5 as ProcessId, tag: tagFromGuest(9n) });
    for (let i = 0; i < 100 && other.heard.length === 0; i++) await sleep(5);
    // To process 5: the link to process 7 has died under its tag, since there is no such process.
    expect(other.heard).toEqual([`${Frame.Signal}: 050607090000000000000002`]);
  });

  test('frames in more environments than there are places take no memory', async () => {
    const cluster = new Cluster();
    const { node, output } = await cluster.node();
    const other = await stranger(cluster, node.self);
    for (let environment = 2; environment < 5000; environment++)
      other.transport.send(node.self, environment, Uint8Array.of(0, 1, 0, 0, 0, 0, 0, 0, 0, 1));
    await sleep(200);
    expect(cluster.transports.sent).toBeLessThan(5000 + 1200);
    expect(output.text).toBe('');
  });
});
