import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { embeddedIpv4, parseIpAddress } from '../../../runtime/permissions/ip-address.ts';
import {
  ANY_NETWORK,
  learnAddresses,
  listenRules,
  mayBindDatagrams,
  mayConnect,
  mayListen,
  mayResolve,
  NetworkPermission,
  NO_NETWORK,
} from '../../../runtime/permissions/network-permission.ts';
import { NetworkRuleError, NetworkRules } from '../../../runtime/permissions/network-rules.ts';

const connecting = (...rules: string[]) => ({
  network: rules.reduce<NetworkPermission>((network, rule) => network.allowingConnect(rule), ANY_NETWORK),
});
const listening = (...rules: string[]) => ({
  network: rules.reduce<NetworkPermission>((network, rule) => network.allowingListen(rule), ANY_NETWORK),
});

/** A text as the list of addresses that rules are compared with. */
const addresses = (text: string) => {
  const address = parseIpAddress(text);
  return address === undefined ? [] : [address];
};

describe('rules', () => {
  test.each([
    ['*', '1.2.3.4', 80, true],
    ['*', '::1', 0, true],
    ['*:443', '1.2.3.4', 443, true],
    ['*:443', '1.2.3.4', 80, false],
    ['127.0.0.1', '127.0.0.1', 65535, true],
    ['127.0.0.1', '127.0.0.2', 80, false],
    ['127.0.0.1:8080', '127.0.0.1', 8080, true],
    ['127.0.0.1:8080', '127.0.0.1', 8081, false],
    ['127.0.0.1:8080-8090', '127.0.0.1', 8090, true],
    ['127.0.0.1:8080-8090', '127.0.0.1', 8091, false],
    ['127.0.0.1:8080-8090', '127.0.0.1', 8079, false],
    ['10.0.0.0/8', '10.255.0.1', 1, true],
    ['10.0.0.0/8', '11.0.0.1', 1, false],
    ['10.0.0.0/8:22', '10.255.0.1', 23, false],
    ['10.1.2.3/8:22', '10.255.0.1', 22, true],
    ['0.0.0.0/0', '8.8.8.8', 53, true],
    ['0.0.0.0/0', '2001::1', 53, false],
    ['[::1]', '::1', 7, true],
    ['::1', '0:0:0:0:0:0:0:1', 7, true],
    ['[::1]:80', '::1', 81, false],
    ['[fe80::]/10', 'fe80::1%eth0', 1, true],
    ['[fe80::/10]:5', 'fe80::1', 5, true],
    ['[fe80::]/10:5', 'fe80::1', 6, false],
    ['fe80::/10', 'fec0::1', 6, false],
    // An IPv4 address in the clothes of an IPv6 one.
    ['10.0.0.0/8', '::ffff:10.0.0.1', 1, true],
    ['10.0.0.0/8', '::ffff:a00:1', 1, true],
    ['10.0.0.0/8', '::ffff:11.0.0.1', 1, false],
    ['localhost:80', '127.0.0.1', 80, true],
    ['localhost:80', '::1', 80, true],
    ['localhost:80', '127.0.0.1', 81, false],
  ])('%s matches %s at port %i: %s', (rule, address, port, expected) => {
    expect(new NetworkRules([rule]).matches(addresses(address), port)).toBe(expected);
  });

  test.each([
    ['', 'neither HOST nor HOST:PORT'],
    [':80', 'neither HOST nor HOST:PORT'],
    ['a b', 'neither HOST nor HOST:PORT'],
    ['a:http', "'http' is neither a port"],
    ['a:65536', "'65536' is neither a port"],
    ['a:9-8', "'9-8' is neither a port"],
    ['a:', 'neither HOST nor HOST:PORT'],
    ['1.2.3', 'names no host'],
    ['1.2.3.256', 'names no host'],
    ['1.2.3.4/33', 'at most 32 bits'],
    ['::1/129', 'at most 128 bits'],
    ['http://a', "'//a' is neither a port"],
    ['*.', 'names no host'],
    ['*a.example', 'names no host'],
    ['a..b', 'names no host'],
    ['-a', 'names no host'],
    ['[::1', 'neither HOST nor HOST:PORT'],
    ['[a]', 'names no host'],
    ['a'.repeat(400), 'too long'],
  ])('%j is none', (rule, why) => {
    expect(() => new NetworkRules([rule])).toThrow(NetworkRuleError);
    expect(() => new NetworkRules([rule])).toThrow(why);
  });

  test('no text does more than be refused', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.string(), fc.stringMatching(/^[0-9a-f.:/[\]*-]{0,30}$/)),
        fc.oneof(fc.ipV4(), fc.ipV6()),
        (rule, address) => {
          try {
            const rules = new NetworkRules([rule]);
            rules.matches(addresses(address), 80);
            rules.matchesName(rule);
            rules.learn(rule, address);
          } catch (error) {
            expect(error).toBeInstanceOf(NetworkRuleError);
          }
        },
      ),
    );
  });

  test('an address that is none matches nothing but *', () => {
    expect(new NetworkRules(['0.0.0.0/0', '::/0']).matches(addresses('nonsense'), 1)).toBe(false);
  });

  test('one that is added leaves the list as it was, and learns for itself', () => {
    const before = new NetworkRules(['10.0.0.1:80', 'db.example', 'localhost']);
    before.learn('db.example', '1.2.3.4');
    const after = before.with('10.0.0.2:80');
    expect(after.texts).toEqual(['10.0.0.1:80', 'db.example', 'localhost', '10.0.0.2:80']);
    for (const address of ['10.0.0.1', '10.0.0.2', '127.0.0.1', '::1']) {
      expect(after.matches(addresses(address), 80)).toBe(true);
    }
    expect(before.matches(addresses('10.0.0.2'), 80)).toBe(false);
    expect(after.matches(addresses('1.2.3.4'), 80)).toBe(false);
    after.learn('db.example', '5.6.7.8');
    expect(before.matches(addresses('5.6.7.8'), 80)).toBe(false);
    expect(() => listenRules(['127.0.0.1']).with('example.org')).toThrow('bound to addresses');
  });

  test('there are at most 256', () => {
    const many = Array.from({ length: 256 }, (_, i) => `10.0.0.${i}`);
    expect(new NetworkRules(many).matches(addresses('10.0.0.255'), 1)).toBe(true);
    expect(() => new NetworkRules(many).with('10.0.1.0')).toThrow('more than 256 rules');
  });
});

describe('what a config permits', () => {
  test('is everything unless told otherwise', () => {
    const owner = { network: ANY_NETWORK };
    expect(mayConnect(owner, '1.2.3.4', 5)).toBe(true);
    expect(mayListen(owner, '0.0.0.0', 0)).toBe(true);
    expect(mayResolve(owner, 'example.org')).toBe(true);
    expect(mayBindDatagrams(owner, '0.0.0.0', 0)).toBe(true);
  });

  test('can be nothing', () => {
    const owner = { network: NO_NETWORK };
    expect(mayConnect(owner, '127.0.0.1', 5)).toBe(false);
    expect(mayListen(owner, '127.0.0.1', 0)).toBe(false);
    expect(mayResolve(owner, 'localhost')).toBe(false);
    expect(mayBindDatagrams(owner, '0.0.0.0', 0)).toBe(false);
  });

  test('a list of connections forbids the others, and to listen; datagram sockets can still be made to send', () => {
    const owner = connecting('127.0.0.1:53', '10.0.0.0/8');
    expect(mayConnect(owner, '127.0.0.1', 53)).toBe(true);
    expect(mayConnect(owner, '10.9.9.9', 1)).toBe(true);
    expect(mayConnect(owner, '127.0.0.1', 54)).toBe(false);
    expect(mayListen(owner, '127.0.0.1', 0)).toBe(false);
    expect(mayBindDatagrams(owner, '0.0.0.0', 0)).toBe(true);
    expect(mayBindDatagrams(owner, '0.0.0.0', 53)).toBe(false);
  });

  test('a list of addresses to listen on forbids the others, and to connect', () => {
    const owner = listening('127.0.0.1:8080', '[::1]:0', 'localhost:99');
    expect(mayListen(owner, '127.0.0.1', 8080)).toBe(true);
    expect(mayListen(owner, '0.0.0.0', 8080)).toBe(false);
    expect(mayListen(owner, '::1', 0)).toBe(true);
    expect(mayListen(owner, '::1', 1)).toBe(false);
    expect(mayListen(owner, '127.0.0.1', 99)).toBe(true);
    expect(mayConnect(owner, '127.0.0.1', 8080)).toBe(false);
    expect(() => owner.network.allowingListen('example.org')).toThrow('bound to addresses');
  });

  test('what is denied is denied, whatever else is allowed', () => {
    const owner = { network: ANY_NETWORK.denying('169.254.0.0/16').denying('*:25').denying('evil.example') };
    expect(mayConnect(owner, '169.254.169.254', 80)).toBe(false);
    expect(mayConnect(owner, '::ffff:169.254.169.254', 80)).toBe(false);
    expect(mayConnect(owner, '1.2.3.4', 25)).toBe(false);
    expect(mayConnect(owner, '1.2.3.4', 26)).toBe(true);
    expect(mayListen(owner, '0.0.0.0', 80)).toBe(true);
    expect(mayResolve(owner, 'EVIL.example.')).toBe(false);
    expect(mayResolve(owner, 'other.example')).toBe(true);
  });

  test.each([
    ['0.0.0.0', '127.0.0.0/8'],
    ['::ffff:0.0.0.0', '127.0.0.0/8'],
    ['::ffff:0:0', '127.0.0.1'],
    ['0:0:0:0:0:ffff:0.0.0.0', '127.0.0.1'],
    ['::', '::1'],
    ['0:0::0', '::1'],
    ['::0.0.0.0', '::1'],
    ['0:0:0:0:0:0:0.0.0.0', '::1'],
    ['0000:0000::0000:0.0.0.0', '::1'],
    ['::%lo', '::1'],
    ['::0.0.0.0%lo', '::1'],
    ['::0.0.0.1', '::1'],
    ['::1%lo', '::1'],
    ['::0.0.0.0', '[::/64]'],
    // Denying the address of all interfaces denies the machine, however it is written on either side.
    ['0.0.0.0', '0.0.0.0'],
    ['127.0.0.1', '0.0.0.0'],
    ['127.0.0.1', '0.0.0.0/8'],
    ['::ffff:127.0.0.1', '0.0.0.0'],
    ['::ffff:7f00:1', '::ffff:0.0.0.0'],
    ['::1', '::'],
    ['::1', '::0.0.0.0'],
    ['::', '::'],
  ])('connecting to %s is connecting to what %s denies', (address, rule) => {
    const { network } = connecting('*');
    expect(mayConnect({ network: network.denying(rule) }, address, 80)).toBe(false);
    expect(mayConnect({ network: network.denying('1.2.3.4').denying('2001:db8::/32') }, address, 80)).toBe(
      true,
    );
    expect(mayConnect(connecting('127.0.0.1', '::1'), address, 80)).toBe(true);
  });

  test.each([
    ['::10.1.2.3', 'compatible'],
    ['::ffff:0:10.1.2.3', 'translated'],
    ['64:ff9b::a01:203', 'NAT64'],
    ['64:ff9b:1::10.1.2.3', 'NAT64 of a site, /96'],
    ['64:ff9b:1:0a01:2:300::', 'NAT64 of a site, /48'],
    ['64:ff9b:1:ff0a:1:203::', 'NAT64 of a site, /56'],
    ['64:ff9b:1:ffff:a:102:300:0', 'NAT64 of a site, /64'],
    ['2002:0a01:203::1', '6to4'],
    ['2001:0:a01:203::', 'Teredo, the server'],
    ['2001::f5fe:fdfc', 'Teredo, the client'],
    ['fe80::5efe:10.1.2.3%eth0', 'ISATAP'],
    ['2001:db8::200:5efe:a01:203', 'ISATAP'],
  ])('what denies 10.1.2.3 denies %s (%s)', (address) => {
    expect(mayConnect({ network: ANY_NETWORK.denying('10.1.2.3:80') }, address, 80)).toBe(false);
    expect(mayConnect({ network: ANY_NETWORK.denying('10.1.2.3:80') }, address, 81)).toBe(true);
    expect(mayConnect({ network: ANY_NETWORK.denying('10.1.2.4') }, address, 80)).toBe(true);
    // Whether a gateway brings it there is unknown, so a permission for the one is none for the other.
    expect(mayConnect(connecting('10.1.2.3'), address, 80)).toBe(false);
    expect(mayConnect(connecting(address.replace('%eth0', '')), address, 80)).toBe(true);
  });

  test('an address is denied in every spelling', () => {
    const pads = fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 8, maxLength: 8 });
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 16, maxLength: 16 }),
        pads,
        fc.boolean(),
        (bytes, zeros, dotted) => {
          const groups = Array.from(
            { length: 8 },
            (_, i) => ((bytes[2 * i] ?? 0) << 8) | (bytes[2 * i + 1] ?? 0),
          );
          const plain = groups.map((group) => group.toString(16)).join(':');
          const padded = groups.map((group, i) => {
            const digits = group.toString(16);
            return i % 2 === 0
              ? digits.toUpperCase()
              : digits.padStart(Math.min(4, digits.length + (zeros[i] ?? 0)), '0');
          });
          const text = dotted
            ? `${padded.slice(0, 6).join(':')}:${bytes.slice(12).join('.')}`
            : padded.join(':');
          expect(mayConnect({ network: ANY_NETWORK.denying(`[${plain}]`) }, text, 1)).toBe(false);
          expect(mayConnect({ network: ANY_NETWORK.denying(`[${text}]`) }, plain, 1)).toBe(false);
        },
      ),
    );
  });

  test('no other address has an IPv4 address in it', () => {
    for (const address of [
      '::',
      '::1',
      '2001:db8::10.1.2.3',
      'fe80::10.1.2.3',
      '64:ff9b:2::10.1.2.3',
      '2001:1::1',
    ]) {
      expect(addresses(address).flatMap(embeddedIpv4)).toEqual([]);
    }
  });
});

describe('hosts by name', () => {
  test('may be resolved, and their addresses may then be connected to at the same ports', () => {
    const owner = connecting('db.example.org:5432', '*.web.example:443');
    expect(mayResolve(owner, 'db.example.org')).toBe(true);
    expect(mayResolve(owner, 'DB.Example.ORG.')).toBe(true);
    expect(mayResolve(owner, 'example.org')).toBe(false);
    expect(mayResolve(owner, 'xdb.example.org')).toBe(false);
    expect(mayResolve(owner, 'a.b.web.example')).toBe(true);
    expect(mayResolve(owner, 'web.example')).toBe(false);
    expect(mayConnect(owner, '10.0.0.1', 5432)).toBe(false);
    learnAddresses(owner, 'db.example.org', ['10.0.0.1', 'fd00::1']);
    learnAddresses(owner, 'other.example.org', ['10.0.0.2']);
    expect(mayConnect(owner, '10.0.0.1', 5432)).toBe(true);
    expect(mayConnect(owner, 'fd00::1', 5432)).toBe(true);
    expect(mayConnect(owner, '10.0.0.1', 443)).toBe(false);
    expect(mayConnect(owner, '10.0.0.2', 5432)).toBe(false);
  });

  test('lists of addresses alone let nothing be resolved, a port everywhere does', () => {
    expect(mayResolve(connecting('10.0.0.0/8'), 'example.org')).toBe(false);
    expect(mayResolve(connecting('*:443'), 'example.org')).toBe(true);
    expect(mayResolve({ network: ANY_NETWORK.denying('*:25') }, 'example.org')).toBe(true);
    expect(mayResolve({ network: ANY_NETWORK.denying('*') }, 'example.org')).toBe(false);
  });

  test('that are denied at a port take their addresses along', () => {
    const owner = { network: ANY_NETWORK.denying('mail.example:25') };
    expect(mayResolve(owner, 'mail.example')).toBe(true);
    learnAddresses(owner, 'mail.example', ['10.0.0.1']);
    expect(mayConnect(owner, '10.0.0.1', 25)).toBe(false);
    expect(mayConnect(owner, '10.0.0.1', 80)).toBe(true);
  });

  test('are compared as they are looked up', () => {
    const owner = { network: ANY_NETWORK.denying('evil.example').denying('mail.example:25') };
    for (const name of ['ｅvil.example', 'ev\u00adil.example', 'EVIL。example', 'evil.example.']) {
      expect(mayResolve(owner, name)).toBe(false);
    }
    learnAddresses(owner, 'Ｍail.example', ['10.0.0.1']);
    expect(mayConnect(owner, '10.0.0.1', 25)).toBe(false);
    // Resolvers do not decode this, so it is another name.
    expect(mayResolve(connecting('good.example'), 'g%6fod.example')).toBe(false);
    expect(mayResolve(connecting('good.example'), 'ｇ%6fod.example')).toBe(false);
  });

  test('the addresses of one are bounded', () => {
    const owner = connecting('many.example');
    for (let i = 0; i < 5000; i++) learnAddresses(owner, 'many.example', [`10.0.${i >> 8}.${i & 255}`]);
    expect(mayConnect(owner, '10.0.0.1', 80)).toBe(false);
    expect(mayConnect(owner, '10.0.19.135', 80)).toBe(true);
  });
});

describe('a child', () => {
  test('that nobody restricted is as its parent', () => {
    const { network } = connecting('10.0.0.1');
    expect(ANY_NETWORK.within(network)).toBe(network);
    expect(network.within(ANY_NETWORK)).toBe(network);
  });

  test('may do what both it and its parent were allowed', () => {
    const parent = connecting('10.0.0.0/8').network.allowingListen('127.0.0.1');
    const wanted = connecting('*:80', '9.9.9.9').network.allowingListen('*');
    const network = wanted.within(parent);
    if (network === null) throw new Error('too deep');
    const owner = { network };
    expect(mayConnect(owner, '10.0.0.1', 80)).toBe(true);
    expect(mayConnect(owner, '10.0.0.1', 81)).toBe(false);
    expect(mayConnect(owner, '9.9.9.9', 80)).toBe(false);
    expect(mayListen(owner, '127.0.0.1', 1)).toBe(true);
    expect(mayListen(owner, '127.0.0.2', 1)).toBe(false);
    expect(mayResolve(owner, 'example.org')).toBe(false);
  });

  test('of a child of a child cannot be restricted without an end', () => {
    const wanted = connecting('10.0.0.0/8').network;
    let network: NetworkPermission | null = wanted;
    let generations = 0;
    for (; network !== null && generations < 100; generations++) network = wanted.within(network);
    expect(generations).toBe(32);
  });

  test('nor can rules be heaped up without an end: each of them is compared for every datagram', () => {
    const many = new NetworkRules(Array.from({ length: 256 }, (_, i) => `10.0.0.${i}`));
    const wanted = new NetworkPermission(many, many);
    const twice = wanted.within(wanted);
    expect(twice).not.toBeNull();
    expect(twice && wanted.within(twice)).toBeNull();
  });
});
