import { listenRules, NetworkPermission } from '../../runtime/permissions/network-permission.ts';
import { NetworkRules } from '../../runtime/permissions/network-rules.ts';
import { SpawnError } from '../../runtime/runtime.ts';
import { makeModule as makeCalls } from '../fuzz/host-calls.ts';
import { limitedConfig, makeModule as makeHoarders } from '../fuzz/limits.ts';
import { makeModule as makeFighters } from '../fuzz/preemption.ts';
import type { Random } from '../fuzz/random.ts';
import type { RunOptions, Session } from './session.ts';
import type { Workload } from './workload.ts';

const LOOPBACK = ['127.0.0.1'];
/** The port for what is discarded, at which nobody listens. */
const NO_SERVERS = { plain: 9, tls: 9 };

/** Modules of the fuzzers, each another one, so that modules come and go, too. */
export const attacks: Workload = {
  name: 'attacks',
  weight: 4,
  async run(session: Session, random: Random): Promise<void> {
    const limits = limitedConfig(random);
    const configure: RunOptions['configure'] = (config) => {
      Object.assign(config, { ...limits, preopenedDirectories: config.preopenedDirectories });
      config.network = new NetworkPermission(new NetworkRules(LOOPBACK), null, listenRules(LOOPBACK));
    };
    const cutAfter = random.between(20, 300);
    const [bytes, entry] = random.pick([
      () => [makeFighters(random, 1), 'attack0'] as const,
      () => [makeHoarders(random).bytes, 'run0'] as const,
      () => [makeCalls(random, NO_SERVERS, 2).bytes, '_start'] as const,
    ])();
    const module = session.runtime.load(bytes);
    if (module.initialMemory > limits.maxMemory) limits.maxMemory = module.initialMemory;
    try {
      await session.run(module, { entry, cutAfter, configure });
    } catch (error) {
      // The limits may be less than what its tables take.
      if (!(error instanceof SpawnError)) throw error;
    }
  },
};
