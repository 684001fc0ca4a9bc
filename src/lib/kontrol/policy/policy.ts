import { IDENTITY_FIELDS, type KiteIdentity } from '../../protocol/identity.js';

/**
 * What a policy decides: whether a user may register a kite (always under their own username), find it, or get a token for
 * it. A kite that a user may find but not call is returned without a token.
 */
export type PolicyAction = 'register' | 'query' | 'token';

export const POLICY_ACTIONS = ['register', 'query', 'token'] as const satisfies readonly PolicyAction[];

/** Decides which users may perform which actions on which kites. */
export interface Policy {
  /** `own`, `open`, or the path of the policy file. */
  readonly name: string;
  /** Returns whether `username` may perform the action on the kite. */
  allows(action: PolicyAction, username: string, kite: KiteIdentity): boolean;
  /**
   * Returns on how many fields of the kite's path it depends whether `username` gets a token for the kite. The audience of the
   * token has that many fields. Default: 3, which are the user, the environment and the name.
   */
  tokenDepth?(username: string, kite: KiteIdentity): number;
  /** The paths of rules for tokens that depend on more than user, environment and name. Default: none. */
  readonly deepTokenPaths?: readonly string[];
}

/** How many fields of the audience of a token every kite checks, also one in Go: user, environment and name. */
export const NAME_DEPTH = 3;

/** A rule of a policy: allows or denies users to perform actions on the kites below some paths. */
export interface PolicyRule {
  /** `*` matches every user. */
  readonly users: readonly string[];
  readonly actions: readonly PolicyAction[];
  /**
   * Prefixes of kite paths, such as `/bob/prod/math`. `*` matches any segment, and `$user` as the first segment matches the
   * caller's username. `/` matches every kite.
   */
  readonly kites: readonly string[];
}

/**
 * The default policy: users register kites under their own username, and find and call their own kites and those of
 * Kontrol's user, such as proxies. Kontrol's user finds every kite.
 */
export function ownPolicy(kontrolUser: string): Policy {
  return rulePolicy('own', ownRules(kontrolUser), []);
}

/** The policy of the Go implementation: every user with a kite key finds and calls every kite. */
export function openPolicy(): Policy {
  return { name: 'open', allows: () => true };
}

export function ownRules(kontrolUser: string): readonly PolicyRule[] {
  return [
    { users: ['*'], actions: POLICY_ACTIONS, kites: ['/$user'] },
    { users: ['*'], actions: ['query', 'token'], kites: [`/${kontrolUser}`] },
    // The user that runs Kontrol finds every kite, but cannot call the kites of other users.
    { users: [kontrolUser], actions: ['query'], kites: ['/'] },
  ];
}

/** Allows what matches a rule of `allow` and does not match a rule of `deny`. */
export function rulePolicy(name: string, allow: readonly PolicyRule[], deny: readonly PolicyRule[]): Policy {
  const allowed = compileAll(allow);
  const denied = compileAll(deny);
  const deepTokenPaths = [...allow, ...deny]
    .filter(({ actions }) => actions.includes('token'))
    .flatMap(({ kites }) => kites.filter((path) => significantParts(path).length > NAME_DEPTH));
  return {
    name,
    allows: (action, username, kite) =>
      allowed.some((rule) => rule(action, username, kite)) &&
      !denied.some((rule) => rule(action, username, kite)),
    // Most policies have no deep path, and need not look for one for each kite of a query.
    ...(deepTokenPaths.length > 0 && {
      tokenDepth: (username: string, kite: KiteIdentity) => {
        const allowDepths = tokenDepths(allow, username, kite);
        const isShallow = allowDepths.some((depth) => depth <= NAME_DEPTH);
        return Math.max(NAME_DEPTH, ...tokenDepths(deny, username, kite), ...(isShallow ? [] : allowDepths));
      },
    }),
    deepTokenPaths,
  };
}

/** Returns the depths of the rules for tokens that match the kite by user, environment and name. */
function tokenDepths(rules: readonly PolicyRule[], username: string, kite: KiteIdentity): number[] {
  return rules
    .filter(
      ({ users, actions }) => actions.includes('token') && (users.includes('*') || users.includes(username)),
    )
    .flatMap(({ kites }) => kites.map(significantParts))
    .filter((pattern) => matchesPattern(pattern.slice(0, NAME_DEPTH), username, kite))
    .map(({ length }) => length);
}

/** Returns the parts of a path up to the last one that is not `*`. */
function significantParts(path: string): readonly string[] {
  const parts = path.split('/').filter((part) => part !== '');
  return parts.slice(0, parts.findLastIndex((part) => part !== '*') + 1);
}

type CompiledRule = (action: PolicyAction, username: string, kite: KiteIdentity) => boolean;

function compileAll(rules: readonly PolicyRule[]): readonly CompiledRule[] {
  return rules.map(({ users, actions, kites }) => {
    const anyUser = users.includes('*');
    const patterns = kites.map((path) => path.split('/').filter((part) => part !== ''));
    return (action, username, kite) =>
      actions.includes(action) &&
      (anyUser || users.includes(username)) &&
      patterns.some((pattern) => matchesPattern(pattern, username, kite));
  });
}

function matchesPattern(pattern: readonly string[], username: string, kite: KiteIdentity): boolean {
  return pattern.every((part, index) => {
    const field = IDENTITY_FIELDS[index];
    if (field === undefined) return false;
    if (part === '*') return true;
    return kite[field] === (part === '$user' && index === 0 ? username : part);
  });
}
