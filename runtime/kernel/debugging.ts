import { decodeProbes, ProbeMap, type ProbeSites, type WasmModule } from '../wasm/index.ts';
import { ModuleProbes, type ProbeSource } from './module-probes.ts';
import { Probes, type ProbingTurns } from './probes.ts';

/**
 * Makes processes that can be stopped in the midst of their code, which makes them somewhat slower. Only programs that are debugged
 * load its code.
 */
export class Debugging implements ProbeSource {
  readonly #sitesOf: (module: WasmModule) => ProbeSites;
  readonly #remembers: () => boolean;

  /**
   * @param sitesOf tells where processes of a module can be stopped
   * @param remembers see `ProbeSource`. Default: never
   */
  constructor(sitesOf: (module: WasmModule) => ProbeSites, remembers: () => boolean = () => false) {
    this.#sitesOf = sitesOf;
    this.#remembers = remembers;
  }

  get remembers(): boolean {
    return this.#remembers();
  }

  probesOf(module: WasmModule): ModuleProbes {
    return new ModuleProbes(ProbeMap.of(module, this.#sitesOf(module)));
  }

  unpack(packed: Uint8Array): ModuleProbes {
    return new ModuleProbes(decodeProbes(packed));
  }

  open(turns: ProbingTurns): Probes {
    return new Probes(turns);
  }
}
