import { isThenable } from '../../util/is-thenable.js';
import type { CallerIdentity } from '../call/caller-identity.js';

/** Claims that a caller needs: each has one of the values, or is a list that contains one. */
export type RequiredClaims = Readonly<Record<string, ClaimValue | readonly ClaimValue[]>>;

export type ClaimValue = string | number | boolean;

/** Decides whether a caller may call a method. Anything but `true` means no. */
export type AllowCheck = (identity: CallerIdentity) => boolean | Promise<boolean>;

/** A username, claims, or a function. */
export type AllowRule = string | RequiredClaims | AllowCheck;

/** Who may call a method: a rule, or several, of which one has to match. */
export type Allow = AllowRule | readonly AllowRule[];

/** @throws TypeError if `allow` is not a rule or a list of rules */
export function requireAllow(allow: unknown, method: string): void {
  const rules: readonly unknown[] = Array.isArray(allow) ? allow : [allow];
  if (rules.length > 0 && rules.every(isRule)) return;
  throw new TypeError(
    `The option allow of "${method}" is not a username, an object of claims, a function, or a list of these`,
  );
}

function isRule(rule: unknown): boolean {
  if (typeof rule === 'string') return rule !== '';
  if (Array.isArray(rule)) return false;
  if (typeof rule !== 'object' || rule === null) return typeof rule === 'function';
  const wanted = Object.values(rule).map(listOf);
  return wanted.length > 0 && wanted.every((values) => values.length > 0 && values.every(isClaimValue));
}

function isClaimValue(value: unknown): boolean {
  return ['string', 'number', 'boolean'].includes(typeof value);
}

/** Whether a caller may call a method with this rule. A promise only if a function of the program returns one. */
export function isAllowed(allow: Allow, identity: CallerIdentity): boolean | Promise<boolean> {
  const rules = listOf(allow);
  for (let index = 0; index < rules.length; index++) {
    const rule = rules[index];
    const matches: unknown = rule !== undefined && matchesRule(rule, identity);
    if (matches === true) return true;
    if (isThenable(matches)) {
      const others = rules.slice(index + 1);
      return Promise.resolve(matches).then((result) => result === true || isAllowed(others, identity));
    }
  }
  return false;
}

function matchesRule(rule: AllowRule, identity: CallerIdentity): boolean | Promise<boolean> {
  if (typeof rule === 'string') return rule === identity.username;
  if (typeof rule === 'function') return rule(identity);
  return Object.entries(rule).every(([name, wanted]) => hasClaim(identity, name, wanted));
}

function hasClaim({ claims }: CallerIdentity, name: string, wanted: RequiredClaims[string]): boolean {
  const claim = Object.hasOwn(claims, name) ? claims[name] : undefined;
  const values: readonly unknown[] = listOf(claim);
  return listOf(wanted).some((value) => values.includes(value));
}

function listOf<Item>(value: Item | readonly Item[]): readonly Item[] {
  return Array.isArray(value) ? (value as readonly Item[]) : [value as Item];
}
