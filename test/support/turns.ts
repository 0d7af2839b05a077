import { expect } from 'vitest';
import { ProcessConfig } from '../../runtime/internal.ts';
import { guest } from './guest.ts';
import { type ProgramOptions, start } from './program.ts';

/** The config of a root process that may use files here, and so databases in memory. */
export function withFolder(hostPath = '.'): ProcessConfig {
  const config = ProcessConfig.forRoot();
  config.preopenedDirectories.push({ guestPath: '.', hostPath });
  return config;
}

/**
 * The number of turns that a bystander has while the root process is in a part of its code.
 * @param before what the root process does first, and `during` what is counted
 * @param functions further ones of the module
 */
export async function turnsOfOthers(
  before: string,
  during: string,
  pages: number,
  options: ProgramOptions = {},
  functions = '',
): Promise<number> {
  const source = guest(
    `(func (export "bystander") (loop $l (call $process.sleep_ms (i64.const 0)) (br $l)))
    (func (export "mark"))
    ${functions}
    (func (export "_start") (local $i i32)
      ${before}
      (drop (call $spawn (i64.const 0) (text "bystander")))
      (call $process.sleep_ms (i64.const 0))
      (drop (call $spawn (i64.const 0) (text "mark")))
      (call $process.sleep_ms (i64.const 0))
      ${during}
      )`,
    { memory: `(memory (export "memory") ${pages})` },
  );
  let first = -1;
  let last = -1;
  const program = await start(source, {
    ...options,
    onExit: () => {
      const ended = program.exits.at(-1)?.process;
      const turns = [...(ended?.environment.processes() ?? [])].find(
        ({ entry }) => entry.name === 'bystander',
      )?.turns;
      if (ended?.entry.name === 'mark') first = turns ?? -1;
      else if (ended?.id === 1) last = turns ?? -1;
    },
  });
  expect(await program.root.ended).toEqual({ kind: 'returned' });
  program.root.stop();
  await program.empty;
  expect(first).toBeGreaterThanOrEqual(0);
  return last - first;
}
