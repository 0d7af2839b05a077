import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { makeProgram } from '../../runtime/cli/program.ts';
import { lunatic } from '../support/command.ts';

const COMMANDS = [...makeProgram().commands.map((command) => command.name()), 'help'];

let folder = '';
/** Paths of the scripts by shell. */
const scripts: Record<string, string> = {};

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'lunatic-completions-'));
  mkdirSync(join(folder, 'files', 'apps'), { recursive: true });
  for (const name of ['one.wasm', 'two words.wat', 'notes.txt'])
    writeFileSync(join(folder, 'files', name), '');
  for (const shell of ['bash', 'zsh', 'fish']) {
    const { stdout, exitCode } = await lunatic(['completions', shell]);
    expect(exitCode).toBe(0);
    scripts[shell] = join(folder, `completions.${shell}`);
    writeFileSync(scripts[shell], stdout);
  }
});
afterAll(() => rmSync(folder, { recursive: true }));

function shell(program: string, args: string[]): string {
  const { stdout, stderr, error } = spawnSync(program, args, {
    cwd: join(folder, 'files'),
    encoding: 'utf8',
    env: { PATH: process.env['PATH'], HOME: folder, TERM: 'xterm' },
    timeout: 20_000,
  });
  if (error !== undefined) throw error;
  expect(stderr).toBe('');
  return stdout;
}

/** What bash offers for the last word, as its completion machinery finds it. */
function bash(...words: string[]): string[] {
  const script = `
    source "$1"; shift
    [[ "$(complete -p lunatic)" == 'complete -F _lunatic lunatic' ]] || exit 1
    compopt() { :; }
    COMP_WORDS=(lunatic "$@"); COMP_CWORD=$#
    _lunatic; printf '%s\\n' "\${COMPREPLY[@]}"`;
  return lines(shell('bash', ['--norc', '-c', script, 'bash', scripts['bash'] ?? '', ...words]));
}

function fish(...words: string[]): string[] {
  const line = ['lunatic', ...words].join(' ');
  const offered = lines(
    shell('fish', [
      '--no-config',
      '-c',
      'source $argv[1]; complete -C $argv[2]',
      scripts['fish'] ?? '',
      line,
    ]),
  );
  // Descriptions follow a tab.
  return offered.map((text) => text.split('\t')[0] ?? '');
}

/**
 * What zsh offers. Its completion runs in its line editor alone, and that in a terminal: one is made, and the first thing
 * that the editor does there is to complete the line, with what is added written to a file.
 */
function zsh(...words: string[]): string[] {
  const offered = join(folder, 'offered');
  rmSync(offered, { force: true });
  const settings = `
    autoload -U compinit; compinit -u -D
    source ${scripts['zsh']}
    compadd() {
      local -a found
      if (( ! $argv[(I)-[ADO]] )); then builtin compadd -O found "$@"; print -rl -- $found >> ${offered}; fi
      builtin compadd "$@"
    }
    zle-line-init() { BUFFER='${['lunatic', ...words].join(' ')}'; CURSOR=$#BUFFER; zle list-choices; BUFFER=exit; zle accept-line }
    zle -N zle-line-init
    LISTMAX=1000`;
  writeFileSync(join(folder, '.zshrc'), settings);
  shell('zsh', ['-f', '-c', 'zmodload zsh/zpty; zpty inner zsh -d -i; while zpty -r inner text; do :; done']);
  // Some are found on several ways.
  return [...new Set(lines(readFileSync(offered, 'utf8')))];
}

const lines = (text: string) => text.split('\n').filter((line) => line !== '');

const shells: [name: string, complete: (...words: string[]) => string[]][] = [
  ['bash', bash],
  ['fish', fish],
  ['zsh', zsh],
];

// Of shells that are not installed nothing can be said; .ci/run installs them.
describe.each(shells.filter(([name]) => spawnSync(name, ['-c', ':']).status === 0))(
  '%s completes',
  (_, complete) => {
    test('commands and modules at the start', () => {
      const offered = complete('');
      for (const name of [...COMMANDS, 'one.wasm']) expect(offered).toContain(name);
      expect(offered).not.toContain('notes.txt');
      expect(complete('ch')).toEqual(['check']);
    });

    test('every option of every command', () => {
      for (const command of makeProgram().commands) {
        const offered = complete(command.name(), '--');
        const all = command
          .createHelp()
          .visibleOptions(command)
          .flatMap(({ long }) => long ?? []);
        expect(offered.sort()).toEqual(all.sort());
      }
    });

    test('modules and folders where a module is expected', () => {
      for (const command of ['run', 'test', 'check', 'exports']) {
        const offered = complete(command, '').map((name) => name.replace(/\/$/, '').replaceAll('\\', ''));
        expect(offered.sort()).toEqual(['apps', 'one.wasm', 'two words.wat']);
      }
    });

    test('a module after --inspect, whose address follows a =, and nothing where a URL is expected', () => {
      expect(complete('run', '--inspect', 'one')).toEqual(['one.wasm']);
      expect(complete('ps', '')).toEqual([]);
    });

    test('folders for --dir, choices for --color and --log', () => {
      expect(complete('run', '--dir', '').map((name) => name.replace(/\/$/, ''))).toEqual(['apps']);
      expect(complete('test', '--color', 'a').sort()).toEqual(['always', 'auto']);
      expect(complete('run', '--log', 'd')).toEqual(['debug']);
      expect(complete('completions', '').sort()).toEqual(['bash', 'fish', 'zsh']);
    });
  },
);

describe('bash', () => {
  test('completes options of run after a module without the word', () => {
    expect(bash('one.wasm', '--tr')).toEqual(['--trace']);
  });

  test('leaves what follows -- to the program', () => {
    expect(bash('run', 'one.wasm', '--', '--')).toEqual([]);
  });
});
