import { NetworkRules } from './network-rules.ts';

/** Permissions within permissions that a process may have, each a list that is looked at for each connection. */
export const MAX_DEPTH = 32;

/**
 * What the processes of a config may do on the network. It does not change: to restrict it makes a new one. Where a
 * process restricts a child, what the child may do is what both allow.
 */
export class NetworkPermission {
  /** What may be connected, sent and resolved to; null for all that the parent allows. */
  readonly connect: NetworkRules | null;
  /** What may not, whatever `connect` says. */
  readonly deny: NetworkRules | null;
  /** Where may be listened; null for wherever the parent may. */
  readonly listen: NetworkRules | null;
  /** Of the process that restricted this one. */
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

  /**
   * Allows a connection besides those that were named before; the first that is named forbids all others, to listen too.
   * @throws NetworkRuleError
   */
  allowingConnect(rule: string): NetworkPermission {
    const listen = this.listen ?? NOTHING;
    return new NetworkPermission((this.connect ?? NOTHING).with(rule), this.deny, listen, this.parent);
  }

  /**
   * The same for an address to listen on.
   * @throws NetworkRuleError
   */
  allowingListen(rule: string): NetworkPermission {
    const connect = this.connect ?? NOTHING;
    const listen = listenRules([...(this.listen ?? NOTHING).texts, rule]);
    return new NetworkPermission(connect, this.deny, listen, this.parent);
  }

  /**
   * Forbids connections, whatever is allowed.
   * @throws NetworkRuleError
   */
  denying(rule: string): NetworkPermission {
    const deny = (this.deny ?? NOTHING).with(rule);
    return new NetworkPermission(this.connect, deny, this.listen, this.parent);
  }

  /** Forbids everything that is not allowed from now on. */
  withNothing(): NetworkPermission {
    return new NetworkPermission(NOTHING, this.deny, NOTHING, this.parent);
  }

  /** What a child may do for which this was wanted: no more than `parent`. Null where they are nested too deep. */
  within(parent: NetworkPermission): NetworkPermission | null {
    if (this === ANY_NETWORK) return parent;
    if (parent === ANY_NETWORK) return this;
    let depth = 1;
    for (let outer: NetworkPermission | null = parent; outer !== null; outer = outer.parent) depth++;
    if (depth > MAX_DEPTH) return null;
    return new NetworkPermission(this.connect, this.deny, this.listen, parent);
  }
}

const NOTHING = new NetworkRules([]);

/** No restriction, as upstream has none. */
export const ANY_NETWORK = new NetworkPermission(null);
/** Neither to connect nor to listen. */
export const NO_NETWORK = ANY_NETWORK.withNothing();

/** @throws NetworkRuleError where one of them names a host: sockets are bound to addresses */
export function listenRules(texts: readonly string[]): NetworkRules {
  return new NetworkRules(texts, 'addresses');
}

/** Whose permission it is: a config. */
interface Owner {
  readonly network: NetworkPermission;
}

/**
 * Whether a process may connect, or send a datagram.
 * @param address in numbers: 127.0.0.1, ::1
 */
export function mayConnect({ network }: Owner, address: string, port: number): boolean {
  if (network === ANY_NETWORK) return true;
  const target = reached(address);
  for (let at: NetworkPermission | null = network; at !== null; at = at.parent) {
    if (at.deny?.matches(target, port)) return false;
    if (at.connect !== null && !at.connect.matches(target, port)) return false;
  }
  return true;
}

/**
 * Whether a process may listen on a TCP or TLS address, or bind a datagram socket to it.
 * @param address in numbers; 0.0.0.0 and :: are all addresses of the machine
 * @param port 0 for any that is free
 */
export function mayListen({ network }: Owner, address: string, port: number): boolean {
  for (let at: NetworkPermission | null = network; at !== null; at = at.parent) {
    if (at.listen !== null && !at.listen.matches(address, port)) return false;
  }
  return true;
}

/** The same for a datagram socket, which clients bind too: to any port, in order to send. */
export function mayBindDatagrams(owner: Owner, address: string, port: number): boolean {
  return mayListen(owner, address, port) || (port === 0 && mayConnectSomewhere(owner));
}

function mayConnectSomewhere({ network }: Owner): boolean {
  for (let at: NetworkPermission | null = network; at !== null; at = at.parent) {
    if (at.connect?.isEmpty) return false;
  }
  return true;
}

/**
 * Whether a process may ask for the addresses of a host. A question tells the world something, so that hosts that the
 * process could not connect to by name are not asked for. Addresses in numbers need no question, and no permission.
 * @param host without a port
 */
export function mayResolve({ network }: Owner, host: string): boolean {
  for (let at: NetworkPermission | null = network; at !== null; at = at.parent) {
    if (at.deny?.matchesName(host, true)) return false;
    if (at.connect !== null && !at.connect.matchesName(host)) return false;
  }
  return true;
}

/** To be called when a host has been resolved, so that rules that name it know its addresses. */
export function learnAddresses({ network }: Owner, host: string, addresses: readonly string[]): void {
  for (let at: NetworkPermission | null = network; at !== null; at = at.parent) {
    for (const address of addresses) {
      at.connect?.learn(host, address);
      at.deny?.learn(host, address);
    }
  }
}

/** What a guest's author reads: `refusedByConfig('connect to 10.0.0.1:80')`. */
export function refusedByConfig(action: string): string {
  return `this process may not ${action} (network permissions of its config)`;
}

/** Connecting to all addresses is connecting to the machine itself. */
function reached(address: string): string {
  if (/^(0+\.){3}0+$/.test(address)) return '127.0.0.1';
  if (!address.includes(':')) return address;
  if (/^[0:]+(%.*)?$/.test(address)) return '::1';
  return /^[0:]*:ffff:(0\.0\.0\.0|0+:0+)(%.*)?$/i.test(address) ? '127.0.0.1' : address;
}
