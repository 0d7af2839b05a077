import type { BlockList } from 'node:net';

/** The number of rules that a list may have. Each is checked for each connection. */
export const MAX_RULES = 256;
/** Characters of the longest rule. The longest name of a host has 253. */
const MAX_LENGTH = 300;
/** Addresses that are kept for a rule that names a host. Beyond that the oldest are forgotten and must be resolved again. */
export const MAX_LEARNED = 4096;

const HIGHEST_PORT = 65_535;

/** A text is not a rule. The message says what a rule looks like. */
export class NetworkRuleError extends Error {
  override readonly name = 'NetworkRuleError';
  readonly code = 'LUNATIC_NETWORK_RULE';
}

interface Ports {
  readonly from: number;
  readonly to: number;
}

/** The addresses of rules that have the same ports. */
interface AddressGroup {
  readonly ports: Ports;
  /** Null for every address. */
  readonly list: BlockList | null;
}

/** A host by name, and the addresses that it has been resolved to so far. */
interface NameRule {
  readonly ports: Ports;
  /** In lower case. */
  readonly name: string;
  /** Whether hosts below the name are meant, as with `*.example.org`. */
  readonly below: boolean;
  list: BlockList | null;
  /** The addresses in `list`, numeric. */
  learned: string[];
}

/**
 * A list of addresses and ports, as users write it:
 *
 *     *                      everything             *:443                       a port everywhere
 *     127.0.0.1:8080         an address             10.0.0.0/8                  a network
 *     [::1]:80, [fe80::]/10  the same for IPv6      db.example.org:5000-5100    a host and a range of ports
 *                                                   *.example.org:443           hosts below a name
 *
 * A rule without ports is for all of them. Names are compared with what a guest resolves, and the addresses that it gets
 * belong to the rule from then on. Otherwise lists never change: adding a rule makes a new list.
 */
export class NetworkRules {
  /** The rules as they were written. */
  readonly texts: readonly string[];
  readonly #groups: AddressGroup[] = [];
  readonly #names: NameRule[] = [];

  /**
   * @param hosts whether rules may name hosts, or only addresses
   * @throws NetworkRuleError
   */
  constructor(texts: readonly string[], hosts: 'names' | 'addresses' = 'names') {
    if (texts.length > MAX_RULES) throw new NetworkRuleError(`more than ${MAX_RULES} rules`);
    this.texts = texts;
    for (const text of texts) this.#add(text, hosts === 'names');
  }

  /**
   * Returns a list with one more rule.
   * @throws NetworkRuleError
   */
  with(text: string): NetworkRules {
    return new NetworkRules([...this.texts, text]);
  }

  /** Whether the list matches nothing. */
  get isEmpty(): boolean {
    return this.texts.length === 0;
  }

  /** Returns whether a rule is for a numeric address and a port. */
  matches(address: string, port: number): boolean {
    const bare = withoutZone(address);
    const family = familyOf(bare);
    for (const { ports, list } of this.#groups) {
      if (isIn(ports, port) && (list === null || list.check(bare, family))) return true;
    }
    for (const { ports, list } of this.#names) {
      if (list !== null && isIn(ports, port) && list.check(bare, family)) return true;
    }
    return false;
  }

  /** Returns whether a rule is for a host by its name, at some port or, with `allPorts`, at all of them. */
  matchesName(host: string, allPorts = false): boolean {
    const fits = (ports: Ports) => !allPorts || (ports.from === 0 && ports.to === HIGHEST_PORT);
    if (this.#groups.some(({ ports, list }) => list === null && fits(ports))) return true;
    const name = normalName(host);
    return this.#names.some((rule) => fits(rule.ports) && isNamed(rule, name));
  }

  /** Adds an address that a host was resolved to, to the rules that name the host. */
  learn(host: string, address: string): void {
    if (this.#names.length === 0) return;
    const name = normalName(host);
    const bare = withoutZone(address);
    const family = familyOf(bare);
    for (const rule of this.#names) if (isNamed(rule, name)) addLearned(rule, bare, family);
  }

  /** The addresses that each rule that names a host has learned, in the order of these rules. */
  get learned(): readonly (readonly string[])[] {
    return this.#names.map(({ learned }) => learned);
  }

  /**
   * Adds addresses that the rule at an index of `learned` has learned elsewhere.
   * @throws NetworkRuleError if one of them is not an address
   */
  learnAgain(index: number, addresses: readonly string[]): void {
    const rule = this.#names[index];
    if (rule === undefined) throw new RangeError(`no rule ${index} names a host`);
    for (const address of addresses) {
      const family = address === withoutZone(address) ? addressFamily(address) : undefined;
      if (family === undefined) throw new NetworkRuleError(`'${address}' is not an address`);
      addLearned(rule, address, family);
    }
  }

  #add(text: string, names: boolean): void {
    const { host, ports } = splitRule(text);
    if (host === '*') {
      this.#groups.push({ ports, list: null });
      return;
    }
    const network = /^\[?([0-9a-f:.]+)\]?(?:\/(\d{1,3})\]?)?$/i.exec(host);
    const [, address = '', prefix] = network ?? [];
    const family = network === null ? undefined : addressFamily(address);
    if (family !== undefined) this.#addAddress(text, address, family, prefix, ports);
    else if (names || host === 'localhost') this.#addName(text, host, ports);
    else throw wrong(text, 'sockets are bound to addresses, and this is not one');
  }

  #addAddress(
    text: string,
    address: string,
    family: 'ipv4' | 'ipv6',
    prefix: string | undefined,
    ports: Ports,
  ): void {
    const list = this.#groupFor(ports);
    if (prefix === undefined) {
      list.addAddress(address, family);
      return;
    }
    const bits = family === 'ipv4' ? 32 : 128;
    if (Number(prefix) > bits) throw wrong(text, `a prefix of an ${family} address has at most ${bits} bits`);
    list.addSubnet(address, Number(prefix), family);
  }

  #groupFor(ports: Ports): BlockList {
    for (const { ports: those, list } of this.#groups) {
      if (list !== null && those.from === ports.from && those.to === ports.to) return list;
    }
    const list = newList();
    this.#groups.push({ ports, list });
    return list;
  }

  #addName(text: string, host: string, ports: Ports): void {
    const below = host.startsWith('*.');
    const name = normalName(below ? host.slice(2) : host);
    const isName = /^[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)*$/.test(name);
    // If the last part has only digits, this is a malformed address.
    if (!isName || /(^|\.)\d+$/.test(name)) throw wrong(text, 'it names no host, address or network');
    const rule: NameRule = { ports, name, below, list: null, learned: [] };
    this.#names.push(rule);
    if (name === 'localhost' && !below) {
      this.learn(name, '127.0.0.1');
      this.learn(name, '::1');
    }
  }
}

function addLearned(rule: NameRule, address: string, family: 'ipv4' | 'ipv6'): void {
  if (rule.list?.check(address, family)) return;
  if (rule.list === null || rule.learned.length >= MAX_LEARNED) {
    rule.list = newList();
    rule.learned = [];
  }
  rule.list.addAddress(address, family);
  rule.learned.push(address);
}

/** Loads `node:net` with the first rule: most programs have none. */
function newList(): BlockList {
  const { BlockList } = process.getBuiltinModule('node:net');
  return new BlockList();
}

function addressFamily(text: string): 'ipv4' | 'ipv6' | undefined {
  const version = process.getBuiltinModule('node:net').isIP(text);
  return version === 4 ? 'ipv4' : version === 6 ? 'ipv6' : undefined;
}

function splitRule(text: string): { host: string; ports: Ports } {
  if (text.length > MAX_LENGTH) throw wrong(`${text.slice(0, 40)}...`, 'it is too long');
  const isBareIpv6 = !text.startsWith('[') && /:.*:/.test(text);
  const match = isBareIpv6
    ? /^([^\s\][]+)()$/.exec(text)
    : /^(\[[^\s\][]+\](?:\/\d+)?|[^\s:\][]+)(?::(.+))?$/.exec(text);
  if (match === null) throw wrong(text, 'it is neither HOST nor HOST:PORT');
  const [, host = '', ports = ''] = match;
  return { host, ports: ports === '' ? { from: 0, to: HIGHEST_PORT } : parsePorts(text, ports) };
}

function parsePorts(text: string, ports: string): Ports {
  const [, from, to = from] = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(ports) ?? [];
  if (from === undefined || Number(to) > HIGHEST_PORT || Number(from) > Number(to)) {
    throw wrong(text, `'${ports}' is neither a port nor a range of ports`);
  }
  return { from: Number(from), to: Number(to) };
}

function wrong(text: string, why: string): NetworkRuleError {
  const examples = '127.0.0.1:8080, 10.0.0.0/8, [::1]:80, example.org:443, *.example.org or *:443';
  return new NetworkRuleError(`'${text}' is not a network rule: ${why}. Write it as ${examples}`);
}

function isIn({ from, to }: Ports, port: number): boolean {
  return port >= from && port <= to;
}

/** Names are compared without regard to case and to the dot of the root at their end. */
function normalName(host: string): string {
  const name = host.toLowerCase();
  return name.endsWith('.') ? name.slice(0, -1) : name;
}

function isNamed({ name, below }: NameRule, host: string): boolean {
  return below ? host.endsWith(`.${name}`) : host === name;
}

/** Removes the interface, which is not part of the address: `fe80::1%eth0`. */
function withoutZone(address: string): string {
  const zone = address.indexOf('%');
  return zone < 0 ? address : address.slice(0, zone);
}

function familyOf(address: string): 'ipv4' | 'ipv6' {
  return address.includes(':') ? 'ipv6' : 'ipv4';
}
