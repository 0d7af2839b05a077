import { Namespace } from '../hostcall/function.ts';
import { HostWork } from '../kernel/turn-work.ts';

/** The import module of WASI preview 1. All its functions return an error number unless their type says otherwise. */
export const preview1 = new Namespace('wasi_snapshot_preview1', HostWork.system);

/** Upstream has had WASI since its first releases. */
export const SINCE = '0.5.0';
