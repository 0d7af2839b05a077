import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodeConfig, encodeConfig } from '../../../../runtime/kernel/codec/config-codec.ts';
import { FormatError, type FormatFault } from '../../../../runtime/kernel/codec/format-error.ts';
import { childConfig } from '../../../../runtime/permissions/child-config.ts';
import { ProcessConfig } from '../../../../runtime/permissions/config.ts';
import { ANY_HOST, HostPermission } from '../../../../runtime/permissions/host-permission.ts';
import {
  ANY_NETWORK,
  learnAddresses,
  mayConnect,
  mayListen,
  type NetworkPermission,
  NO_NETWORK,
} from '../../../../runtime/permissions/network-permission.ts';
import type { NetworkRules } from '../../../../runtime/permissions/network-rules.ts';
import { mutationsOf } from './arbitraries.ts';

const RULES = ['*', '*:443', '127.0.0.1:8080', '10.0.0.0/8', '[::1]:80', '[fe80::]/10', 'localhost'];
const NAMES = ['db.example.org:5000-5100', '*.example.org', 'db.example.org'];

const anyText = fc.string({ unit: 'binary', maxLength: 12 }).map((text) => text.toWellFormed());
const anyPairs = fc.array(fc.tuple(anyText, anyText), { maxLength: 4 });
const anyLimit = fc.oneof(
  fc.constantFrom(0, 1, 4_294_967_295, 2 ** 64, Number.POSITIVE_INFINITY),
  fc.maxSafeNat(),
);

const anyNetwork = fc
  .array(
    fc.record({
      nothing: fc.boolean(),
      connect: fc.subarray([...RULES, ...NAMES]),
      deny: fc.subarray([...RULES, ...NAMES]),
      listen: fc.subarray(RULES),
      learned: fc.array(fc.constantFrom('10.1.2.3', 'fd00::7', '192.168.0.1'), { maxLength: 3 }),
    }),
    { maxLength: 4 },
  )
  .map((levels) => {
    let network: NetworkPermission = ANY_NETWORK;
    for (const { nothing, connect, deny, listen, learned } of levels) {
      let own: NetworkPermission = nothing ? NO_NETWORK : ANY_NETWORK;
      for (const rule of connect) own = own.allowingConnect(rule);
      for (const rule of deny) own = own.denying(rule);
      for (const rule of listen) own = own.allowingListen(rule);
      network = own.within(network) ?? network;
      learnAddresses({ network }, 'db.example.org', learned);
    }
    return network;
  });

const anyRules = fc
  .subarray(['lunatic::sqlite', 'lunatic::sqlite::open', 'counter', 'é'])
  .map((rules) => new Set(rules));
const anyHostFunctions = fc
  .record({ allow: fc.option(anyRules), deny: anyRules, outer: fc.array(anyRules, { maxLength: 3 }) })
  .map(({ allow, deny, outer }) => {
    const any = allow === null && deny.size === 0 && outer.length === 0;
    return any ? ANY_HOST : new HostPermission(allow, deny, outer);
  });

const anyConfig = fc
  .record({
    maxMemory: anyLimit,
    maxFuel: anyLimit,
    maxProcesses: anyLimit,
    maxMailbox: anyLimit,
    maxHostMemory: anyLimit,
    canCompileModules: fc.boolean(),
    canCreateConfigs: fc.boolean(),
    canSpawnProcesses: fc.boolean(),
    upstreamPermissions: fc.boolean(),
    canRunLongSql: fc.boolean(),
    commands: anyPairs.map((pairs) => new Map(pairs)),
    commandVariables: fc.uniqueArray(anyText, { maxLength: 3 }).map((names) => new Set(names)),
    hostFunctions: anyHostFunctions,
    network: anyNetwork,
    preopenedDirectories: anyPairs.map((pairs) =>
      pairs.map(([guestPath, hostPath]) => ({ guestPath, hostPath })),
    ),
    commandLineArguments: fc.array(anyText, { maxLength: 4 }),
    environmentVariables: anyPairs,
  })
  .map((fields) => Object.assign(new ProcessConfig(), fields));

/** Everything that a config says, down to the addresses that rules have learned. */
function facts(config: ProcessConfig) {
  const rules = (of: NetworkRules | null) => of && { texts: of.texts, learned: of.learned };
  const levels = [];
  for (let at: NetworkPermission | null = config.network; at !== null; at = at.parent) {
    levels.push({ connect: rules(at.connect), deny: rules(at.deny), listen: rules(at.listen) });
  }
  return { ...config, commands: [...config.commands], network: levels };
}

function faultOf(bytes: Uint8Array): FormatError {
  try {
    decodeConfig(bytes);
  } catch (error) {
    if (error instanceof FormatError) return error;
    throw error;
  }
  throw new Error('the bytes were read as a config');
}

/** A config of which every field is set. */
function fullConfig(): ProcessConfig {
  const config = new ProcessConfig();
  config.maxMemory = 65_536;
  config.maxFuel = 10;
  config.maxProcesses = 3;
  config.canCreateConfigs = true;
  config.upstreamPermissions = true;
  config.commands = new Map([['ls', '/bin/ls']]);
  config.commandVariables = new Set(['TZ']);
  config.hostFunctions = new HostPermission(new Set(['a']), new Set(['b::c']), [new Set(['a', 'b'])]);
  const outer = ANY_NETWORK.denying('10.0.0.0/8');
  config.network =
    NO_NETWORK.allowingConnect('a.example:80').allowingListen('[::1]:0').within(outer) ?? NO_NETWORK;
  learnAddresses(config, 'a.example', ['1.2.3.4']);
  config.preopenedDirectories = [{ guestPath: '/in', hostPath: '/home/guest' }];
  config.commandLineArguments = ['é', ''];
  config.environmentVariables = [['K', 'v']];
  return config;
}

/** That config as bytes of version 1. A change that makes this test fail is a new version. */
const FULL_CONFIG = `01
  000000000000f040 0000000000002440 0000000000000840 000000000000f07f
  000000000000f07f
  0a
  01 02 6c73 07 2f62696e2f6c73
  01 02 545a
  01 01 01 61 01 04 623a3a63 01 02 01 61 01 62
  02
  05 01 0c 612e6578616d706c653a3830 01 07 312e322e332e34  01 07 5b3a3a315d3a30
  02 01 0a 31302e302e302e302f38
  01 03 2f696e 0b 2f686f6d652f6775657374
  02 02 c3a9 00
  01 01 4b 01 76`;
const fullBytes = new Uint8Array(Buffer.from(FULL_CONFIG.replaceAll(/\s/g, ''), 'hex'));

describe('a config that was encoded and decoded', () => {
  test('says the same', () => {
    fc.assert(
      fc.property(anyConfig, (config) => {
        expect(facts(decodeConfig(encodeConfig(config)))).toEqual(facts(config));
      }),
      { numRuns: 500 },
    );
  });

  test('lets a process do the same on the network', () => {
    const config = decodeConfig(encodeConfig(fullConfig()));
    const may = (address: string, port: number) => mayConnect(config, address, port);
    expect([may('1.2.3.4', 80), may('1.2.3.4', 81), may('5.6.7.8', 80)]).toEqual([true, false, false]);
    expect([mayListen(config, '::1', 0), mayListen(config, '127.0.0.1', 0)]).toEqual([true, false]);
    learnAddresses(config, 'a.example', ['5.6.7.8', '10.0.0.1']);
    expect([may('5.6.7.8', 80), may('10.0.0.1', 80)]).toEqual([true, false]);
  });

  test('restricts no network if it restricted none', () => {
    const config = decodeConfig(encodeConfig(new ProcessConfig()));
    expect(config.network).toBe(ANY_NETWORK);
    const child = new ProcessConfig();
    child.network = fullConfig().network;
    expect(childConfig(child, config)).toHaveProperty('network', child.network);
  });

  test('replaces halves of surrogate pairs, as guests see them', () => {
    const config = new ProcessConfig();
    config.commandLineArguments = ['a\ud800b', '\ufeffc'];
    expect(decodeConfig(encodeConfig(config)).commandLineArguments).toEqual(['a\ufffdb', '\ufeffc']);
  });

  test('has the bytes of version 1', () => {
    expect(Buffer.from(encodeConfig(fullConfig())).toString('hex')).toBe(
      Buffer.from(fullBytes).toString('hex'),
    );
    expect(facts(decodeConfig(fullBytes))).toEqual(facts(fullConfig()));
  });
});

describe('bytes that are no config', () => {
  test('are refused with the error for it', () => {
    const bytes = fc.oneof(
      anyConfig.chain((config) => mutationsOf(encodeConfig(config))),
      mutationsOf(fullBytes),
    );
    let refused = 0;
    fc.assert(
      fc.property(fc.oneof(bytes, fc.uint8Array({ maxLength: 80 })), (mutated) => {
        try {
          decodeConfig(mutated);
        } catch (error) {
          expect(error).toBeInstanceOf(FormatError);
          refused++;
        }
      }),
      { numRuns: 5000 },
    );
    expect(refused).toBeGreaterThan(2000);
  });

  test('are refused if a config is cut off anywhere, or something follows it', () => {
    for (let length = 0; length < fullBytes.length; length++) {
      expect(faultOf(fullBytes.subarray(0, length)).fault).toBe('truncated');
    }
    expect(faultOf(new Uint8Array([...fullBytes, 0])).fault).toBe('surplus');
  });

  const LIMITS = '0000000000000000'.repeat(5);
  test.each<[name: string, bytes: string, fault: FormatFault, message: string]>([
    [
      'a newer version',
      '02',
      'version',
      'a config cannot be read: it is of version 2, and this runtime reads version 1. Run the same release everywhere (at byte 0)',
    ],
    [
      'a negative limit',
      '01 000000000000f0bf',
      'value',
      'a config cannot be read: a limit of -1 (at byte 1)',
    ],
    [
      'a limit that is no number',
      '01 000000000000f87f',
      'value',
      'a config cannot be read: a limit of NaN (at byte 1)',
    ],
    ['unknown flags', `01 ${LIMITS} 20`, 'kind', 'a config cannot be read: unknown flags 0x20 (at byte 41)'],
    [
      'a command twice',
      `01 ${LIMITS} 00 02 01 61 00 01 61 00`,
      'value',
      'a config cannot be read: two commands of one name (at byte 46)',
    ],
    [
      'a variable twice',
      `01 ${LIMITS} 00 00 02 01 61 01 61`,
      'value',
      'a config cannot be read: a variable twice (at byte 46)',
    ],
    [
      'rules for host functions that allow, where there are none',
      `01 ${LIMITS} 00 00 00 00 01 01 61`,
      'value',
      'a config cannot be read: 1 entries, where at most 0 are allowed (at byte 45)',
    ],
    [
      'a rule for host functions that is none',
      `01 ${LIMITS} 00 00 00 01 01 01 2a`,
      'value',
      "a config cannot be read: '*' names no host functions. Write a namespace, lunatic::sqlite, or a function, lunatic::sqlite::open (at byte 46)",
    ],
    [
      'a text that is no UTF-8',
      `01 ${LIMITS} 00 01 01 ff 00`,
      'value',
      'a config cannot be read: a text that is not UTF-8 (at byte 43)',
    ],
    [
      'permissions that are nested too deep',
      `01 ${LIMITS} 00 00 00 00 00 00 00 21`,
      'value',
      'a config cannot be read: 33 entries, where at most 32 are allowed (at byte 48)',
    ],
    [
      'too many rules',
      `01 ${LIMITS} 00 00 00 00 00 00 00 01 01 8102`,
      'value',
      'a config cannot be read: 257 entries, where at most 256 are allowed (at byte 50)',
    ],
    [
      'a rule that is none',
      `01 ${LIMITS} 00 00 00 00 00 00 00 01 01 01 01 2d`,
      'value',
      "a config cannot be read: '-' is not a network rule: it names no host, address or network. Write it as 127.0.0.1:8080, 10.0.0.0/8, [::1]:80, example.org:443, *.example.org or *:443 (at byte 51)",
    ],
    [
      'a host to listen on',
      `01 ${LIMITS} 00 00 00 00 00 00 00 01 04 01 01 61`,
      'value',
      "a config cannot be read: 'a' is not a network rule: sockets are bound to addresses, and this is not one. Write it as 127.0.0.1:8080, 10.0.0.0/8, [::1]:80, example.org:443, *.example.org or *:443 (at byte 51)",
    ],
    [
      'an address that is none',
      `01 ${LIMITS} 00 00 00 00 00 00 00 01 01 01 01 61 01 01 62`,
      'value',
      "a config cannot be read: 'b' is not an address (at byte 54)",
    ],
    [
      'far more arguments than there are',
      `01 ${LIMITS} 00 00 00 00 00 00 00 00 00 ffffffffffffff0f`,
      'truncated',
      'a config cannot be read: 9007199254740991 bytes are needed, 0 are left (at byte 58)',
    ],
  ])('are refused in words that say why: %s', (_, bytes, fault, message) => {
    const error = faultOf(new Uint8Array(Buffer.from(bytes.replaceAll(' ', ''), 'hex')));
    expect(error).toMatchObject({ code: 'LUNATIC_SIGNAL_FORMAT', fault, message });
  });
});
