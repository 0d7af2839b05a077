/** Rules that a permission may have in each of its lists. Imports are compared with each list, not with each rule. */
export const MAX_HOST_RULES = 1024;
/** How deep permissions may be nested within permissions. Every level is compared with all imports of a module. */
export const MAX_HOST_LEVELS = 32;
/** Characters of the longest rule. */
const MAX_LENGTH = 300;

/** A text names neither a namespace nor a host function. */
export class HostRuleError extends Error {
  override readonly name = 'HostRuleError';
  readonly code = 'LUNATIC_HOST_RULE';
}

/** A host function, as modules import it. */
export interface HostName {
  readonly module: string;
  /** The name with its namespace: `lunatic::sqlite::open`. */
  readonly path: string;
}

export type HostRules = ReadonlySet<string>;

const NOTHING: HostRules = new Set();

/**
 * Which host functions the modules of processes may import. A rule is a namespace (`lunatic::sqlite`) or one function of it
 * (`lunatic::sqlite::open`). A permission never changes: every restriction makes a new one.
 */
export class HostPermission {
  /** What may be imported; null for all that `outer` allows. */
  readonly allow: HostRules | null;
  /** What may not, whatever is allowed. */
  readonly deny: HostRules;
  /** What those who restricted this permission allow: each of these lists must, too. */
  readonly outer: readonly HostRules[];

  constructor(allow: HostRules | null, deny: HostRules = NOTHING, outer: readonly HostRules[] = []) {
    this.allow = allow;
    this.deny = deny;
    this.outer = outer;
  }

  /**
   * Allows imports in addition to those allowed before. The first rule forbids everything else.
   * @throws HostRuleError
   */
  allowing(rule: string): HostPermission {
    return new HostPermission(withRule(this.allow ?? NOTHING, rule), this.deny, this.outer);
  }

  /**
   * Forbids imports, whatever else is allowed.
   * @throws HostRuleError
   */
  denying(rule: string): HostPermission {
    return new HostPermission(this.allow, withRule(this.deny, rule), this.outer);
  }

  /** Restricts this permission to what `parent` allows too. Returns null if they are nested too deep, or deny too much. */
  within(parent: HostPermission): HostPermission | null {
    if (this === ANY_HOST) return parent;
    if (parent === ANY_HOST) return this;
    const outer = [
      ...new Set([...this.outer, ...(parent.allow === null ? [] : [parent.allow]), ...parent.outer]),
    ];
    const deny = parent.deny.size === 0 ? this.deny : new Set([...this.deny, ...parent.deny]);
    if (outer.length > MAX_HOST_LEVELS || deny.size > MAX_HOST_RULES) return null;
    return new HostPermission(this.allow, deny, outer);
  }

  /** Returns whether a function may be imported. */
  permits(fn: HostName): boolean {
    if (names(this.deny, fn)) return false;
    return (this.allow === null || names(this.allow, fn)) && this.outer.every((rules) => names(rules, fn));
  }
}

/** No restriction, as in upstream. */
export const ANY_HOST = new HostPermission(null);

/**
 * Makes a permission of texts.
 * @param allow what may be imported; undefined for everything
 * @throws HostRuleError
 */
export function hostPermission({
  allow,
  deny = [],
}: {
  readonly allow?: readonly string[] | undefined;
  readonly deny?: readonly string[] | undefined;
}): HostPermission {
  if (allow === undefined && deny.length === 0) return ANY_HOST;
  return new HostPermission(allow === undefined ? null : hostRules(allow), hostRules(deny));
}

/**
 * Makes a list of rules.
 * @throws HostRuleError
 */
export function hostRules(texts: readonly string[]): HostRules {
  return texts.reduce(withRule, NOTHING);
}

function withRule(rules: HostRules, rule: string): HostRules {
  const isRule = rule.length > 0 && rule.length <= MAX_LENGTH && !/[\s,*]/.test(rule);
  if (!isRule) {
    throw new HostRuleError(
      `'${rule.slice(0, 40)}' names no host functions. Write a namespace, lunatic::sqlite, or a function, lunatic::sqlite::open`,
    );
  }
  if (rules.size >= MAX_HOST_RULES)
    throw new HostRuleError(`more than ${MAX_HOST_RULES} rules for host functions`);
  return new Set(rules).add(rule);
}

function names(rules: HostRules, { module, path }: HostName): boolean {
  return rules.has(module) || rules.has(path);
}
