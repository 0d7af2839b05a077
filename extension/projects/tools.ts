import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { promisify } from 'node:util';
import { hasRustTarget, RUST_TARGETS } from '../../runtime/internal.ts';
import { environmentForOthers } from '../node/editor-variables.ts';
import { ProjectError, type Remedy } from './project.ts';

const execute = promisify(execFile);

/** Milliseconds that a question to a tool may take: the first `cargo` of a day may install a toolchain. */
const PATIENCE = 120_000;
/** Bytes of an answer: `cargo metadata` of a large workspace has some megabytes. */
const MAX_ANSWER = 64 * 2 ** 20;

/** Installs what Rust needs, as its own site says. */
const RUST: Remedy =
  process.platform === 'win32'
    ? { title: 'Install Rust', command: 'winget install Rustlang.Rustup' }
    : {
        title: 'Install Rust',
        command: "curl --proto '=https' --tlsv1.2 -sSf https://sh.rustup.rs | sh",
      };

const CLANG: Readonly<Partial<Record<NodeJS.Platform, string>>> = {
  darwin: 'brew install llvm lld wasi-libc',
  linux: 'sudo apt-get install clang lld wasi-libc libclang-rt-dev-wasm32',
  win32: 'winget install LLVM.LLVM',
};

const CMAKE: Readonly<Partial<Record<NodeJS.Platform, string>>> = {
  darwin: 'brew install cmake',
  linux: 'sudo apt-get install cmake make',
  win32: 'winget install Kitware.CMake',
};

const MAKE: Readonly<Partial<Record<NodeJS.Platform, string>>> = {
  darwin: 'xcode-select --install',
  linux: 'sudo apt-get install make',
  win32: 'winget install ezwinports.make',
};

/** What clang needs to compile for WebAssembly. */
export const WASI = 'wasi';

/** What a tool is called in a sentence, and what installs it. */
const TOOLS: Readonly<Record<string, { readonly label: string; readonly remedy?: Remedy | undefined }>> = {
  cargo: { label: 'cargo, which builds Rust programs,', remedy: RUST },
  rustc: { label: 'rustc, which compiles Rust,', remedy: RUST },
  clang: {
    label: 'clang, which compiles C,',
    remedy: remedyOf('Install clang', CLANG[process.platform]),
  },
  [WASI]: {
    label: 'The part of clang for WebAssembly, with the C library of WASI and the linker wasm-ld,',
    remedy: remedyOf('Install WASI', CLANG[process.platform]),
  },
  cmake: {
    label: 'cmake, which this project is built with,',
    remedy: remedyOf('Install CMake', CMAKE[process.platform]),
  },
  make: {
    label: 'make, which this project is built with,',
    remedy: remedyOf('Install make', MAKE[process.platform]),
  },
};

function remedyOf(title: string, command: string | undefined): Remedy | undefined {
  return command === undefined ? undefined : { title, command };
}

/** Whether it is known what installs an OS program. */
export function hasRemedy(command: string): boolean {
  return TOOLS[command]?.remedy !== undefined;
}

/** Tells that an OS program is not there, and how it comes. */
export function missingTool(command: string): ProjectError {
  const { label, remedy } = TOOLS[command] ?? { label: command };
  const how = remedy === undefined ? '' : ` To install it: ${remedy.command}`;
  return new ProjectError(`${label} is not installed, or not in the PATH of VS Code.${how}`, remedy);
}

/** Whether an OS program could not be started because there is none of this name. */
export function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}

/**
 * What a tool prints.
 * @throws ProjectError if it is missing or fails, with its own words
 */
export async function ask(command: string, args: readonly string[], cwd: string): Promise<string> {
  try {
    const { stdout } = await execute(command, args, {
      cwd,
      env: environmentForOthers(),
      timeout: PATIENCE,
      maxBuffer: MAX_ANSWER,
    });
    return stdout;
  } catch (error) {
    // A folder that is gone gives the same code.
    if (isMissing(error) && existsSync(cwd)) throw missingTool(command);
    const said = error instanceof Error && 'stderr' in error ? String(error.stderr).trim() : '';
    throw new ProjectError(said === '' ? `${command} ${args[0]} has failed` : said, undefined, {
      cause: error,
    });
  }
}

/**
 * Where the toolchain of Rust is that a folder uses.
 * @throws ProjectError
 */
export async function rustSysroot(cwd: string): Promise<string> {
  return (await ask('rustc', ['--print', 'sysroot'], cwd)).trim();
}

/**
 * The target for which Rust builds in a folder.
 * @param wanted what the project says. A native one is not meant here.
 * @throws ProjectError if it is not installed, or if no suitable one is
 */
export async function rustTarget(cwd: string, wanted: string | undefined): Promise<string> {
  const sysroot = await rustSysroot(cwd);
  const choice = wanted?.startsWith('wasm32') ? [wanted] : RUST_TARGETS;
  const found = choice.find((target) => hasRustTarget(sysroot, target));
  if (found !== undefined) return found;
  const command = `rustup target add ${choice[0]}`;
  throw new ProjectError(`Rust cannot build for ${choice[0]} yet. To install what it needs: ${command}`, {
    title: 'Install Target',
    command,
    cwd,
  });
}
