import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { brotliDecompressSync } from 'node:zlib';
import type { LaunchArguments } from '../../debug-adapter/index.ts';
import { buildAssemblyScript } from '../../scripts/build-guests.mjs';
import { projectFolder } from '../support/command.ts';
import { testFolder } from './adapter-client.ts';

const folder = join(projectFolder, 'test', 'guests', 'debug');

/** The same program in a language: workers that price the numbers which they are sent. */
export interface Shop {
  /** Path of the source. */
  readonly source: string;
  readonly launch: Partial<LaunchArguments>;
  /** The line, from 1, at whose end a comment stands. */
  line(comment: string): number;
  /** The comment at the end of a line. */
  comment(line: number): string;
}

export const LANGUAGES = ['C', 'Rust', 'AssemblyScript', 'WAT'] as const;
export type Language = (typeof LANGUAGES)[number];

/** The program in C and Rust was built elsewhere, in a folder with another name. */
const sourceFileMap = { '/project': folder };

export async function shop(language: Language): Promise<Shop> {
  switch (language) {
    case 'C':
      return of('shop.c', { program: join(folder, 'shop-c.wasm'), sourceFileMap });
    case 'Rust':
      return of('shop.rs', { program: join(folder, 'shop-rust.wasm'), sourceFileMap });
    case 'WAT':
      return of('shop.wat', { program: join(folder, 'shop.wat') });
    case 'AssemblyScript': {
      const program = join(testFolder(), 'shop.wasm');
      await buildAssemblyScript(join(folder, 'shop.ts'), program, {
        debug: true,
        sourceMap: true,
        args: ['--use', 'abort='],
      });
      return of('shop.ts', { program, sourceFileMap: { 'shop.ts': join(folder, 'shop.ts') } });
    }
  }
}

function of(name: string, launch: Partial<LaunchArguments>): Shop {
  const source = join(folder, name);
  const lines = readFileSync(source, 'utf8').split('\n');
  const comments = lines.map((line) => /(?:\/\/|;;) (\w+)$/.exec(line)?.[1] ?? '');
  return {
    source,
    launch,
    line: (comment) => comments.indexOf(comment) + 1,
    comment: (line) => comments[line - 1] ?? '',
  };
}

/** A program of actors, with 6 MB of debug information: `shelter.rs`. */
export function shelter(): Shop {
  const program = join(testFolder(), 'shelter.wasm');
  writeFileSync(program, brotliDecompressSync(readFileSync(join(folder, 'shelter-rust.wasm.br'))));
  return of('shelter.rs', { program, sourceFileMap: { '/crates/src': folder } });
}
