import { ProbeMap, type ProbeSites, type WasmModule } from '../wasm/index.ts';
import { ModuleProbes, type ProbeSource } from './module-probes.ts';
import { Probes, type ProbingTurns } from './probes.ts';

/**
 * Makes processes that can be stopped in the midst of their code, which makes them somewhat slower. Only programs that are debugged
 * load its code.
 */
export class Debugging implements ProbeSource {
  readonly #sitesOf: (module: WasmModule) => ProbeSites;

  /** @param sitesOf tells where processes of a module can be stopped */
  constructor(sitesOf: (module: WasmModule) => ProbeSites) {
    this.#sitesOf = sitesOf;
  }

  probesOf(module: WasmModule): ModuleProbes {
    return new ModuleProbes(new ProbeMap(module, this.#sitesOf(module)));
  }

  open(turns: ProbingTurns): Probes {
    return new Probes(turns);
  }
}
