import { execFileSync } from 'node:child_process';
import { createReadStream, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { constants, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { ProcessConfig } from '../../runtime/internal.ts';
import { findPrograms } from '../../runtime/programs/find-programs.ts';
import { guest } from '../support/guest.ts';
import { Feed, linesOf, type ProgramOptions, run, start, trapOf } from '../support/program.ts';

/** Memory of the guests here: 0x100 out cell, 0x200 status, 0x1000-0x8000 buffer. */
const HELPERS = `
  (func $say_error (call $print_error (i64.load (i32.const 0x100))))
  (func $command (param $name i32) (param $length i32) (result i64)
    (if (call $command.create (local.get $name) (local.get $length) (i32.const 0x100))
      (then (call $say_error) (call $proc_exit (i32.const 0))))
    (i64.load (i32.const 0x100)))
  (func $sh (param $script i32) (param $length i32) (result i64) (local $c i64)
    (local.set $c (call $command (text "sh")))
    (call $command.add_argument (local.get $c) (text "-c"))
    (call $command.add_argument (local.get $c) (local.get $script) (local.get $length))
    (local.get $c))
  (func $begin (param $c i64) (result i64)
    (if (call $command.spawn (local.get $c) (i32.const 0x100)) (then (call $say_error) (call $proc_exit (i32.const 0))))
    (i64.load (i32.const 0x100)))
  (func $await (param $p i64)
    (if (call $command.wait (local.get $p) (i64.const -1) (i32.const 0x200))
      (then (call $print_error (i64.load (i32.const 0x200))) (return)))
    (call $write (text "code ")) (call $write_i64 (i64.load32_u (i32.const 0x200)))
    (call $show32 (text " signal") (i32.load (i32.const 0x204))))
  (func $read (param $p i64) (param $stream i32) (result i32)
    (call $expect (call $command.read (local.get $p) (local.get $stream) (i32.const 0x1000) (i32.const 0x7000)
      (i64.const -1) (i32.const 0x100)) (i32.const 0))
    (i32.load (i32.const 0x100)))
  (func $print_all (param $p i64) (param $stream i32) (local $n i32)
    (loop $more
      (local.set $n (call $read (local.get $p) (local.get $stream)))
      (call $write (i32.const 0x1000) (local.get $n))
      (br_if $more (local.get $n))))
  (func $mode (param $c i64) (param $stream i32) (param $mode i32)
    (call $command.set_stream (local.get $c) (local.get $stream) (local.get $mode)))`;

/** A guest with `$c` and `$p` for a command and a program. */
const program = (body: string, more = '') =>
  guest(`${HELPERS} ${more}
    (func (export "_start") (local $c i64) (local $p i64) (local $n i32) (local $code i32) ${body})`);
const sh = (script: string) => `(local.set $c (call $sh (text "${script}")))`;
const mode = (stream: number, which: number) =>
  `(call $mode (local.get $c) (i32.const ${stream}) (i32.const ${which}))`;
const BEGIN = '(local.set $p (call $begin (local.get $c)))';
const WAIT = '(call $await (local.get $p))';
const all = (stream: number) => `(call $print_all (local.get $p) (i32.const ${stream}))`;

const [INHERITED, STREAMED, CAPTURED] = [1, 2, 3];

describe.skipIf(process.platform === 'win32')('lunatic::command', () => {
  let folder = '';
  let fifos = 0;
  beforeAll(() => {
    folder = realpathSync(mkdtempSync(join(tmpdir(), 'lunatic-command-')));
    mkdirSync(join(folder, 'inner'));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  /** A config that allows these programs. */
  function allowing(...names: string[]): ProgramOptions {
    const config = ProcessConfig.forRoot();
    config.commands = findPrograms(names);
    config.preopenedDirectories.push({ guestPath: folder, hostPath: folder });
    return { config };
  }
  /** A config that allows these programs, and the host to keep so much. */
  function limited(bytes: number, ...names: string[]): ProgramOptions {
    const options = allowing(...names);
    if (options.config !== undefined) options.config.maxHostMemory = bytes;
    return options;
  }
  /** A config that allows these variables and programs. */
  function setting(variables: string[], ...names: string[]): ProgramOptions {
    const options = allowing(...names);
    if (options.config !== undefined) options.config.commandVariables = new Set(variables);
    return options;
  }
  afterEach(() => vi.unstubAllEnvs());
  const lines = (source: string, options = allowing('sh')) => linesOf(source, options);

  /** A pipe with a name; `closed` settles when nobody who had it open for writing is left. */
  function fifo(): { path: string; opened: Promise<void>; closed: Promise<void> } {
    const path = join(folder, `fifo${++fifos}`);
    execFileSync('mkfifo', [path]);
    const stream = createReadStream(path);
    stream.resume();
    const opened = new Promise<void>((done) => stream.on('data', () => done()));
    const closed = new Promise<void>((done) => stream.on('end', done));
    return { path, opened, closed };
  }

  describe('what may run', () => {
    test('is nothing, unless the config allows it', async () => {
      const source = program('(drop (call $command (text "sh")))');
      expect(await saidBy(source, {})).toEqual([
        "this process may not run 'sh' (OS programs that its config allows: none; --allow-command allows others)",
      ]);
      expect(await saidBy(source, allowing('cat'))).toEqual([
        "this process may not run 'sh' (OS programs that its config allows: cat; --allow-command allows others)",
      ]);
    });

    test('is named as it was allowed, or by its path; not by a similar one', async () => {
      const [path = ''] = findPrograms(['sh']).values();
      const options = allowing('sh');
      const code = (name: string) =>
        `(call $show32 (text "code") (call $command.create (text "${name}") (i32.const 0x100)))`;
      expect(await lines(program(code('sh') + code(path)), options)).toEqual(['code 0', 'code 0']);
      for (const name of ['./sh', `${path}/../sh`, 'SH', 'sh ', '', 'cat'])
        expect(await lines(program(code(name)), options)).toEqual(['code 1']);
    });

    test('is not inherited: children must be allowed it', async () => {
      const source = guest(`${HELPERS}
        (func (export "child") (local $c i64) (local $p i64)
          ${sh('exit 3')} ${BEGIN} ${WAIT})
        (func $with (param $config i64)
          (call $process.monitor (call $spawn_with (i64.const 0) (local.get $config) (text "child")))
          (call $expect (call $receive) (i32.const 2)))
        (func (export "_start") (local $k i64)
          (local.set $k (call $process.create_config))
          (call $wasi.config_preopen_dir (local.get $k) (text "${folder}"))
          (call $with (local.get $k))
          (call $expect (call $permissions.config_allow_command (local.get $k) (text "sh") (i32.const 0x100)) (i32.const 0))
          (call $with (local.get $k))
          (call $with (i64.const -1)))`);
      expect(await lines(source)).toEqual([
        "this process may not run 'sh' (OS programs that its config allows: none; --allow-command allows others)",
        'code 3 signal 0',
        'code 3 signal 0',
      ]);
    });
  });

  describe('starting', () => {
    test('arguments arrive as they are: no shell looks at them', async () => {
      const words = ['', 'two words', '$HOME `id` ; | & *', '"\\27', 'ümläut', '--'];
      const body = `${sh('for a; do echo "[$a]"; done'.replaceAll('"', '\\22'))}
        (call $command.add_argument (local.get $c) (text "sh"))
        ${words.map((word) => `(call $command.add_argument (local.get $c) (text "${word.replaceAll('"', '\\22')}"))`).join('\n')}
        ${mode(1, CAPTURED)} ${BEGIN} ${all(1)}`;
      expect(await lines(program(body))).toEqual([
        '[]',
        '[two words]',
        '[$HOME `id` ; | & *]',
        '["\']',
        '[ümläut]',
        '[--]',
      ]);
    });

    test('the environment is empty but for PATH and what is set', async () => {
      const body = `
        (local.set $c (call $command (text "env")))
        (call $command.add_environment_variable (local.get $c) (text "B") (text "1=2"))
        (call $command.add_environment_variable (local.get $c) (text "B") (text "3 4"))
        (call $command.add_environment_variable (local.get $c) (text "EMPTY") (text ""))
        ${mode(1, CAPTURED)} ${BEGIN} ${all(1)}`;
      vi.stubEnv('PATH', '/usr/bin:/bin');
      vi.stubEnv('GIT_SSH_COMMAND', 'of this OS process');
      const printed = await lines(program(body), setting(['B', 'EMPTY'], 'env'));
      expect(printed.sort()).toEqual(['B=3 4', 'EMPTY=', 'PATH=/usr/bin:/bin']);
    });

    test.each([
      ...['PATH', 'LD_PRELOAD', 'NODE_OPTIONS', 'BASH_ENV', 'ENV', 'IFS', 'HOME'],
      ...[
        'BASH_FUNC_echo%%',
        'PYTHONUSERBASE',
        'GIT_SSH_COMMAND',
        'GIT_CONFIG_COUNT',
        'EDITOR',
        'lang',
        'LANG ',
      ],
    ])('the variable %j cannot be set unless it is allowed', async (name) => {
      const body = `(local.set $c (call $command (text "printenv")))
        (call $command.add_argument (local.get $c) (text "${name}")) ${mode(1, CAPTURED)}
        (call $command.add_environment_variable (local.get $c) (text "${name}") (text "it")) ${BEGIN} ${all(1)}`;
      expect(await saidBy(program(body), setting(['LANG', 'TZ'], 'printenv'))).toEqual([
        `this process may not set the environment variable '${name}' of OS programs (those that its config allows: LANG, TZ; --allow-command-env allows others)`,
      ]);
      expect(await lines(program(body), setting([name], 'printenv'))).toEqual(['it']);
    });

    test.each([
      ['A=B', 'c'],
      ['', 'c'],
      ['A', 'b\\00c'],
    ])('%j with the value %j is no variable', async (key, value) => {
      const body = `${sh('true')}
        (call $command.add_environment_variable (local.get $c) (text "${key}") (text "${value}")) ${BEGIN}`;
      expect(await saidBy(program(body), setting([key, 'A'], 'sh'))).toEqual([
        expect.stringContaining('cannot be an environment variable'),
      ]);
    });

    test('no folder of the PATH is one where guests may write because it depends on the current directory', async () => {
      const inGuestFolder = join(folder, 'tool');
      writeFileSync(inGuestFolder, '#!/bin/sh\necho evil\n', { mode: 0o755 });
      const body = `${sh('tool 2>/dev/null || echo none; echo $PATH')} ${mode(1, CAPTURED)} ${BEGIN} ${all(1)}`;
      for (const path of [
        ':/usr/bin:/bin',
        '.:/usr/bin:/bin',
        '/usr/bin:/bin:',
        'inner/..:/usr/bin::/bin:./',
      ]) {
        vi.stubEnv('PATH', path);
        expect(await lines(program(body))).toEqual(['none', '/usr/bin:/bin']);
      }
      rmSync(inGuestFolder);
    });

    test('children may set only what their parent names, of what it may set itself', async () => {
      const printsZone = `${sh('echo $TZ')} ${mode(1, CAPTURED)}
        (call $command.add_environment_variable (local.get $c) (text "TZ") (text "UTC")) ${BEGIN} ${all(1)}`;
      const source = guest(`${HELPERS}
        (func (export "child") (local $c i64) (local $p i64) ${printsZone})
        (func $with (param $config i64)
          (call $process.monitor (call $spawn_with (i64.const 0) (local.get $config) (text "child")))
          (call $expect (call $receive) (i32.const 2)))
        (func $allow (param $k i64) (param $name i32) (param $length i32)
          (if (call $permissions.config_allow_command_env (local.get $k) (local.get $name) (local.get $length) (i32.const 0x100))
            (then (call $say_error))))
        (func (export "_start") (local $k i64)
          (local.set $k (call $process.create_config))
          (call $expect (call $permissions.config_allow_command (local.get $k) (text "sh") (i32.const 0x100)) (i32.const 0))
          (call $allow (local.get $k) (text "PATH"))
          (call $with (local.get $k))
          (call $allow (local.get $k) (text "TZ"))
          (call $with (local.get $k))
          (call $with (i64.const -1)))`);
      expect(await lines(source, setting(['TZ'], 'sh'))).toEqual([
        "this process may not set the environment variable 'PATH' of OS programs (those that its config allows: TZ; --allow-command-env allows others)",
        "this process may not set the environment variable 'TZ' of OS programs (those that its config allows: none; --allow-command-env allows others)",
        'UTC',
        'UTC',
      ]);
    });

    test('runs in the first directory of the process, or in one within its directories', async () => {
      const pwd = (directory: string | null) =>
        program(`${sh('pwd -P')}
          ${directory === null ? '' : `(call $command.set_directory (local.get $c) (text "${directory}"))`}
          ${mode(1, CAPTURED)} ${BEGIN} ${all(1)}`);
      expect(await lines(pwd(null))).toEqual([folder]);
      expect(await lines(pwd(join(folder, 'inner')))).toEqual([join(folder, 'inner')]);
      for (const outside of ['/', join(folder, '..'), '.']) {
        expect(await saidBy(pwd(outside), allowing('sh'))).toEqual([
          `the directory '${outside}' is not within the directories of this process (--dir gives it others)`,
        ]);
      }
      const none = allowing('sh');
      none.config?.preopenedDirectories.splice(0);
      expect(await lines(pwd(null), none)).toEqual(['/']);
    });

    test('a program that is gone, or cannot be run, is an error', async () => {
      const source = program(`(local.set $c (call $command (text "gone"))) ${BEGIN}`);
      const config = ProcessConfig.forRoot();
      config.commands = new Map([['gone', join(folder, 'gone')]]);
      expect(await saidBy(source, { config })).toEqual([expect.stringMatching(/^spawn .*gone ENOENT$/)]);
      config.commands = new Map([['gone', folder]]);
      expect(await saidBy(source, { config })).toEqual([expect.stringMatching(/^spawn .* EACCES$/)]);
    });

    test('an argument with a NUL byte is one; more than a mebibyte of them traps', async () => {
      const nul = `${sh('true')} (call $command.add_argument (local.get $c) (text "a\\00b")) ${BEGIN}`;
      expect(await saidBy(program(nul), allowing('sh'))).toEqual(['an argument contains a NUL byte']);
      const much = `${sh('true')} (loop $again
        (call $command.add_argument (local.get $c) (i32.const 0x1000) (i32.const 0x7000)) (br $again))`;
      expect(await trapOf(program(much), allowing('sh'))).toMatch(/more than 1048576 characters/);
    });

    test('a process has at most 64 commands', async () => {
      const source = program(`(loop $again (drop (call $command (text "sh"))) (br $again))`);
      expect(await saidBy(source, allowing('sh'))).toEqual([
        'a process can have 64 commands; drop those that were used',
      ]);
    });
  });

  describe('the end', () => {
    test.each([
      ['exit 0', 'code 0 signal 0'],
      ['exit 7', 'code 7 signal 0'],
      ['exit 255', 'code 255 signal 0'],
      ['kill -TERM $$', `code 0 signal ${constants.signals.SIGTERM}`],
      ['kill -KILL $$', `code 0 signal ${constants.signals.SIGKILL}`],
    ])('of %s is %s, however often it is asked for', async (script, status) => {
      expect(await lines(program(sh(script) + BEGIN + WAIT + WAIT))).toEqual([status, status]);
    });

    test('is waited for while other processes run', async () => {
      const source = program(
        `${sh('read line; exit 5')} ${mode(0, STREAMED)} ${BEGIN}
         (drop (call $spawn (i64.const 0) (text "other")))
         (call $print (text "waiting"))
         (call $show32 (text "early") (call $command.wait (local.get $p) (i64.const 0) (i32.const 0x200)))
         (call $expect (call $command.write (local.get $p) (text "go\\n") (i64.const -1) (i32.const 0x100)) (i32.const 0))
         ${WAIT}`,
        '(func (export "other") (call $print (text "other")))',
      );
      expect(await lines(source)).toEqual(['waiting', 'other', 'early 9027', 'code 5 signal 0']);
    });

    test('can be caused by a signal; after it none can be sent', async () => {
      const kill = (signal: number) =>
        `(if (call $command.kill (local.get $p) (i32.const ${signal}) (i32.const 0x100))
           (then (call $say_error)) (else (call $print (text "sent"))))`;
      const body = `${sh("trap 'exit 9' TERM; echo; while :; do sleep 60 & wait; done")}
        ${mode(1, STREAMED)} ${BEGIN} (drop (call $read (local.get $p) (i32.const 1)))
        ${kill(0)} ${kill(-1)} ${kill(65)} ${kill(constants.signals.SIGTERM)} ${WAIT} ${kill(0)}`;
      expect(await lines(program(body))).toEqual([
        'sent',
        'there is no OS signal -1',
        'there is no OS signal 65',
        'sent',
        'code 9 signal 0',
        'the OS program has ended',
      ]);
    });

    test('takes what the program has left behind along', async () => {
      const { path, opened, closed } = fifo();
      const body = `${sh(`(echo; exec sleep 1000) > ${path} & read line`)} ${mode(0, STREAMED)} ${BEGIN}
        (drop (call $receive))
        (call $command.close_input (local.get $p)) ${WAIT}
        (call $forever)`;
      const running = await start(program(body), allowing('sh'));
      await opened;
      sendTo(running);
      await closed;
      expect(running.stdout.lines).toEqual(['code 1 signal 0']);
      running.root.stop();
    });
  });

  describe('a program ends', () => {
    /** Runs until its program has written to the pipe, which its own child holds as well; then ends it somehow. */
    async function ends(body: string, how: (running: Awaited<ReturnType<typeof start>>) => void) {
      const { path, opened, closed } = fifo();
      const source = program(`${sh(`exec > ${path}; sleep 1000 & echo; wait`)} ${BEGIN} ${body}`);
      const running = await start(source, allowing('sh'));
      await opened;
      how(running);
      await closed;
      return running;
    }

    test('with its owner that returns', async () => {
      await ends('(drop (call $receive))', sendTo);
    });

    test('with its owner that traps', async () => {
      await ends('(drop (call $receive)) unreachable', sendTo);
    });

    test('with its owner that is killed while it waits for it', async () => {
      const { root, exits } = await ends(WAIT, (running) => running.root.stop());
      await root.ended;
      expect(exits.map(({ exit }) => exit.kind)).toEqual(['killed']);
    });

    test('when it is dropped, and its id is unknown then', async () => {
      const { root } = await ends(
        '(drop (call $receive)) (call $command.drop_program (local.get $p)) (call $await (local.get $p))',
        sendTo,
      );
      expect(await root.ended).toMatchObject({
        kind: 'trapped',
        message: expect.stringContaining('unknown OS program id 0'),
      });
    });
  });

  describe('streams', () => {
    test('are null unless told otherwise', async () => {
      expect(await lines(program(sh('cat; echo nothing; echo nothing >&2') + BEGIN + WAIT))).toEqual([
        'code 0 signal 0',
      ]);
    });

    test('inherited ones are those of the process', async () => {
      const body = `${sh('read line; echo "out $line"; echo err >&2'.replaceAll('"', '\\22'))}
        ${mode(0, INHERITED)} ${mode(1, INHERITED)} ${mode(2, INHERITED)} ${BEGIN} ${WAIT}`;
      const input = new Feed();
      input.push('hello\n');
      const { stdout, stderr } = await run(program(body), { ...allowing('sh'), input });
      expect(stdout.lines).toEqual(['out hello', 'code 0 signal 0']);
      expect(stderr.lines).toEqual(['err']);
      expect(input.waiting).toBe(0);
    });

    test('inherited input ends where that of the process ends', async () => {
      const input = new Feed();
      input.push('a\nb\n');
      input.end();
      const body = `${sh('cat')} ${mode(0, INHERITED)} ${mode(1, CAPTURED)} ${BEGIN} ${all(1)} ${WAIT}`;
      expect(await lines(program(body), { ...allowing('sh'), input })).toEqual(['a', 'b', 'code 0 signal 0']);
    });

    test('inherited input is had by programs of children, too, and the rest by the parent', async () => {
      const input = new Feed();
      input.push('a\n');
      const child = `(func (export "child") (local $c i64) (local $p i64)
        ${sh('cat')} ${mode(0, INHERITED)} ${mode(1, STREAMED)} ${BEGIN}
        (call $write (i32.const 0x1000) (call $read (local.get $p) (i32.const 1)))
        (drop (call $command.kill (local.get $p) (i32.const 9) (i32.const 0x300))) ${WAIT})`;
      const body = `(call $run (text "child")) ${sh('cat')} ${mode(0, INHERITED)} ${mode(1, CAPTURED)} ${BEGIN}
        (call $print (text "next")) ${all(1)} ${WAIT}`;
      const running = await start(program(body, child), { ...allowing('sh'), input });
      while (!running.stdout.text.includes('next')) await new Promise((turn) => setImmediate(turn));
      input.push('b\n');
      input.end();
      await running.root.ended;
      expect(running.stdout.lines).toEqual(['a', 'code 0 signal 9', 'next', 'b', 'code 0 signal 0']);
    });

    test('are written and read in turns', async () => {
      const say = (word: string) => `
        (call $expect (call $command.write (local.get $p) (text "${word}\\n") (i64.const -1) (i32.const 0x100)) (i32.const 0))
        (call $show (text "wrote") (i64.load (i32.const 0x100)))
        (call $write (i32.const 0x1000) (call $read (local.get $p) (i32.const 1)))`;
      const body = `(local.set $c (call $command (text "cat"))) ${mode(0, STREAMED)} ${mode(1, STREAMED)} ${BEGIN}
        ${say('one')} ${say('three')} (call $command.close_input (local.get $p)) ${all(1)} ${WAIT}`;
      expect(await lines(program(body), allowing('cat'))).toEqual([
        'wrote 4',
        'one',
        'wrote 6',
        'three',
        'code 0 signal 0',
      ]);
    });

    test('both outputs are apart', async () => {
      const body = `${sh('echo a; echo b >&2; echo c; echo d >&2')} ${mode(1, CAPTURED)} ${mode(2, CAPTURED)} ${BEGIN}
        ${all(2)} ${all(1)} ${WAIT}`;
      expect(await lines(program(body))).toEqual(['b', 'd', 'a', 'c', 'code 0 signal 0']);
    });

    test.runIf(process.platform === 'linux')(
      'a program that prints faster than it is read has to wait',
      async () => {
        // Asked with a signal, dd says how much it has copied.
        const body = `
          (local.set $c (call $command (text "dd")))
          (call $command.add_argument (local.get $c) (text "if=/dev/zero"))
          (call $command.add_argument (local.get $c) (text "bs=1024"))
          ${mode(1, STREAMED)} ${mode(2, STREAMED)} ${BEGIN}
          (call $show32 (text "early") (call $command.wait (local.get $p) (i64.const 200) (i32.const 0x200)))
          (call $expect (call $command.kill (local.get $p) (i32.const ${constants.signals.SIGUSR1}) (i32.const 0x100)) (i32.const 0))
          (call $write (i32.const 0x1000) (call $read (local.get $p) (i32.const 2)))`;
        const [early, copied = ''] = await lines(program(body), allowing('dd'));
        expect(early).toBe('early 9027');
        expect(Number(/^(\d+)\+\d records/.exec(copied)?.[1])).toBeLessThan(1000);
      },
    );

    test('a process that writes faster than the program reads has to wait, and can give up', async () => {
      const body = `
        ${sh('read line; exec cat > /dev/null')} ${mode(0, STREAMED)} ${BEGIN}
        (loop $again
          (local.set $n (i32.add (local.get $n) (i32.const 1)))
          (local.set $code (call $command.write (local.get $p) (i32.const 0x1000) (i32.const 0x7000) (i64.const 20) (i32.const 0x100)))
          (br_if $again (i32.eqz (local.get $code))))
        (call $show32 (text "code") (local.get $code))
        (call $show32 (text "few") (i32.lt_u (local.get $n) (i32.const 100)))
        (call $expect (call $command.kill (local.get $p) (i32.const 9) (i32.const 0x100)) (i32.const 0))
        ${WAIT}
        (loop $closed (br_if $closed (i32.ne (i32.const 1)
          (call $command.write (local.get $p) (text "x") (i64.const -1) (i32.const 0x100)))))
        (call $say_error)`;
      const source = program(body);
      expect(await lines(source)).toEqual([
        'code 9027',
        'few 1',
        `code 0 signal ${constants.signals.SIGKILL}`,
        'the standard input of the OS program is closed',
      ]);
    });

    test('a program that no longer reads is an error for its writer', async () => {
      const body = `
        ${sh('exec < /dev/null; echo; read line; sleep 1000')} ${mode(0, STREAMED)} ${mode(1, STREAMED)} ${BEGIN}
        (drop (call $read (local.get $p) (i32.const 1)))
        (loop $again
          (br_if $again (i32.eqz (call $command.write (local.get $p) (text "x") (i64.const -1) (i32.const 0x100)))))
        (call $say_error)`;
      expect(await lines(program(body))).toEqual(['the standard input of the OS program is closed']);
    });

    test('a mebibyte goes through, whatever the sizes of reads and writes', async () => {
      // The writer is the program's owner; cat's output is captured, so that neither waits for the other.
      const body = `
        (local.set $c (call $command (text "cat"))) ${mode(0, STREAMED)} ${mode(1, CAPTURED)}
        (call $command.set_capture_limit (local.get $c) (i64.const 2000000)) ${BEGIN}
        (loop $fill
          (i32.store (i32.add (i32.const 0x1000) (local.get $n)) (local.get $n))
          (br_if $fill (i32.lt_u (local.tee $n (i32.add (local.get $n) (i32.const 4))) (i32.const 0x7000))))
        (local.set $n (i32.const 0))
        (loop $again
          (call $expect (call $command.write (local.get $p) (i32.const 0x1000) (i32.const 0x7000) (i64.const -1) (i32.const 0x100)) (i32.const 0))
          (call $expect (i32.load (i32.const 0x100)) (i32.const 0x7000))
          (br_if $again (i32.lt_u (local.tee $n (i32.add (local.get $n) (i32.const 1))) (i32.const 40))))
        (call $command.close_input (local.get $p))
        ${WAIT}
        (local.set $n (i32.const 0))
        (loop $read
          (local.set $code (call $read (local.get $p) (i32.const 1)))
          (local.set $n (i32.add (local.get $n) (local.get $code)))
          (br_if $read (local.get $code)))
        (call $show32 (text "bytes") (local.get $n))`;
      const source = program(body);
      expect(await lines(source, allowing('cat'))).toEqual(['code 0 signal 0', `bytes ${40 * 0x7000}`]);
    });

    test('a program that prints more than may be captured is killed', async () => {
      const body = `${sh('while echo 0123456789; do :; done')} ${mode(1, CAPTURED)}
        (call $command.set_capture_limit (local.get $c) (i64.const 1000)) ${BEGIN} ${WAIT}`;
      expect(await lines(program(body))).toEqual([
        'the OS program printed more than 1000 bytes to its standard output, and was killed',
      ]);
    });

    test('what is captured counts for the process, against max_host_memory', async () => {
      const body = `${sh('while echo 0123456789; do :; done')} ${mode(1, CAPTURED)}
        (call $command.set_capture_limit (local.get $c) (i64.const 10000000)) ${BEGIN} ${WAIT}`;
      expect(await lines(program(body), limited(2 ** 17, 'sh'))).toEqual([
        expect.stringMatching(
          /^the OS program was killed, since its standard output is kept: .*max_host_memory/,
        ),
      ]);
    });

    test('captured output counts until it has been read, or its program is dropped', async () => {
      const print = `${sh('head -c 100000 /dev/zero')} ${mode(1, CAPTURED)} ${BEGIN} ${WAIT}`;
      const body = `${print} (loop $more (br_if $more (call $read (local.get $p) (i32.const 1))))
        ${print} (call $command.drop_program (local.get $p))`;
      const options = limited(2 ** 19, 'sh');
      expect(await lines(program(body.repeat(4)), options)).toEqual(new Array(8).fill('code 0 signal 0'));
    });

    test('words of commands count, too', async () => {
      const long = `(call $command.add_argument (call $command (text "sh")) (i32.const 0x1000) (i32.const 60000))`;
      const options = limited(2 ** 20, 'sh');
      expect(await trapOf(program(long.repeat(10)), options)).toMatch(/max_host_memory/);
      const dropped = `(local.set $c (call $command (text "sh")))
        (call $command.add_argument (local.get $c) (i32.const 0x1000) (i32.const 60000))
        (call $command.drop_command (local.get $c))`;
      expect(await lines(program(dropped.repeat(10)), options)).toEqual([]);
    });

    test('nothing to read in time is code 9027, and what comes later is there', async () => {
      const body = `${sh('read line; echo $line')} ${mode(0, STREAMED)} ${mode(1, STREAMED)} ${BEGIN}
        (call $show32 (text "code") (call $command.read (local.get $p) (i32.const 1) (i32.const 0x1000)
          (i32.const 10) (i64.const 0) (i32.const 0x100)))
        (call $expect (call $command.write (local.get $p) (text "late\\n") (i64.const -1) (i32.const 0x100)) (i32.const 0))
        ${all(1)}`;
      expect(await lines(program(body))).toEqual(['code 9027', 'late']);
    });

    test('a stream that a daemon keeps open does not delay the end', async () => {
      const body = `${sh('setsid sleep 5 & echo done')} ${mode(1, INHERITED)} ${BEGIN} ${WAIT}`;
      expect(await lines(program(body))).toEqual(['done', 'code 0 signal 0']);
    });
  });

  describe('wrong use traps', () => {
    const CALLS: [string, RegExp][] = [
      ['(call $command.drop_command (i64.const 9))', /unknown command id 9/],
      ['(call $command.add_argument (i64.const 9) (text "a"))', /unknown command id 9/],
      [
        '(call $command.add_environment_variable (i64.const 9) (text "a") (text "b"))',
        /unknown command id 9/,
      ],
      ['(call $command.set_directory (i64.const 9) (text "a"))', /unknown command id 9/],
      ['(call $command.set_stream (i64.const 9) (i32.const 0) (i32.const 0))', /unknown command id 9/],
      ['(call $command.set_capture_limit (i64.const 9) (i64.const 0))', /unknown command id 9/],
      ['(drop (call $command.spawn (i64.const 9) (i32.const 0)))', /unknown command id 9/],
      ['(drop (call $command.process_id (i64.const 9)))', /unknown OS program id 9/],
      ['(call $command.drop_program (i64.const 9))', /unknown OS program id 9/],
      [
        '(drop (call $command.write (i64.const 9) (text "a") (i64.const 0) (i32.const 0)))',
        /unknown OS program id 9/,
      ],
      ['(call $command.close_input (i64.const 9))', /unknown OS program id 9/],
      [
        '(drop (call $command.read (i64.const 9) (i32.const 1) (text "a") (i64.const 0) (i32.const 0)))',
        /unknown OS program id 9/,
      ],
      ['(drop (call $command.wait (i64.const 9) (i64.const 0) (i32.const 0)))', /unknown OS program id 9/],
      ['(drop (call $command.kill (i64.const 9) (i32.const 0) (i32.const 0)))', /unknown OS program id 9/],
      ['(drop (call $command.create (text "\\ff") (i32.const 0)))', /not UTF-8/],
      ['(drop (call $command.create (text "sh") (i32.const -1)))', /out of bounds/],
      [`${sh('true')} ${mode(3, 0)}`, /streams 0, 1 and 2, not 3/],
      [`${sh('true')} ${mode(1, 4)}`, /stream 1 .* mode 4/],
      [`${sh('true')} ${mode(0, 3)}`, /stream 0 .* mode 3/],
      [`${sh('true')} (drop (call $command.spawn (local.get $c) (i32.const -1)))`, /out of bounds/],
      [`${sh('true')} ${BEGIN} (call $command.close_input (local.get $p))`, /not streamed/],
      [
        `${sh('true')} ${BEGIN} (drop (call $command.write (local.get $p) (text "a") (i64.const 0) (i32.const 0)))`,
        /not streamed/,
      ],
      [
        `${sh('true')} ${BEGIN} (drop (call $command.read (local.get $p) (i32.const 1) (text "a") (i64.const 0) (i32.const 0)))`,
        /stream 1 .* neither streamed .* nor captured/,
      ],
      [
        `${sh('true')} ${mode(1, STREAMED)} ${BEGIN}
         (drop (call $command.read (local.get $p) (i32.const 1) (i32.const -9) (i32.const 20) (i64.const 0) (i32.const 0)))`,
        /out of bounds/,
      ],
      [
        `${sh('true')} ${BEGIN} (drop (call $command.wait (local.get $p) (i64.const 0) (i32.const -9)))`,
        /out of bounds/,
      ],
    ];
    test.each(CALLS)('%s', async (body, message) => {
      expect(await trapOf(program(body), allowing('sh'))).toMatch(message);
    });
  });

  /** Lines of a guest that may end by `proc_exit(0)`. */
  async function saidBy(source: string, options: ProgramOptions): Promise<string[]> {
    const { stdout, exit } = await run(source, options);
    expect(exit).toMatchObject(exit.kind === 'exited' ? { code: 0 } : { kind: 'returned' });
    return stdout.lines;
  }
});

/** Sends an empty message to the root process. */
function sendTo({ root }: Awaited<ReturnType<typeof start>>): void {
  root.environment.router.deliver(root.process.id, { kind: 'process-died', peer: root.process.id });
}
