import { readFile } from 'node:fs/promises';
import { ConfigurationError } from '../../protocol/errors.js';
import { IDENTITY_FIELDS } from '../../protocol/identity.js';
import { messageOf } from '../../util/message-of.js';
import {
  openPolicy,
  ownPolicy,
  ownRules,
  type Policy,
  POLICY_ACTIONS,
  type PolicyAction,
  type PolicyRule,
  rulePolicy,
} from './policy.js';
import { POLICY_LENGTH } from '../limits/kontrol-limits.js';
import { isQueryError, parseQueryPath, validateQuery } from '../../protocol/query.js';
import { QUOTED_LENGTH } from '../../protocol/protocol-limits.js';
import { systemErrorReason } from '../../util/system-error.js';
import { jsonObject } from '../../util/record.js';

/**
 * Returns the policy with this name, `own` or `open`, or reads it from the file at this path.
 *
 * @throws ConfigurationError `badPolicy` with the location of the problem in the file
 */
export async function loadPolicy(nameOrPath: string, kontrolUser: string): Promise<Policy> {
  if (nameOrPath === 'own') return ownPolicy(kontrolUser);
  if (nameOrPath === 'open') return openPolicy();
  let json: string;
  try {
    json = await readFile(nameOrPath, 'utf8');
  } catch (cause) {
    const reason = systemErrorReason(cause);
    const message = `The policy ${JSON.stringify(nameOrPath)} is neither "own" nor "open", and cannot be read as a file: ${reason}`;
    throw new ConfigurationError('badPolicy', message, { cause });
  }
  return parsePolicy(json, kontrolUser, nameOrPath);
}

/**
 * Parses a policy from the JSON of a policy file:
 *
 *     {
 *       "base": "own",
 *       "allow": [{ "users": ["alice"], "actions": ["query", "token"], "kites": ["/bob/prod/math"] }],
 *       "deny": [{ "users": ["guest"], "actions": ["register"], "kites": ["/"] }]
 *     }
 *
 * `base` is the policy that `allow` extends: `own` (the default), `open` or `none`. `deny` takes precedence over both.
 *
 * @throws ConfigurationError `badPolicy`
 */
export function parsePolicy(json: string, kontrolUser: string, source: string): Policy {
  const file = parseObject(json, source);
  const allowedKeys = ['base', 'allow', 'deny'];
  for (const key of Object.keys(file)) {
    if (!allowedKeys.includes(key))
      throw policyError(source, `"${key.slice(0, QUOTED_LENGTH)}" is not one of ${allowedKeys.join(', ')}`);
  }
  const base = baseRules(file['base'] ?? 'own', kontrolUser, source);
  const allow = parseRules(file['allow'] ?? [], 'allow', source);
  return rulePolicy(source, [...base, ...allow], parseRules(file['deny'] ?? [], 'deny', source));
}

function parseObject(json: string, source: string): Record<string, unknown> {
  if (json.length > POLICY_LENGTH) throw policyError(source, 'it is longer than 1 MiB');
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch (error) {
    throw policyError(source, `it is not valid JSON: ${messageOf(error)}`);
  }
  return requireObject(value, 'it', source);
}

function baseRules(base: unknown, kontrolUser: string, source: string): readonly PolicyRule[] {
  if (base === 'none') return [];
  if (base === 'own') return ownRules(kontrolUser);
  if (base === 'open') return [{ users: ['*'], actions: POLICY_ACTIONS, kites: ['/'] }];
  throw policyError(source, '"base" must be "own", "open" or "none"');
}

function parseRules(value: unknown, name: string, source: string): readonly PolicyRule[] {
  if (!Array.isArray(value)) throw policyError(source, `"${name}" must be a list of rules`);
  return value.map((item: unknown, index) => parseRule(item, `${name}[${index}]`, source));
}

function parseRule(value: unknown, location: string, source: string): PolicyRule {
  const object = requireObject(value, location, source);
  for (const key of Object.keys(object)) {
    if (!['users', 'actions', 'kites'].includes(key))
      throw policyError(
        source,
        `${location} has "${key.slice(0, QUOTED_LENGTH)}"; a rule has users, actions and kites`,
      );
  }
  const kites = requireStrings(object['kites'], `${location}.kites`, source);
  for (const path of kites) checkPath(path, `${location}.kites`, source);
  const actions = requireStrings(object['actions'], `${location}.actions`, source);
  for (const action of actions) {
    if (!(POLICY_ACTIONS as readonly string[]).includes(action))
      throw policyError(
        source,
        `${location}.actions has "${action.slice(0, QUOTED_LENGTH)}", which is not one of ${POLICY_ACTIONS.join(', ')}`,
      );
  }
  return {
    users: requireStrings(object['users'], `${location}.users`, source),
    actions: actions as readonly PolicyAction[],
    kites,
  };
}

function checkPath(path: string, location: string, source: string): void {
  const quoted = `${location} has "${path.slice(0, QUOTED_LENGTH)}"`;
  const tooLong = path.split('/').length > IDENTITY_FIELDS.length + 1;
  if (!path.startsWith('/') || tooLong || /.\/$|\/\//.test(path))
    throw policyError(source, `${quoted}, which is not a path like /user/prod/math`);
  if (path === '/') return;
  try {
    validateQuery(parseQueryPath(path));
  } catch (error) {
    if (!isQueryError(error)) throw error;
    throw policyError(source, `${quoted}: ${error.message.replace('Invalid query. ', '')}`);
  }
}

function requireStrings(value: unknown, location: string, source: string): readonly string[] {
  if (
    Array.isArray(value) &&
    value.length > 0 &&
    value.every((item) => typeof item === 'string' && item !== '')
  )
    return value as string[];
  throw policyError(source, `${location} must be a non-empty list of non-empty strings`);
}

function requireObject(value: unknown, location: string, source: string): Readonly<Record<string, unknown>> {
  const object = jsonObject(value);
  if (!object) throw policyError(source, `${location} must be an object`);
  return object;
}

function policyError(source: string, reason: string): ConfigurationError {
  return new ConfigurationError('badPolicy', `The policy file ${source} cannot be used: ${reason}`);
}
