import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { unzipSync } from 'fflate';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { platformOf } from '../../../scripts/node-binary.mjs';
import { makeVsix } from '../../../scripts/package.mjs';
import { projectFolder } from '../../support/command.ts';

const manifest = JSON.parse(readFileSync(join(projectFolder, 'package.json'), 'utf8'));

interface Setting {
  readonly description?: string;
  readonly markdownDescription?: string;
  readonly enum?: readonly unknown[];
  readonly enumDescriptions?: readonly string[];
  readonly markdownEnumDescriptions?: readonly string[];
}

describe('the VSIX', () => {
  let folder = '';
  let files: Record<string, Uint8Array> = {};
  let size = 0;
  const text = (path: string) => Buffer.from(files[path] ?? []).toString();

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'lunatic-package-'));
    const { file } = await makeVsix({ out: join(folder, 'lunatic.vsix') });
    const bytes = readFileSync(file);
    size = bytes.length;
    files = unzipSync(bytes);
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  test('is small', () => {
    expect(size).toBeLessThan(3.5 * 2 ** 20);
  });

  test('loads nothing of the runtime that runs programs, and no connections: it begins in an instant', () => {
    const script = text('extension/dist/extension.cjs');
    expect(script.length).toBeLessThan(300_000);
    for (const foreign of ['sqlite', 'WebSocket', 'createServer', 'prometheus'])
      expect(script).not.toContain(foreign);
    // A copy of the API for each file took half of the time.
    expect(script).not.toMatch(/\(require\("vscode"\)/);
  });

  test('has all that its manifest names', () => {
    const published = JSON.parse(text('extension/package.json'));
    const { contributes, main, icon } = published;
    const named: string[] = [
      ...[main, icon, 'README.md', 'CHANGELOG.md', 'LICENSE-MIT', 'LICENSE-APACHE'],
      ...contributes.grammars.map(({ path }: { path: string }) => path),
      ...contributes.languages.flatMap(
        (language: { configuration: string; icon: { light: string; dark: string } }) => [
          ...[language.configuration, language.icon.light, language.icon.dark],
        ],
      ),
      ...contributes.viewsContainers.activitybar.map(({ icon }: { icon: string }) => icon),
      ...[
        'dist/lunatic.cjs',
        'dist/main.cjs',
        'dist/rest.cjs',
        'dist/program.cjs',
        'dist/nats.cjs',
        'dist/schedulers.cjs',
        'dist/assembler.cjs',
        'dist/disassembler.cjs',
        'dist/language-client.cjs',
        'dist/language-server.cjs',
        'dist/module-maker.cjs',
        'dist/module-reader.cjs',
        'dist/symbol-reader.cjs',
        'dist/LICENCES.txt',
        'node_modules/wabt/index.js',
      ],
    ];
    const packed = new Set(Object.keys(files).map((path) => path.toLowerCase()));
    const missing = named.filter(
      (path) => !packed.has(`extension/${path.replace(/^\.\//, '')}`.toLowerCase()),
    );
    expect(missing).toEqual([]);
  });

  test('has nothing for those who work on the project', () => {
    const { scripts, devDependencies } = JSON.parse(text('extension/package.json'));
    expect([scripts, devDependencies]).toEqual([undefined, undefined]);
    // Templates are sources for new projects, with tests of their own.
    const own = Object.keys(files).filter((path) => !path.startsWith('extension/media/templates/'));
    expect(own.filter((path) => /\.(map|ts)$|(^|\/)test\//.test(path))).toEqual([]);
    // The commands are those of this folder.
    expect(Object.keys(files).filter((path) => /command\.cjs|cargo-lunatic/.test(path))).toEqual([]);
    // The word alone is in the code that reads source maps.
    expect(text('extension/dist/extension.cjs')).not.toMatch(/^\/\/[#@] *sourceMappingURL=/m);
  });

  test('is described for the editor', () => {
    const vsix = text('extension.vsixmanifest');
    expect(vsix).toContain(`Id="lunatic" Version="${manifest.version}" Publisher="lunatic"`);
    expect(vsix).toContain(`Id="Microsoft.VisualStudio.Code.Engine" Value="${manifest.engines.vscode}"`);
    expect(vsix).not.toContain('TargetPlatform');
    expect(vsix).toContain('<License>extension/LICENSE.txt</License>');
    expect(text('extension/LICENSE.txt')).toMatch(/Permission is hereby granted.*Apache License/s);
  });

  test('has the licences of what is in it', () => {
    const licences = text('extension/dist/LICENCES.txt');
    for (const name of ['@vscode/debugadapter', 'ws', 'vscode-jsonrpc', 'commander'])
      expect(licences).toContain(name);
    expect(text('extension/node_modules/wabt/LICENSE')).toContain('Apache License');
  });
});

test('a package for a platform without Node is refused in words', () => {
  try {
    execFileSync(process.execPath, ['scripts/package.mjs', '--target', 'beos-m68k'], {
      ...{ cwd: projectFolder, encoding: 'utf8', stdio: 'pipe' },
    });
    expect.unreachable();
  } catch (error) {
    expect(error).toMatchObject({ status: 2 });
    expect(String(error)).toContain(
      'There is no package for beos-m68k. Choose one of linux-x64, linux-arm64, darwin-x64, darwin-arm64, win32-x64.',
    );
  }
});

describe('what Node is inside is read from its header:', () => {
  /** The first bytes, with the number of a processor at its place. */
  const header = (magic: number[], at: number, processor: number[]) =>
    Uint8Array.from({ length: 1024 }, (_, i) => magic[i] ?? processor[i - at] ?? 0);

  test.each([
    ['linux-x64', header([0x7f, 0x45, 0x4c, 0x46], 18, [62])],
    ['linux-arm64', header([0x7f, 0x45, 0x4c, 0x46], 18, [183])],
    ['darwin-x64', header([0xcf, 0xfa, 0xed, 0xfe], 4, [7, 0, 0, 1])],
    ['darwin-arm64', header([0xcf, 0xfa, 0xed, 0xfe], 4, [12, 0, 0, 1])],
    ['win32-x64', header([0x4d, 0x5a], 0x3c, [0x40, 0, 0, 0, 0x50, 0x45, 0, 0, 0x64, 0x86])],
    [undefined, header([0x23, 0x21], 0, [])],
  ])('%s', (platform, bytes) => {
    expect(platformOf(bytes)).toBe(platform);
  });
});

describe('the manifest', () => {
  const { contributes, activationEvents } = manifest;
  const commands: string[] = contributes.commands.map(({ command }: { command: string }) => command);
  const titles = new Map<string, string>(
    contributes.commands.map(({ command, title }: { command: string; title: string }) => [command, title]),
  );

  test('says of each command whose it is, and knows all that menus and keys name', () => {
    for (const { title, category = '' } of contributes.commands)
      expect(`${category}: ${title}`).toContain('Lunatic');
    const named = [...Object.values<{ command: string }[]>(contributes.menus), contributes.keybindings]
      .flat()
      .map(({ command }) => command);
    expect(named.filter((command) => command.startsWith('lunatic.') && !commands.includes(command))).toEqual(
      [],
    );
    // The titles of commands stand alone in the menus of files, which are everybody's.
    for (const menu of ['explorer/context', 'editor/title/run'])
      for (const { command } of contributes.menus[menu])
        expect(titles.get(command)).toMatch(/ with Lunatic$/);
    const { contents } = contributes.viewsWelcome[0];
    for (const [, command] of contents.matchAll(/\(command:(lunatic\.[^)]+)\)/g))
      expect(commands).toContain(command);
  });

  test('has sections of settings, in an order, each with what it does and what its values mean', () => {
    const titles = contributes.configuration.map(({ title }: { title: string }) => title);
    expect(new Set(titles).size).toBe(titles.length);
    for (const { properties } of contributes.configuration) {
      const orders = Object.values<{ order?: number }>(properties).map(({ order }) => order);
      expect(orders).toEqual(orders.map((_, i) => i + 1));
      for (const [name, setting] of Object.entries<Setting>(properties)) {
        expect(setting.description ?? setting.markdownDescription, name).toMatch(/\.$/);
        const meanings = setting.enumDescriptions ?? setting.markdownEnumDescriptions ?? [];
        expect(meanings.length, name).toBe(setting.enum?.length ?? 0);
      }
    }
  });

  test('asks to be activated for no more than modules, sources, projects, builds and debugging', () => {
    expect(activationEvents).not.toContain('*');
    expect(activationEvents).not.toContain('onStartupFinished');
    for (const event of activationEvents)
      expect(event).toMatch(/^(onDebug|onTaskType:lunatic$|onLanguage:(c|rust)$|workspaceContains:)/);
  });

  test('its debug attributes are those that the adapter takes, and those of projects that the extension builds', async () => {
    const { readFileSync } = await import('node:fs');
    const protocol = readFileSync(join(projectFolder, 'debug-adapter', 'protocol.ts'), 'utf8');
    const { launch, attach } = contributes.debuggers[0].configurationAttributes;
    // VS Code itself fills in the other.
    const known = (name: string) => {
      const [, fields = ''] = new RegExp(`interface ${name} \\{(.*?)^\\}`, 'ms').exec(protocol) ?? [];
      const names = [...fields.matchAll(/readonly (\w+)\??:/g)].map(([, field]) => field);
      return names.filter((field) => field !== 'noDebug');
    };
    const ofProjects = ['project', 'target', 'profile', 'runOnSave'];
    expect(Object.keys(launch.properties).sort()).toEqual(
      [...known('LaunchArguments'), ...ofProjects].sort(),
    );
    expect(Object.keys(attach.properties).sort()).toEqual(known('AttachArguments').sort());
  });
});
