import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ProcessConfig } from '../../runtime/internal.ts';
import { mayConnect, mayListen } from '../../runtime/permissions/network-permission.ts';
import { guest } from '../support/guest.ts';
import { assemble, linesOf, type ProgramOptions, runAll, trapOf } from '../support/program.ts';

/** `_start` with a fresh config in `$c`; `body` sets it up, then `child` is spawned with it and awaited. */
const withChild = (body: string, child = '', options = {}) =>
  guest(
    `(func (export "child") ${child})
     (func (export "_start") (local $c i64) (local $code i32)
       (local.set $c (call $process.create_config))
       ${body}
       (local.set $code (call $process.spawn (i64.const 0) (local.get $c) (i64.const -1) (text "child")
         (i32.const 0) (i32.const 0) (i32.const 0)))
       (if (local.get $code)
         (then (call $write (text "refused: ")) (call $print_error (i64.load (i32.const 0))))
         (else (call $process.monitor (i64.load (i32.const 0)))
               (call $expect (call $receive) (i32.const 2)))))`,
    options,
  );
const preopen = (path: string) => `(call $wasi.config_preopen_dir (local.get $c) (text "${path}"))`;

/** A root's config. */
function rooted(change: (config: ProcessConfig) => void): ProgramOptions {
  const config = ProcessConfig.forRoot();
  change(config);
  return { config };
}

/** The config that a child runs with, by what it was given. */
async function childOf(body: string, options: ProgramOptions = {}): Promise<ProcessConfig> {
  const { root, exits } = await runAll(withChild(body), options);
  const child = exits.find(({ process }) => process !== root.process);
  if (child === undefined) throw new Error('there was no child');
  return child.process.config;
}

describe('flags', () => {
  test.each(['compile_modules', 'create_configs', 'spawn_processes'])(
    'a process without the one to %s cannot give it on; to take it away it can',
    async (name) => {
      const set = (value: number) =>
        `(call $process.config_set_can_${name} (local.get $c) (i32.const ${value}))`;
      // A child that may create configs, and whatever else is not tested.
      const others = ['compile_modules', 'spawn_processes'].filter((other) => other !== name);
      const source = guest(`
        (func (export "child") (local $c i64)
          (local.set $c (call $process.create_config))
          ${set(0)}
          (call $print (text "taken"))
          ${set(1)}
          (call $print (text "given")))
        (func (export "_start") (local $c i64)
          (local.set $c (call $process.create_config))
          (call $process.config_set_can_create_configs (local.get $c) (i32.const 1))
          ${others.map((other) => `(call $process.config_set_can_${other} (local.get $c) (i32.const 1))`).join('\n')}
          (call $process.monitor (call $spawn_with (i64.const 0) (local.get $c) (text "child")))
          (call $expect (call $receive) (i32.const 2)))`);
      const { stdout, exits } = await runAll(source);
      if (name === 'create_configs') {
        // It has this one, or it could not have made a config.
        expect(stdout.lines).toEqual(['taken', 'given']);
        return;
      }
      expect(stdout.lines).toEqual(['taken']);
      expect(exits[0]?.exit).toMatchObject({
        kind: 'trapped',
        message: expect.stringMatching(new RegExp(`may not .*cannot permit it.*can_${name}`)),
      });
    },
  );

  test('a root without one cannot give it on, except as upstream', async () => {
    const body = '(call $process.config_set_can_compile_modules (local.get $c) (i32.const 1))';
    const child = '(call $show32 (text "compile") (call $process.compile_module (blob "m") (i32.const 0)))';
    const source = withChild(body, child, { blobs: { m: await assemble('(module)') } });
    const without = (config: ProcessConfig) => {
      config.canCompileModules = false;
    };
    expect(await trapOf(source, rooted(without))).toMatch(/may not compile modules/);
    const upstream = rooted((config) => {
      without(config);
      config.upstreamPermissions = true;
    });
    expect(await linesOf(source, upstream)).toEqual(['compile 0']);
  });
});

describe('limits', () => {
  test.each([
    ['the defaults', '', 196608, 7],
    ['more', 'memory 4294967296 fuel 9', 196608, 7],
    ['as much', 'memory 196608 fuel 7', 196608, 7],
    ['less', 'memory 196607 fuel 6', 196607, 6],
  ])('a child that is given %s has no more than its parent', async (_, wanted, maxMemory, maxFuel) => {
    const body = [...wanted.matchAll(/(\w+) (\d+)/g)]
      .map(([, name, value]) => `(call $process.config_set_max_${name} (local.get $c) (i64.const ${value}))`)
      .join('\n');
    const limits = (config: ProcessConfig) => {
      config.maxMemory = 196608;
      config.maxFuel = 7;
    };
    const config = await childOf(body, rooted(limits));
    expect(config).toMatchObject({ maxMemory, maxFuel });
    const upstream = await childOf(
      body,
      rooted((root) => {
        limits(root);
        root.upstreamPermissions = true;
      }),
    );
    expect(upstream).toMatchObject({
      maxMemory: Number(/memory (\d+)/.exec(wanted)?.[1] ?? 4294967295),
      maxFuel: Number(/fuel (\d+)/.exec(wanted)?.[1] ?? 0),
    });
  });

  test('are enforced on the child of a child: memory beyond the root’s cannot be had', async () => {
    const source = guest(
      `(func (export "leaf") (call $show32 (text "grown") (memory.grow (i32.const 1))))
       (func $generation (param $name i32) (param $length i32) (local $c i64)
         (local.set $c (call $process.create_config))
         (call $process.config_set_can_spawn_processes (local.get $c) (i32.const 1))
         (call $process.config_set_can_create_configs (local.get $c) (i32.const 1))
         (call $process.config_set_max_memory (local.get $c) (i64.const 4294967295))
         (call $process.monitor (call $spawn_with (i64.const 0) (local.get $c) (local.get $name) (local.get $length)))
         (call $expect (call $receive) (i32.const 2)))
       (func (export "middle") (call $generation (text "leaf")))
       (func (export "_start") (call $generation (text "middle")))`,
      { memory: '(memory (export "memory") 2)' },
    );
    const limited = rooted((config) => {
      config.maxMemory = 2 * 65536;
    });
    expect(await linesOf(source, limited)).toEqual(['grown -1']);
    expect(await linesOf(source)).toEqual(['grown 2']);
  });

  test('on processes: a spawn beyond is refused, and possible again when one has ended', async () => {
    const source = guest(`
      (func (export "child") (drop (call $receive)))
      (func $try (local $code i32)
        (local.set $code (call $process.spawn (i64.const 0) (i64.const -1) (i64.const -1) (text "child")
          (i32.const 0) (i32.const 0) (i32.const 0)))
        (if (local.get $code)
          (then (call $print_error (i64.load (i32.const 0))))
          (else (call $show (text "child") (i64.load (i32.const 0))))))
      (func (export "_start")
        (call $try) (call $try) (call $try)
        (call $process.monitor (i64.const 2))
        (call $process.kill (i64.const 2))
        (call $expect (call $receive) (i32.const 2))
        (call $try))`);
    const limited = rooted((config) => {
      config.maxProcesses = 3;
    });
    expect(await linesOf(source, limited)).toEqual([
      'child 2',
      'child 3',
      'no more than 3 processes (max_processes; --max-processes allows more), there are 3',
      'child 4',
    ]);
  });

  test('on processes count those whose start section runs', async () => {
    const sleepy = await assemble(`(module
      (import "lunatic::process" "sleep_ms" (func $sleep (param i64)))
      (func $start (call $sleep (i64.const 20)))
      (func (export "go")) (start $start))`);
    const source = guest(
      `(func (export "spawner") (local $code i32)
         (call $expect (call $process.compile_module (blob "m") (i32.const 0)) (i32.const 0))
         (local.set $code (call $process.spawn (i64.const 0) (i64.const -1) (i64.const 0) (text "go")
           (i32.const 0) (i32.const 0) (i32.const 0)))
         (call $send (i64.const 1) (i64.const 0) (i64.extend_i32_u (local.get $code))))
       (func (export "_start")
         (drop (call $spawn (i64.const 0) (text "spawner")))
         (drop (call $spawn (i64.const 0) (text "spawner")))
         (call $show (text "code") (call $receive_value))
         (call $show (text "code") (call $receive_value)))`,
      { blobs: { m: sleepy } },
    );
    const limited = rooted((config) => {
      config.maxProcesses = 4;
    });
    expect(await linesOf(source, limited)).toEqual(['code 1', 'code 0']);
  });

  test('on unread messages: a process that leaves more is killed, and its parent told', async () => {
    // Messages of 900 bytes take 1028 each.
    const source = guest(`
      (func (export "child")
        (call $process.link (i64.const 7) (i64.const 1))
        (call $send (i64.const 1) (i64.const 5) (i64.const 0))
        (call $forever))
      (func $send_much (param $to i64)
        (call $message.create_data (i64.const 1) (i64.const 900))
        (drop (call $message.write_data (i32.const 0) (i32.const 900)))
        (call $expect (call $message.send (local.get $to)) (i32.const 0)))
      (func $forever_selective (export "busy")
        (drop (call $receive_tag (i64.const 99) (i64.const -1))))
      (func (export "_start") (local $c i64) (local $n i32)
        (call $process.die_when_link_dies (i32.const 0))
        (local.set $c (call $process.create_config))
        (call $permissions.config_set_max_mailbox (local.get $c) (i64.const 5200))
        (drop (call $spawn_with (i64.const 7) (local.get $c) (text "busy")))
        (call $process.sleep_ms (i64.const 1))
        (loop $more
          (call $send_much (i64.const 2))
          (local.set $n (i32.add (local.get $n) (i32.const 1)))
          (call $process.sleep_ms (i64.const 0))
          (br_if $more (i32.and (call $process.exists (i64.const 2)) (i32.lt_u (local.get $n) (i32.const 50)))))
        (call $show32 (text "sent") (local.get $n))
        (call $show_received (call $receive)))`);
    const { stdout, exits } = await runAll(source);
    expect(stdout.lines).toEqual(['sent 6', 'link 7']);
    expect(exits[0]?.exit).toMatchObject({
      kind: 'trapped',
      message: 'its mailbox holds more than 5200 bytes (max_mailbox; --max-mailbox allows more)',
    });
  });

  test('on unread messages count only what is unread, also of what it sends itself', async () => {
    const source = guest(`
      (func (export "_start") (local $n i32)
        (loop $more
          (call $send (i64.const 1) (i64.const 0) (i64.const 1))
          (call $send (i64.const 1) (i64.const 0) (i64.const 1))
          (drop (call $receive_value))
          (drop (call $receive_value))
          (br_if $more (i32.lt_u (local.tee $n (i32.add (local.get $n) (i32.const 1))) (i32.const 1000))))
        (call $print (text "alive"))
        (loop $flood (call $send (i64.const 1) (i64.const 0) (i64.const 1)) (br $flood)))`);
    const limited = rooted((config) => {
      config.maxMailbox = 1000;
    });
    const { stdout, exit } = await runAll(source, limited);
    expect(stdout.lines).toEqual(['alive']);
    expect(exit).toMatchObject({ kind: 'trapped', message: expect.stringContaining('max_mailbox') });
  });

  test.each(['mailbox', 'processes'])('on %s go to children, which may be given less', async (which) => {
    const [field, set] =
      which === 'mailbox'
        ? (['maxMailbox', 'config_set_max_mailbox'] as const)
        : (['maxProcesses', 'config_set_max_processes'] as const);
    const get = set.replace('set', 'get');
    const body = `(call $permissions.${set} (local.get $c) (i64.const 5))`;
    const limit = (most: number) =>
      rooted((config) => {
        config[field] = most;
      });
    expect((await childOf('', limit(9)))[field]).toBe(9);
    expect((await childOf(body, limit(9)))[field]).toBe(5);
    expect((await childOf(body, limit(4)))[field]).toBe(4);
    const shown = `
      (call $show (text "is") (call $permissions.${get} (local.get $c)))
      ${body}
      (call $show (text "is") (call $permissions.${get} (local.get $c)))`;
    expect(await linesOf(withChild(shown))).toEqual(['is -1', 'is 5']);
  });
});

describe('directories', () => {
  let folder = '';
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'lunatic-permissions-'));
    mkdirSync(join(folder, 'own/inner'), { recursive: true });
    mkdirSync(join(folder, 'other'));
    symlinkSync(join(folder, 'other'), join(folder, 'own/link'));
    symlinkSync('inner', join(folder, 'own/good'));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  const owning = (change: (config: ProcessConfig) => void = () => {}) =>
    rooted((config) => {
      const hostPath = join(folder, 'own');
      config.preopenedDirectories.push({ guestPath: hostPath, hostPath });
      change(config);
    });

  test.each([
    ['itself', 'own', 'own'],
    ['one below', 'own/inner', 'own/inner'],
    ['one by a way around', 'own/inner/../inner', 'own/inner'],
    ['a link that stays inside', 'own/good', 'own/inner'],
  ])('%s can be given to a child', async (_, path, opened) => {
    const guestPath = join(folder, 'own', '..', path);
    const config = await childOf(preopen(guestPath), owning());
    expect(config.preopenedDirectories).toEqual([{ guestPath, hostPath: join(folder, opened) }]);
  });

  test.each([
    ['beside', 'other'],
    ['above', ''],
    ['of a similar name', 'own2'],
    ['above in disguise', 'own/../other'],
    ['behind a link', 'own/link'],
    ['of the whole machine', '/'],
  ])('one %s cannot', async (_, path) => {
    const wanted = path === '/' ? '/' : `${folder}/${path}`;
    expect(await linesOf(withChild(preopen(wanted)), owning())).toEqual([
      `refused: the directory '${wanted}' is not within the directories of the process that spawns (it has ${join(folder, 'own')}; --dir gives it others)`,
    ]);
  });

  test('are refused to the children of a process that has none', async () => {
    expect(await linesOf(withChild(preopen('.')))).toEqual([
      expect.stringContaining('(it has none; --dir gives it others)'),
    ]);
  });

  test('can be any as upstream, also in a child of a child', async () => {
    const upstream = owning((config) => {
      config.upstreamPermissions = true;
    });
    const config = await childOf(preopen(join(folder, 'other')), upstream);
    expect(config.preopenedDirectories).toHaveLength(1);
    expect(config.upstreamPermissions).toBe(true);
  });

  test('arguments and variables can be any', async () => {
    const body = `
      (call $wasi.config_add_command_line_argument (local.get $c) (text "a"))
      (call $wasi.config_add_environment_variable (local.get $c) (text "k") (text "v"))`;
    expect(await childOf(body)).toMatchObject({
      commandLineArguments: ['a'],
      environmentVariables: [['k', 'v']],
    });
  });
});

describe('the network', () => {
  const rule = (name: string, text: string) =>
    `(call $expect (call $permissions.config_${name} (local.get $c) (text "${text}") (i32.const 8)) (i32.const 0))`;

  test('is open to a child, unless it is closed to its parent', async () => {
    expect(mayConnect(await childOf(''), '1.2.3.4', 5)).toBe(true);
    const parent = rooted((config) => {
      config.network = config.network.allowingConnect('10.0.0.0/8');
    });
    const child = await childOf('', parent);
    expect(mayConnect(child, '10.0.0.1', 5)).toBe(true);
    expect(mayConnect(child, '1.2.3.4', 5)).toBe(false);
    expect(mayListen(child, '0.0.0.0', 0)).toBe(false);
  });

  test('is narrowed by rules that the parent sets', async () => {
    const parent = rooted((config) => {
      config.network = config.network.allowingConnect('10.0.0.0/8').allowingListen('127.0.0.1');
      // The network is not upstream's matter: there is nothing to be compatible with.
      config.upstreamPermissions = true;
    });
    const child = await childOf(
      rule('allow_connect', '*:80') + rule('allow_listen', '*') + rule('deny_connect', '10.9.0.0/16'),
      parent,
    );
    expect(mayConnect(child, '10.0.0.1', 80)).toBe(true);
    expect(mayConnect(child, '10.9.0.1', 80)).toBe(false);
    expect(mayConnect(child, '10.0.0.1', 81)).toBe(false);
    expect(mayConnect(child, '11.0.0.1', 80)).toBe(false);
    expect(mayListen(child, '127.0.0.1', 1)).toBe(true);
    expect(mayListen(child, '127.0.0.2', 1)).toBe(false);
  });

  test('can be closed altogether', async () => {
    const child = await childOf('(call $permissions.config_deny_network (local.get $c))');
    expect(mayConnect(child, '127.0.0.1', 80)).toBe(false);
    expect(mayListen(child, '127.0.0.1', 80)).toBe(false);
  });

  test.each(['allow_connect', 'allow_listen', 'deny_connect'])(
    '%s says what is wrong with a rule, and changes nothing',
    async (name) => {
      const body = `
        (call $show32 (text "code") (call $permissions.config_${name} (local.get $c) (text "1.2.3.4:x") (i32.const 8)))
        (call $print_error (i64.load (i32.const 8)))`;
      const { stdout, exits } = await runAll(withChild(body));
      expect(stdout.lines).toEqual([
        'code 1',
        expect.stringMatching(/^'1\.2\.3\.4:x' is not a network rule: 'x'.*Write it as/),
      ]);
      expect(exits[0]?.process.config.network.parent).toBe(null);
      expect(mayConnect(exits[0]?.process.config ?? ProcessConfig.forRoot(), '9.9.9.9', 1)).toBe(true);
    },
  );

  test('cannot be restricted in 40 generations', async () => {
    const source = guest(`
      (global $depth (mut i32) (i32.const 0))
      (func $next (export "next") (local $c i64) (local $code i32)
        (local.set $c (call $process.create_config))
        (call $process.config_set_can_create_configs (local.get $c) (i32.const 1))
        (call $process.config_set_can_spawn_processes (local.get $c) (i32.const 1))
        ${rule('allow_connect', '*')}
        (local.set $code (call $process.spawn (i64.const 0) (local.get $c) (i64.const -1) (text "next")
          (i32.const 0) (i32.const 0) (i32.const 0)))
        (if (local.get $code) (then (call $print_error (i64.load (i32.const 0))))))
      (func (export "_start") (call $next))`);
    const { stdout, exits } = await runAll(source);
    expect(stdout.lines).toEqual([
      'network permissions within network permissions are nested too deep, or have too many rules',
    ]);
    expect(exits).toHaveLength(33);
  });
});

describe('unknown ids and bad pointers trap', () => {
  test.each([
    '(drop (call $permissions.config_allow_connect (i64.const 5) (text "*") (i32.const 0)))',
    '(drop (call $permissions.config_allow_listen (i64.const 5) (text "*") (i32.const 0)))',
    '(drop (call $permissions.config_deny_connect (i64.const 5) (text "*") (i32.const 0)))',
    '(call $permissions.config_deny_network (i64.const 5))',
    '(drop (call $permissions.config_allow_command (i64.const 5) (text "ls") (i32.const 0)))',
    '(call $permissions.config_set_max_processes (i64.const 5) (i64.const 0))',
    '(drop (call $permissions.config_get_max_processes (i64.const 5)))',
    '(call $permissions.config_set_max_mailbox (i64.const 5) (i64.const 0))',
    '(drop (call $permissions.config_get_max_mailbox (i64.const 5)))',
  ])('%s', async (call) => {
    expect(await trapOf(withChild(call))).toMatch(/unknown config id 5/);
  });

  test.each([
    '(drop (call $permissions.config_allow_connect (local.get $c) (text "*") (i32.const -4)))',
    '(drop (call $permissions.config_allow_listen (local.get $c) (i32.const -4) (i32.const 8) (i32.const 0)))',
    '(drop (call $permissions.config_allow_command (local.get $c) (text "ls") (i32.const -4)))',
  ])('%s', async (call) => {
    expect(await trapOf(withChild(call))).toMatch(/out of bounds/);
  });
});

describe('what configs hold', () => {
  const fill = (call: string) => `(loop $more ${call} (br $more))`;
  test.each([
    '(local.set $c (call $process.create_config)) (call $wasi.config_add_environment_variable (local.get $c) (i32.const 0) (i32.const 60000) (text "b"))',
    '(local.set $c (call $process.create_config)) (call $wasi.config_add_command_line_argument (local.get $c) (i32.const 0) (i32.const 60000))',
    '(local.set $c (call $process.create_config)) (call $wasi.config_preopen_dir (local.get $c) (i32.const 0) (i32.const 60000))',
    '(drop (call $process.create_config))',
  ])('is bounded: %s', async (call) => {
    expect(await trapOf(withChild(fill(call)))).toMatch(/can have 67108864 characters at most; drop those/);
  });

  test.each([
    '(call $wasi.config_add_environment_variable (local.get $c) (i32.const 0) (i32.const 60000) (text "b"))',
    '(call $wasi.config_add_command_line_argument (local.get $c) (i32.const 0) (i32.const 60000))',
  ])('is bounded for each of them: %s', async (call) => {
    expect(await trapOf(withChild(fill(call)))).toMatch(/a config can have 4194304 characters at most/);
  });

  test('counts only as long as they are held', async () => {
    const body = `(loop $more
      (local.set $c (call $process.create_config))
      (call $wasi.config_add_command_line_argument (local.get $c) (i32.const 0) (i32.const 60000))
      (call $process.drop_config (local.get $c))
      (br_if $more (i64.lt_u (local.get $c) (i64.const 2000))))
      (local.set $c (call $process.create_config))`;
    expect((await childOf(body)).commandLineArguments).toEqual([]);
  });
});

describe('programs', () => {
  test('can be given on by those who have them, under the same name', async () => {
    const commands = new Map([
      ['git', '/usr/bin/git'],
      ['ls', '/bin/ls'],
    ]);
    const parent = rooted((config) => {
      config.commands = commands;
    });
    const body = `
      (call $show32 (text "git") (call $permissions.config_allow_command (local.get $c) (text "git") (i32.const 8)))
      (call $show32 (text "sh") (call $permissions.config_allow_command (local.get $c) (text "sh") (i32.const 8)))
      (call $print_error (i64.load (i32.const 8)))`;
    expect([...(await childOf('', parent)).commands]).toEqual([]);
    expect([...(await childOf(body, parent)).commands]).toEqual([['git', '/usr/bin/git']]);
    expect(await linesOf(withChild(body), parent)).toEqual([
      'git 0',
      'sh 1',
      "this process may not run 'sh' (OS programs that its config allows: git, ls; --allow-command allows others)",
    ]);
  });
});
