import { type IpAddress, type IpNetwork, ipNetwork, isInNetwork, parseIpAddress } from './ip-address.ts';

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
  readonly networks: IpNetwork[] | null;
}

/** A host by name, and the addresses that it has been resolved to so far. */
interface NameRule {
  readonly ports: Ports;
  /** In lower case. */
  readonly name: string;
  /** Whether hosts below the name are meant, as with `*.example.org`. */
  readonly below: boolean;
  readonly addresses: Set<IpAddress>;
  /** The same addresses as texts. */
  readonly learned: string[];
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
  readonly #hosts: 'names' | 'addresses';
  readonly #groups: AddressGroup[];
  readonly #names: NameRule[];

  /**
   * @param hosts whether rules may name hosts, or only addresses
   * @param base a list of the same kind to begin with. What its rules have learned is not taken over
   * @throws NetworkRuleError
   */
  constructor(texts: readonly string[], hosts: 'names' | 'addresses' = 'names', base?: NetworkRules) {
    this.texts = base === undefined ? texts : [...base.texts, ...texts];
    if (this.texts.length > MAX_RULES) throw new NetworkRuleError(`more than ${MAX_RULES} rules`);
    this.#hosts = hosts;
    this.#groups =
      base === undefined
        ? []
        : base.#groups.map(({ ports, networks }) => ({ ports, networks: networks?.slice() ?? null }));
    this.#names =
      base === undefined ? [] : base.#names.map(({ ports, name, below }) => nameRule(ports, name, below));
    for (const text of texts) this.#add(text, hosts === 'names');
  }

  /**
   * Returns a list with one more rule. The others are not read again, since guests may add rules one by one.
   * @throws NetworkRuleError
   */
  with(text: string): NetworkRules {
    return new NetworkRules([text], this.#hosts, this);
  }

  /** Whether the list matches nothing. */
  get isEmpty(): boolean {
    return this.texts.length === 0;
  }

  /** Returns whether a rule is for one of these addresses and a port. Without an address, only `*` is. */
  matches(addresses: readonly IpAddress[], port: number): boolean {
    for (const { ports, networks } of this.#groups) {
      if (!isIn(ports, port)) continue;
      if (networks === null) return true;
      if (addresses.some((address) => networks.some((network) => isInNetwork(address, network)))) return true;
    }
    return this.#names.some(
      (rule) => isIn(rule.ports, port) && addresses.some((address) => rule.addresses.has(address)),
    );
  }

  /** Returns whether a rule is for a host by its name, at some port or, with `allPorts`, at all of them. */
  matchesName(host: string, allPorts = false): boolean {
    const fits = (ports: Ports) => !allPorts || (ports.from === 0 && ports.to === HIGHEST_PORT);
    if (this.#groups.some(({ ports, networks }) => networks === null && fits(ports))) return true;
    const name = normalName(host);
    return this.#names.some((rule) => fits(rule.ports) && isNamed(rule, name));
  }

  /** Adds an address that a host was resolved to, to the rules that name the host. */
  learn(host: string, address: string): void {
    if (this.#names.length === 0) return;
    const name = normalName(host);
    for (const rule of this.#names) if (isNamed(rule, name)) addLearned(rule, withoutZone(address));
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
      if (address !== withoutZone(address) || !addLearned(rule, address))
        throw new NetworkRuleError(`'${address}' is not an address`);
    }
  }

  #add(text: string, names: boolean): void {
    const { host, ports } = splitRule(text);
    if (host === '*') {
      this.#groups.push({ ports, networks: null });
      return;
    }
    const [, address = '', prefix] = /^\[?([0-9a-f:.]+)\]?(?:\/(\d{1,3})\]?)?$/i.exec(host) ?? [];
    const network = ipNetwork(address, prefix === undefined ? undefined : Number(prefix));
    if (network === undefined) {
      if (!names && host !== 'localhost') {
        throw wrong(text, 'sockets are bound to addresses, and this is not one');
      }
      this.#addName(text, host, ports);
      return;
    }
    if (Number(prefix ?? 0) > network.bits) {
      const family = network.bits === 32 ? 'ipv4' : 'ipv6';
      throw wrong(text, `a prefix of an ${family} address has at most ${network.bits} bits`);
    }
    this.#networksFor(ports).push(network);
  }

  #networksFor(ports: Ports): IpNetwork[] {
    for (const { ports: those, networks } of this.#groups) {
      if (networks !== null && those.from === ports.from && those.to === ports.to) return networks;
    }
    const networks: IpNetwork[] = [];
    this.#groups.push({ ports, networks });
    return networks;
  }

  #addName(text: string, host: string, ports: Ports): void {
    const below = host.startsWith('*.');
    const name = normalName(below ? host.slice(2) : host);
    const isName = /^[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)*$/.test(name);
    // If the last part has only digits, this is a malformed address.
    if (!isName || /(^|\.)\d+$/.test(name)) throw wrong(text, 'it names no host, address or network');
    this.#names.push(nameRule(ports, name, below));
  }
}

function nameRule(ports: Ports, name: string, below: boolean): NameRule {
  const rule: NameRule = { ports, name, below, addresses: new Set(), learned: [] };
  if (name === 'localhost' && !below) for (const address of ['127.0.0.1', '::1']) addLearned(rule, address);
  return rule;
}

/** Returns false if the text is not an address. */
function addLearned({ addresses, learned }: NameRule, text: string): boolean {
  const address = parseIpAddress(text);
  if (address === undefined) return false;
  if (addresses.has(address)) return true;
  if (learned.length >= MAX_LEARNED) {
    addresses.clear();
    learned.length = 0;
  }
  addresses.add(address);
  learned.push(text);
  return true;
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

/**
 * Names are compared without regard to case and to the dot of the root at their end, and in the form in which they are
 * looked up: a resolver reads full-width letters as the usual ones.
 */
function normalName(host: string): string {
  const name = inAscii(host).toLowerCase();
  return name.endsWith('.') ? name.slice(0, -1) : name;
}

/** `domainToASCII` also decodes what is written with `%`, which no resolver does. */
function inAscii(host: string): string {
  if (!/[^\0-\x7f]/.test(host) || host.includes('%')) return host;
  return process.getBuiltinModule('node:url').domainToASCII(host) || host;
}

function isNamed({ name, below }: NameRule, host: string): boolean {
  return below ? host.endsWith(`.${name}`) : host === name;
}

/** Removes the interface, which is not part of the address: `fe80::1%eth0`. */
function withoutZone(address: string): string {
  const zone = address.indexOf('%');
  return zone < 0 ? address : address.slice(0, zone);
}
