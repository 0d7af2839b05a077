import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command, CommanderError } from 'commander';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { type PermissionFlags, withPermissionOptions } from '../../../runtime/cli/permission-options.ts';
import { type ConfigFlags, rootConfig } from '../../../runtime/cli/root-config.ts';
import type { ProcessConfig } from '../../../runtime/internal.ts';
import { ANY_HOST } from '../../../runtime/permissions/host-permission.ts';
import {
  mayBindDatagrams,
  mayConnect,
  mayListen,
  mayResolve,
} from '../../../runtime/permissions/network-permission.ts';

afterEach(() => vi.unstubAllEnvs());

/** The config that a command line makes. */
function configOf(...args: string[]): ProcessConfig {
  const command = withPermissionOptions(new Command('run'))
    .exitOverride()
    .configureOutput({ writeErr() {} });
  command.parse(args, { from: 'user' });
  const flags: ConfigFlags = { dir: [], ...command.opts<PermissionFlags>() };
  return rootConfig(['program'], flags);
}

/** What a wrong command line is told. */
function refusal(...args: string[]): string {
  try {
    configOf(...args);
  } catch (error) {
    if (error instanceof CommanderError) return error.message;
    throw error;
  }
  throw new Error('the command line is right');
}

test('without options everything is permitted except OS programs', () => {
  const config = configOf();
  expect(config).toMatchObject({
    canSpawnProcesses: true,
    canCompileModules: true,
    canCreateConfigs: true,
    maxMemory: 4294967295,
    maxFuel: 0,
    maxProcesses: Number.POSITIVE_INFINITY,
    upstreamPermissions: false,
    preopenedDirectories: [{ guestPath: '.', hostPath: '.' }],
  });
  expect(mayConnect(config, '1.2.3.4', 80)).toBe(true);
  expect(mayListen(config, '0.0.0.0', 80)).toBe(true);
  expect(config.commands.size).toBe(0);
});

describe('the network', () => {
  test('--allow-net takes lists, and forbids the rest', () => {
    const config = configOf('--allow-net=127.0.0.1:80, 10.0.0.0/8', '--allow-net', '[::1],*.example.org:443');
    expect(mayConnect(config, '127.0.0.1', 80)).toBe(true);
    expect(mayConnect(config, '127.0.0.1', 81)).toBe(false);
    expect(mayConnect(config, '10.1.1.1', 81)).toBe(true);
    expect(mayConnect(config, '::1', 81)).toBe(true);
    expect(mayResolve(config, 'www.example.org')).toBe(true);
    expect(mayResolve(config, 'example.com')).toBe(false);
    expect(mayListen(config, '127.0.0.1', 0)).toBe(false);
    expect(mayBindDatagrams(config, '0.0.0.0', 0)).toBe(true);
  });

  test('--allow-listen takes lists, and forbids the rest', () => {
    const config = configOf('--allow-listen', '127.0.0.1:8080');
    expect(mayListen(config, '127.0.0.1', 8080)).toBe(true);
    expect(mayListen(config, '127.0.0.1', 8081)).toBe(false);
    expect(mayConnect(config, '127.0.0.1', 8080)).toBe(false);
    const both = configOf('--allow-listen', '127.0.0.1:8080', '--allow-net', '*');
    expect(mayListen(both, '127.0.0.1', 8081)).toBe(false);
    expect(mayConnect(both, '9.9.9.9', 80)).toBe(true);
  });

  test('--deny-net forbids from what is allowed, --no-net everything else', () => {
    const config = configOf('--deny-net', '169.254.0.0/16');
    expect(mayConnect(config, '169.254.169.254', 80)).toBe(false);
    expect(mayConnect(config, '1.1.1.1', 80)).toBe(true);
    expect(mayListen(config, '0.0.0.0', 80)).toBe(true);
    const none = configOf('--no-net');
    expect(mayConnect(none, '127.0.0.1', 80)).toBe(false);
    expect(mayListen(none, '127.0.0.1', 80)).toBe(false);
    expect(mayConnect(configOf('--no-net', '--allow-net=127.0.0.1'), '127.0.0.1', 80)).toBe(true);
  });

  test.each([
    ['--allow-net', '127.0.0.1:http', "'http' is neither a port"],
    ['--deny-net', '1.2.3.4.5', 'names no host'],
    ['--allow-listen', 'example.org', 'bound to addresses'],
    ['--allow-net', ' , ', 'It names none'],
  ])('%s %s is wrong usage', (option, value, message) => {
    expect(refusal(option, value)).toContain(message);
  });
});

describe('limits', () => {
  test.each([
    ['1000', 1000],
    ['64K', 65536],
    ['2m', 2097152],
    ['1G', 1073741824],
    ['64G', 64 * 2 ** 30],
  ])('--max-memory %s', (text, bytes) => {
    expect(configOf('--max-memory', text).maxMemory).toBe(bytes);
    expect(configOf('--max-mailbox', text).maxMailbox).toBe(bytes);
  });

  test.each([['a'], ['-1'], ['1T'], [''], ['1.5M']])('--max-memory=%s is wrong usage', (text) => {
    expect(refusal(`--max-memory=${text}`)).toContain('number of bytes');
  });

  test('--max-fuel and --max-processes', () => {
    expect(configOf('--max-fuel', '7', '--max-processes', '9')).toMatchObject({
      maxFuel: 7,
      maxProcesses: 9,
    });
    expect(refusal('--max-fuel', '0')).toContain('a whole number from 1');
    expect(refusal('--max-processes', 'many')).toContain('a whole number from 1');
  });
});

test('flags take permissions away', () => {
  expect(configOf('--no-spawn', '--no-compile', '--no-configs', '--upstream-permissions')).toMatchObject({
    canSpawnProcesses: false,
    canCompileModules: false,
    canCreateConfigs: false,
    upstreamPermissions: true,
  });
  expect(configOf('--no-cwd').preopenedDirectories).toEqual([]);
});

describe('environment variables', () => {
  test('are those of the command, changed and added to', () => {
    vi.stubEnv('LUNATIC_TEST_A', 'a');
    const { environmentVariables } = configOf('--env', 'LUNATIC_TEST_A=b=c', '--env=LUNATIC_TEST_B=');
    expect(environmentVariables.filter(([name]) => name.startsWith('LUNATIC_TEST_'))).toEqual([
      ['LUNATIC_TEST_A', 'b=c'],
      ['LUNATIC_TEST_B', ''],
    ]);
    expect(environmentVariables.length).toBe(Object.keys(process.env).length + 1);
  });

  test('are only the named ones with --no-inherit-env', () => {
    vi.stubEnv('LUNATIC_TEST_A', 'a');
    const config = configOf(
      '--no-inherit-env',
      '--env',
      'LUNATIC_TEST_A',
      '--env=B=line\nline',
      '--env',
      'LUNATIC_TEST_MISSING',
    );
    expect(config.environmentVariables).toEqual([
      ['LUNATIC_TEST_A', 'a'],
      ['B', 'line\nline'],
    ]);
    expect(refusal('--env', '=x')).toContain('NAME or NAME=VALUE');
  });
});

describe.skipIf(process.platform === 'win32')('programs', () => {
  let folder = '';
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'lunatic-programs-'));
    for (const name of ['first', 'second']) mkdirSync(join(folder, name));
    for (const [name, mode] of [
      ['first/data', 0o644],
      ['second/data', 0o755],
      ['second/tool', 0o755],
    ] as const) {
      writeFileSync(join(folder, name), '#!/bin/sh\n');
      chmodSync(join(folder, name), mode);
    }
    mkdirSync(join(folder, 'first/tool'));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  test('are looked up in the PATH once, past what cannot be run', () => {
    vi.stubEnv('PATH', `${join(folder, 'first')}::${join(folder, 'second')}`);
    const tool = join(folder, 'second/tool');
    const data = join(folder, 'second/data');
    expect([...configOf('--allow-command', 'tool,data').commands]).toEqual([
      ['tool', tool],
      [tool, tool],
      ['data', data],
      [data, data],
    ]);
  });

  test('are not looked for in the current directory, where guests may write', () => {
    vi.spyOn(process, 'cwd').mockReturnValue(join(folder, 'second'));
    for (const here of ['', '.', '../second']) {
      vi.stubEnv('PATH', `${here}:${join(folder, 'first')}:${here}`);
      expect(() => configOf('--allow-command', 'tool')).toThrow("Program 'tool' not found in the PATH");
    }
    vi.restoreAllMocks();
  });

  test('with a slash are paths', () => {
    const tool = join(folder, 'second/tool');
    expect([...configOf('--allow-command', tool).commands]).toEqual([[tool, tool]]);
    expect(() => configOf('--allow-command', join(folder, 'first/data'))).toThrow(
      /first\/data' is not a program that can be run/,
    );
  });

  test('that are missing keep the command from running', () => {
    vi.stubEnv('PATH', '');
    expect(() => configOf('--allow-command', 'tool')).toThrow("Program 'tool' not found in the PATH");
  });

  test('may be given the environment variables that are named, and no others', () => {
    expect([...configOf().commandVariables]).toEqual([]);
    expect([...configOf('--allow-command-env=LANG,TZ', '--allow-command-env', 'A').commandVariables]).toEqual(
      [...['LANG', 'TZ', 'A']],
    );
  });
});

describe('host functions', () => {
  const permits = (config: ProcessConfig, module: string, name: string) =>
    config.hostFunctions.permits({ module, path: `${module}::${name}` });

  test('are all permitted without options', () => {
    expect(configOf().hostFunctions).toBe(ANY_HOST);
  });

  test('--allow-host forbids the others, --deny-host forbids even what is allowed', () => {
    const config = configOf(
      ...['--allow-host=lunatic::process,lunatic::sqlite::open', '--deny-host=lunatic::process::kill'],
    );
    expect(permits(config, 'lunatic::process', 'spawn')).toBe(true);
    expect(permits(config, 'lunatic::process', 'kill')).toBe(false);
    expect(permits(config, 'lunatic::sqlite', 'open')).toBe(true);
    expect(permits(config, 'lunatic::sqlite', 'execute')).toBe(false);
    expect(permits(configOf('--deny-host=lunatic::sqlite'), 'lunatic::sqlite', 'open')).toBe(false);
    expect(permits(configOf('--deny-host=lunatic::sqlite'), 'lunatic::process', 'kill')).toBe(true);
  });

  test.each(['lunatic::sqlit', 'sqlite', 'lunatic::sqlite::', 'lunatic', 'LUNATIC::SQLITE', 'counter'])(
    '%s is not one, so it does not deny nothing',
    (name) => {
      expect(() => configOf(`--deny-host=${name}`)).toThrow(
        new RegExp(
          `^There is no host function '${name}', and no namespace of that name(\\.|; did you mean .*\\?) The namespaces are lunatic::`,
        ),
      );
    },
  );

  test.each(['lunatic::*', 'a b'])('%s cannot be one', (name) => {
    expect(refusal(`--allow-host=${name}`)).toContain('names no host functions');
  });
});
