import { escapeGlob, globMatcher, type GlobMatcher, matchesEverything } from '../../protocol/glob.js';
import { IDENTITY_FIELDS, type KiteIdentity } from '../../protocol/identity.js';
import { fieldMatcher } from '../../protocol/query.js';

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
  /** Names, or globs of names. `*` matches every user. */
  readonly users: readonly string[];
  readonly actions: readonly PolicyAction[];
  /**
   * Prefixes of kite paths, such as `/bob/prod/math`. Each segment matches like the field of a query, so it can be a glob, and the
   * version a constraint. `$user` as the first segment matches the caller's username. `/` matches every kite.
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
    { users: ['*'], actions: ['query', 'token'], kites: [`/${escapeGlob(kontrolUser)}`] },
    // The user that runs Kontrol finds every kite, but cannot call the kites of other users.
    { users: [escapeGlob(kontrolUser)], actions: ['query'], kites: ['/'] },
  ];
}

/**
 * Allows what matches a rule of `allow` and does not match a rule of `deny`.
 *
 * @throws QueryError if the version in a path is invalid
 */
export function rulePolicy(name: string, allow: readonly PolicyRule[], deny: readonly PolicyRule[]): Policy {
  const allowed = allow.map(compileRule);
  const denied = deny.map(compileRule);
  const deepTokenPaths = [...allow, ...deny]
    .filter(({ actions }) => actions.includes('token'))
    .flatMap(({ kites }) => kites.filter((path) => significantParts(path).length > NAME_DEPTH));
  return {
    name,
    allows: (action, username, kite) =>
      allowed.some((rule) => applies(rule, action, username, kite)) &&
      !denied.some((rule) => applies(rule, action, username, kite)),
    // Most policies have no deep path, and need not look for one for each kite of a query.
    ...(deepTokenPaths.length > 0 && {
      tokenDepth: (username: string, kite: KiteIdentity) => {
        const allowDepths = tokenDepths(allowed, username, kite);
        const isShallow = allowDepths.some((depth) => depth <= NAME_DEPTH);
        return Math.max(
          NAME_DEPTH,
          ...tokenDepths(denied, username, kite),
          ...(isShallow ? [] : allowDepths),
        );
      },
    }),
    deepTokenPaths,
  };
}

interface CompiledRule {
  readonly users: readonly GlobMatcher[];
  readonly actions: readonly PolicyAction[];
  readonly paths: readonly CompiledPath[];
}

/** A matcher for each part of a path, up to the last one that not every value matches. */
type CompiledPath = readonly ((value: string, username: string) => boolean)[];

function compileRule({ users, actions, kites }: PolicyRule): CompiledRule {
  return {
    users: users.map(globMatcher),
    actions,
    paths: kites.map((path) => significantParts(path).map(compilePart)),
  };
}

function compilePart(part: string, index: number): CompiledPath[number] {
  if (part === '$user' && index === 0) return (value, username) => value === username;
  const field = IDENTITY_FIELDS[index];
  return field === undefined ? () => false : fieldMatcher(field, part);
}

function applies(
  { users, actions, paths }: CompiledRule,
  action: PolicyAction,
  username: string,
  kite: KiteIdentity,
): boolean {
  return (
    actions.includes(action) &&
    users.some((matches) => matches(username)) &&
    paths.some((path) => matchesPath(path, path.length, username, kite))
  );
}

/** Returns the depths of the rules for tokens that match the kite by user, environment and name. */
function tokenDepths(rules: readonly CompiledRule[], username: string, kite: KiteIdentity): number[] {
  return rules
    .filter(({ users, actions }) => actions.includes('token') && users.some((matches) => matches(username)))
    .flatMap(({ paths }) => paths)
    .filter((path) => matchesPath(path, NAME_DEPTH, username, kite))
    .map(({ length }) => length);
}

/** Whether the first `depth` parts of a path match. */
function matchesPath(path: CompiledPath, depth: number, username: string, kite: KiteIdentity): boolean {
  return path.every((matches, index) => {
    const field = IDENTITY_FIELDS[index];
    return index >= depth || (field !== undefined && matches(kite[field], username));
  });
}

/** Returns the parts of a path up to the last one that not every value matches. */
function significantParts(path: string): readonly string[] {
  const parts = path.split('/').filter((part) => part !== '');
  return parts.slice(0, parts.findLastIndex((part) => !matchesEverything(part)) + 1);
}
