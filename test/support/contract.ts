import { readFileSync } from 'node:fs';

/** One function of the contract, as `host-functions.json` lists it. */
export interface ContractFunction {
  readonly module: string;
  readonly name: string;
  readonly params: readonly string[];
  readonly results: readonly string[];
  readonly paramNames: readonly string[];
  readonly blocking: boolean;
  readonly since: string;
}

/** Every `lunatic::` function of upstream that guests may import. */
export const LUNATIC_FUNCTIONS = readFunctions('host-functions.json');

/** `lunatic::` functions that upstream does not have: a guest that imports them runs here alone. */
export const EXTENSION_FUNCTIONS = readFunctions('host-extensions.json');

function readFunctions(file: string): readonly ContractFunction[] {
  return JSON.parse(readFileSync(new URL(`../../docs/abi/${file}`, import.meta.url), 'utf8'));
}

/** WASI preview 1 as linked (abi 14.3): parameter types; the result is an i32 unless noted. */
const WASI_TABLE = `
  args_get(i32 i32), args_sizes_get(i32 i32), environ_get(i32 i32), environ_sizes_get(i32 i32),
  clock_res_get(i32 i32), clock_time_get(i32 i64 i32),
  fd_advise(i32 i64 i64 i32), fd_allocate(i32 i64 i64), fd_close(i32), fd_datasync(i32), fd_fdstat_get(i32 i32),
  fd_fdstat_set_flags(i32 i32), fd_fdstat_set_rights(i32 i64 i64), fd_filestat_get(i32 i32),
  fd_filestat_set_size(i32 i64), fd_filestat_set_times(i32 i64 i64 i32), fd_pread(i32 i32 i32 i64 i32),
  fd_prestat_get(i32 i32), fd_prestat_dir_name(i32 i32 i32), fd_pwrite(i32 i32 i32 i64 i32),
  fd_read(i32 i32 i32 i32), fd_readdir(i32 i32 i32 i64 i32), fd_renumber(i32 i32), fd_seek(i32 i64 i32 i32),
  fd_sync(i32), fd_tell(i32 i32), fd_write(i32 i32 i32 i32),
  path_create_directory(i32 i32 i32), path_filestat_get(i32 i32 i32 i32 i32),
  path_filestat_set_times(i32 i32 i32 i32 i64 i64 i32), path_link(i32 i32 i32 i32 i32 i32 i32),
  path_open(i32 i32 i32 i32 i32 i64 i64 i32 i32), path_readlink(i32 i32 i32 i32 i32 i32),
  path_remove_directory(i32 i32 i32), path_rename(i32 i32 i32 i32 i32 i32), path_symlink(i32 i32 i32 i32 i32),
  path_unlink_file(i32 i32 i32),
  poll_oneoff(i32 i32 i32 i32), proc_exit(i32) -> nothing, proc_raise(i32), random_get(i32 i32), sched_yield(),
  sock_accept(i32 i32 i32), sock_recv(i32 i32 i32 i32 i32 i32), sock_send(i32 i32 i32 i32 i32),
  sock_shutdown(i32 i32)`;

export const WASI_MODULE = 'wasi_snapshot_preview1';

/** The functions of WASI preview 1 that guests may import. */
export const WASI_FUNCTIONS = [...WASI_TABLE.matchAll(/(\w+)\(([^)]*)\)( -> nothing)?/g)].map(
  ([, name = '', params = '', nothing]) => ({
    module: WASI_MODULE,
    name,
    params: params.split(' ').filter((type) => type !== ''),
    results: nothing === undefined ? ['i32'] : [],
  }),
);
