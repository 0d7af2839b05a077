import { ClusterError, LARGEST_MODULE, type ModuleStore } from '../transport.ts';
import { ask, fieldsOf } from './ask.ts';
import { WASM_TYPE } from './wire.ts';

/** What a node shows to its control server. */
export interface Credentials {
  /** Where the control server is. */
  readonly base: URL;
  /** Certificates that are trusted, in PEM; null for those of the system. */
  readonly ca: string | null;
  readonly headers: Readonly<Record<string, string>>;
}

/** The modules of a control server (abi 17.4). */
export class ModuleClient implements ModuleStore {
  readonly #credentials: Credentials;

  constructor(credentials: Credentials) {
    this.#credentials = credentials;
  }

  async add(bytes: Uint8Array): Promise<bigint> {
    if (bytes.length > LARGEST_MODULE)
      throw new ClusterError(`A module has at most ${LARGEST_MODULE} bytes, and this one ${bytes.length}.`);
    const { base, ca, headers } = this.#credentials;
    const { module_id: id } = fieldsOf(
      await ask(new URL('module', base), ca, { method: 'POST', headers, body: bytes }),
    );
    if (typeof id === 'number' && Number.isSafeInteger(id) && id > 0) return BigInt(id);
    throw new ClusterError('The control server has given a module no id.');
  }

  async get(id: bigint): Promise<Uint8Array | null> {
    const { base, ca, headers } = this.#credentials;
    if (id <= 0n || id > BigInt(Number.MAX_SAFE_INTEGER)) return null;
    const answered = await ask(new URL(`module/${id}`, base), ca, {
      method: 'GET',
      headers: { ...headers, accept: WASM_TYPE },
      most: LARGEST_MODULE,
    });
    if (answered.status === 200) return answered.body;
    if (answered.status === 400) return null;
    fieldsOf(answered);
    return null;
  }
}
