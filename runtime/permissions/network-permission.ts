import { embeddedIpv4, parseIpAddress, samePlaces } from './ip-address.ts';
import { NetworkRules } from './network-rules.ts';

/** How deep permissions may be nested within permissions. Every level is checked for each connection. */
export const MAX_DEPTH = 32;
/** How many rules a permission and those around it may have together. */
const MAX_ALL_RULES = 1024;

/**
 * What the processes of a config may do on the network. It never changes: every restriction makes a new one. If a
 * process restricts a child, the child may do what both permissions allow.
 */
export class NetworkPermission {
  /** Which hosts may be connected, sent to and resolved; null for all that the parent allows. */
  readonly connect: NetworkRules | null;
  /** Which hosts may not, whatever `connect` says. */
  readonly deny: NetworkRules | null;
  /** Which addresses may be listened on; null for all that the parent allows. */
  readonly listen: NetworkRules | null;
  /** The permission of the process that restricted this one. */
  readonly parent: NetworkPermission | null;

  constructor(
    connect: NetworkRules | null,
    deny: NetworkRules | null = null,
    listen: NetworkRules | null = null,
    parent: NetworkPermission | null = null,
  ) {
    this.connect = connect;
    this.deny = deny;
    this.listen = listen;
    this.parent = parent;
  }

  get #size(): number {
    return [this.connect, this.deny, this.listen].reduce((sum, rules) => sum + (rules?.texts.length ?? 0), 0);
  }

  /**
   * Allows connections in addition to those allowed before. The first rule forbids everything else, listening included.
   * @throws NetworkRuleError
   */
  allowingConnect(rule: string): NetworkPermission {
    const listen = this.listen ?? NO_ADDRESS;
    return new NetworkPermission((this.connect ?? NOTHING).with(rule), this.deny, listen, this.parent);
  }

  /**
   * Allows to listen on an address in addition to those allowed before. The first rule forbids everything else,
   * connections included.
   * @throws NetworkRuleError
   */
  allowingListen(rule: string): NetworkPermission {
    const connect = this.connect ?? NOTHING;
    const listen = (this.listen ?? NO_ADDRESS).with(rule);
    return new NetworkPermission(connect, this.deny, listen, this.parent);
  }

  /**
   * Forbids connections, whatever else is allowed.
   * @throws NetworkRuleError
   */
  denying(rule: string): NetworkPermission {
    const deny = (this.deny ?? NOTHING).with(rule);
    return new NetworkPermission(this.connect, deny, this.listen, this.parent);
  }

  /** Forbids everything that is not allowed later. */
  withNothing(): NetworkPermission {
    return new NetworkPermission(NOTHING, this.deny, NO_ADDRESS, this.parent);
  }

  /** Restricts this permission to what `parent` allows too. Returns null if they are nested too deep, or have too many rules. */
  within(parent: NetworkPermission): NetworkPermission | null {
    if (this === ANY_NETWORK) return parent;
    if (parent === ANY_NETWORK) return this;
    let depth = 1;
    let rules = this.#size;
    for (let outer: NetworkPermission | null = parent; outer !== null; outer = outer.parent) {
      depth++;
      rules += outer.#size;
    }
    if (depth > MAX_DEPTH || rules > MAX_ALL_RULES) return null;
    return new NetworkPermission(this.connect, this.deny, this.listen, parent);
  }
}

const NOTHING = new NetworkRules([]);
const NO_ADDRESS = listenRules([]);

/** No restriction, as in upstream. */
export const ANY_NETWORK = new NetworkPermission(null);
/** A permission neither to connect nor to listen. */
export const NO_NETWORK = ANY_NETWORK.withNothing();

/** Makes rules for listening. @throws NetworkRuleError if one of them names a host: sockets are bound to addresses */
export function listenRules(texts: readonly string[]): NetworkRules {
  return new NetworkRules(texts, 'addresses');
}

/** A config, whose permission is checked. */
interface Owner {
  readonly network: NetworkPermission;
}

/**
 * Returns whether a process may connect, or send a datagram.
 * @param address numeric: 127.0.0.1, ::1
 */
export function mayConnect({ network }: Owner, address: string, port: number): boolean {
  if (network === ANY_NETWORK) return true;
  const target = parseIpAddress(address);
  const reached = target === undefined ? [] : samePlaces(target);
  const behind = target === undefined ? [] : embeddedIpv4(target).flatMap(samePlaces);
  for (let at: NetworkPermission | null = network; at !== null; at = at.parent) {
    if (at.deny?.matches(reached, port) || at.deny?.matches(behind, port)) return false;
    if (at.connect !== null && !at.connect.matches(reached, port)) return false;
  }
  return true;
}

/**
 * Returns whether a process may listen on a TCP or TLS address, or bind a datagram socket to it.
 * @param address numeric; 0.0.0.0 and :: are all addresses of the machine
 * @param port 0 for any free port
 */
export function mayListen({ network }: Owner, address: string, port: number): boolean {
  if (network === ANY_NETWORK) return true;
  const target = parseIpAddress(address);
  const bound = target === undefined ? [] : [target];
  for (let at: NetworkPermission | null = network; at !== null; at = at.parent) {
    if (at.listen !== null && !at.listen.matches(bound, port)) return false;
  }
  return true;
}

/** Returns whether a process may bind a datagram socket. Clients bind one too, to any port, in order to send. */
export function mayBindDatagrams(owner: Owner, address: string, port: number): boolean {
  return mayListen(owner, address, port) || (port === 0 && mayConnectSomewhere(owner));
}

/** Returns whether any rule lets a process connect. */
export function mayConnectSomewhere({ network }: Owner): boolean {
  for (let at: NetworkPermission | null = network; at !== null; at = at.parent) {
    if (at.connect?.isEmpty) return false;
  }
  return true;
}

/** Returns whether any rule lets a process listen. */
export function mayListenSomewhere({ network }: Owner): boolean {
  for (let at: NetworkPermission | null = network; at !== null; at = at.parent) {
    if (at.listen?.isEmpty) return false;
  }
  return true;
}

/** Returns whether any rule lets a process bind a datagram socket. */
export function mayBindSomewhere(owner: Owner): boolean {
  return mayListenSomewhere(owner) || mayConnectSomewhere(owner);
}

/**
 * Returns whether a process may look up the addresses of a host. A look-up tells the world something, so hosts that the
 * process could not connect to by name are not looked up. Numeric addresses need no look-up and no permission.
 * @param host without a port
 */
export function mayResolve({ network }: Owner, host: string): boolean {
  for (let at: NetworkPermission | null = network; at !== null; at = at.parent) {
    if (at.deny?.matchesName(host, true)) return false;
    if (at.connect !== null && !at.connect.matchesName(host)) return false;
  }
  return true;
}

/** Must be called when a host has been resolved, so that the rules that name it learn its addresses. */
export function learnAddresses({ network }: Owner, host: string, addresses: readonly string[]): void {
  for (let at: NetworkPermission | null = network; at !== null; at = at.parent) {
    for (const address of addresses) {
      at.connect?.learn(host, address);
      at.deny?.learn(host, address);
    }
  }
}

/**
 * Returns why a process may not connect, send or resolve, for the guest's author.
 * @param action `connect to 10.0.0.1:80`
 */
export function connectRefusal({ network }: Owner, action: string): string {
  let allows = false;
  let denies = false;
  for (let at: NetworkPermission | null = network; at !== null; at = at.parent) {
    allows ||= at.connect !== null;
    denies ||= at.deny !== null;
  }
  if (!denies) return refusal(action, '--allow-net allows more');
  return refusal(action, allows ? '--allow-net and --deny-net decide' : '--deny-net forbids it');
}

/**
 * Returns why a process may not listen, for the guest's author.
 * @param action `listen on 0.0.0.0:80`
 */
export function listenRefusal(action: string): string {
  return refusal(action, '--allow-listen allows more');
}

function refusal(action: string, options: string): string {
  return `this process may not ${action} (network permissions of its config; ${options})`;
}
