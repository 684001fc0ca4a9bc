import { IDENTITY_FIELDS, type KiteIdentity } from '../../protocol/identity.js';

/**
 * What a policy decides: whether a user may register kites (always as oneself), find a kite, or get a token for it. A
 * kite that may be found but not called comes without a token.
 */
export type PolicyAction = 'register' | 'query' | 'token';

export const POLICY_ACTIONS = ['register', 'query', 'token'] as const satisfies readonly PolicyAction[];

/** Who may do what. */
export interface Policy {
  /** `own`, `open`, or where it was read from. */
  readonly name: string;
  /** Whether `username` may do this with the kite. */
  allows(action: PolicyAction, username: string, kite: KiteIdentity): boolean;
}

/** A rule of a policy: these users may, or may not, do these things with kites below these paths. */
export interface PolicyRule {
  /** `*` = everybody. */
  readonly users: readonly string[];
  readonly actions: readonly PolicyAction[];
  /**
   * Beginnings of kite paths, `/bob/prod/math`. A part may be `*` for any, and the first `$user` for the caller's own.
   * `/` is every kite.
   */
  readonly kites: readonly string[];
}

/**
 * The default: register as oneself, find and call one's own kites and those of Kontrol's user, its proxies. Kontrol's user
 * finds every kite.
 */
export function ownPolicy(kontrolUser: string): Policy {
  return rulePolicy('own', ownRules(kontrolUser), []);
}

/** As Kontrols written in Go have it: everybody with a kite key finds and calls every kite. */
export function openPolicy(): Policy {
  return { name: 'open', allows: () => true };
}

export function ownRules(kontrolUser: string): readonly PolicyRule[] {
  return [
    { users: ['*'], actions: POLICY_ACTIONS, kites: ['/$user'] },
    { users: ['*'], actions: ['query', 'token'], kites: [`/${kontrolUser}`] },
    // Whoever runs Kontrol sees what is there, and calls none of it.
    { users: [kontrolUser], actions: ['query'], kites: ['/'] },
  ];
}

/** What one of `allow` lets through, unless one of `deny` does not. */
export function rulePolicy(name: string, allow: readonly PolicyRule[], deny: readonly PolicyRule[]): Policy {
  const allowed = compileAll(allow);
  const denied = compileAll(deny);
  return {
    name,
    allows: (action, username, kite) =>
      allowed.some((rule) => rule(action, username, kite)) &&
      !denied.some((rule) => rule(action, username, kite)),
  };
}

type CompiledRule = (action: PolicyAction, username: string, kite: KiteIdentity) => boolean;

function compileAll(rules: readonly PolicyRule[]): readonly CompiledRule[] {
  return rules.map(({ users, actions, kites }) => {
    const anybody = users.includes('*');
    const patterns = kites.map((path) => path.split('/').filter((part) => part !== ''));
    return (action, username, kite) =>
      actions.includes(action) &&
      (anybody || users.includes(username)) &&
      patterns.some((pattern) => isBelow(pattern, username, kite));
  });
}

function isBelow(pattern: readonly string[], username: string, kite: KiteIdentity): boolean {
  return pattern.every((part, index) => {
    const field = IDENTITY_FIELDS[index];
    if (field === undefined) return false;
    if (part === '*') return true;
    return kite[field] === (part === '$user' && index === 0 ? username : part);
  });
}
