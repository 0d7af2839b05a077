import { describe, expect, test } from 'vitest';
import { outsideOfLaunch, outsideOfOptions, questionText } from '../../../extension/node/outside-sandbox.ts';

const found = (config: Record<string, unknown>) =>
  outsideOfLaunch(config, '/project').map(({ what, value }) => `${what}: ${value}`);

describe.skipIf(process.platform === 'win32')(
  'what a launch configuration runs outside of the sandbox',
  () => {
    test('is nothing, where it brings a module and what the sandbox gives it', () => {
      const env = { COLOUR: 'blue', DEBUG: null, PATHS: 'x', PATH: null, ALDERAAN_LD_: '' };
      const runtimeArgs = [
        '--no-net',
        '--max-memory',
        '64M',
        '--plugins',
        '-plugin',
        '--env=X=--plugin',
        '--core-dump',
      ];
      expect(found({ program: 'app.wasm', args: ['--plugin', 'x'], dirs: ['/'], env, runtimeArgs })).toEqual(
        [],
      );
      expect(found({ trace: true })).toEqual([]);
      expect(found({ runtime: '', lunatic: null, runtimeArgs: '--plugin', env: ['PATH'] })).toEqual([]);
    });

    test.each<[config: Record<string, unknown>, value: string]>([
      [{ runtime: '/evil/node' }, 'Node (runtime): /evil/node'],
      [{ runtime: './node' }, 'Node (runtime): /project/node'],
      [{ runtime: '../x/./node' }, 'Node (runtime): /x/node'],
      [{ runtime: 'node' }, 'Node (runtime): node'],
      [{ lunatic: 'lunatic.cjs' }, 'Command (lunatic): /project/lunatic.cjs'],
      [{ runtimeArgs: ['--no-net', '--plugin', 'evil.mjs'] }, 'Plugin: /project/evil.mjs'],
      [{ runtimeArgs: ['--core-dump=../.ssh', '--no-net'] }, 'Folder for core dumps: /.ssh'],
      [
        { runtimeArgs: ['--coverage=lcov', '--coverage-file', '../.bashrc'] },
        'File to which coverage is written: /.bashrc',
      ],
      [{ runtimeArgs: ['--plugin=evil.mjs'] }, 'Plugin: /project/evil.mjs'],
      [{ runtimeArgs: ['--plugin=a\nb'] }, 'Plugin: /project/a\nb'],
      // The word that follows is an option of the adapter, which would then be the name of a file.
      [{ runtimeArgs: ['--plugin'] }, 'Plugin: /project'],
      [{ runtimeArgs: ['--allow-command', 'sh,cat'] }, 'OS programs that the program may run: sh,cat'],
      [{ runtimeArgs: ['--allow-command=sh'] }, 'OS programs that the program may run: sh'],
      [
        { runtimeArgs: ['--allow-command-env=LD_PRELOAD'] },
        'Environment variables that it may set for OS programs: LD_PRELOAD',
      ],
      [
        { env: { NODE_OPTIONS: '--require=./evil.js' } },
        'Environment variable NODE_OPTIONS: --require=./evil.js',
      ],
      [{ env: { ld_preload: 'evil.so' } }, 'Environment variable ld_preload: evil.so'],
      [{ env: { PATH: '/evil' } }, 'Environment variable PATH: /evil'],
      // Code that V8 has compiled is read from there.
      [
        { env: { XDG_CACHE_HOME: '/project/.cache' } },
        'Environment variable XDG_CACHE_HOME: /project/.cache',
      ],
      // The log has texts of the program, which a shell would run.
      [{ trace: '/home/me/.bashrc' }, 'File to which a log is added (trace): /home/me/.bashrc'],
      [{ trace: '../.profile' }, 'File to which a log is added (trace): /.profile'],
    ])('%j', (config, text) => {
      expect(found(config)).toEqual([text]);
    });

    test('is all of it', () => {
      const config = {
        runtime: 'n',
        lunatic: 'l',
        runtimeArgs: ['--plugin', 'p', '--plugin=q'],
        env: { HOME: 'h' },
      };
      expect(found(config)).toHaveLength(5);
    });
  },
);

test('options of tests bring the same', () => {
  expect(outsideOfOptions(['--plugin=/p.mjs', '--no-net'], '/project')).toHaveLength(1);
  expect(outsideOfOptions(undefined, '/project')).toEqual([]);
});

test('a question shows what is asked, whatever it is made of', () => {
  expect(questionText([{ what: 'Plugin', value: '/a\n\nThis is harmless.\u202e' }])).toBe(
    'Plugin: /a\ufffd\ufffdThis is harmless.\ufffd',
  );
  const long = `/start${'x'.repeat(10_000)}/end`;
  const text = questionText([{ what: 'Plugin', value: long }]);
  expect(text.length).toBeLessThan(450);
  expect(text).toMatch(/^Plugin: \/startx+ … x+\/end$/);
  const many = Array.from({ length: 30 }, (_, i) => ({ what: 'Plugin', value: `${i}` }));
  expect(questionText(many)).toContain('Plugin: 19\n... and 10 more');
});
