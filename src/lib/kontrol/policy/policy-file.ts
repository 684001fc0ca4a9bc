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
import { QUOTED_LENGTH } from '../../protocol/protocol-limits.js';

/**
 * The policy that is named: `own`, `open`, or the path of a policy file.
 *
 * @throws ConfigurationError `badPolicy` that says what is wrong in the file, and where
 */
export async function loadPolicy(nameOrPath: string, kontrolUser: string): Promise<Policy> {
  if (nameOrPath === 'own') return ownPolicy(kontrolUser);
  if (nameOrPath === 'open') return openPolicy();
  let text: string;
  try {
    text = await readFile(nameOrPath, 'utf8');
  } catch (cause) {
    const reason = messageOf(cause);
    const message = `The policy ${JSON.stringify(nameOrPath)} is neither "own" nor "open", and cannot be read as a file: ${reason}`;
    throw new ConfigurationError('badPolicy', message, { cause });
  }
  return parsePolicy(text, kontrolUser, nameOrPath);
}

/**
 * A policy from the JSON text of a policy file:
 *
 *     {
 *       "base": "own",
 *       "allow": [{ "users": ["alice"], "actions": ["query", "token"], "kites": ["/bob/prod/math"] }],
 *       "deny": [{ "users": ["guest"], "actions": ["register"], "kites": ["/"] }]
 *     }
 *
 * `base` is what applies before `allow`: `own` (the default), `open` or `none`. What `deny` names is refused, whatever
 * allows it.
 *
 * @throws ConfigurationError `badPolicy`
 */
export function parsePolicy(text: string, kontrolUser: string, source: string): Policy {
  const file = parseObject(text, source);
  const known = ['base', 'allow', 'deny'];
  for (const key of Object.keys(file)) {
    if (!known.includes(key))
      throw bad(source, `"${key.slice(0, QUOTED_LENGTH)}" is none of ${known.join(', ')}`);
  }
  const base = baseRules(file['base'] ?? 'own', kontrolUser, source);
  const allow = rules(file['allow'] ?? [], 'allow', source);
  return rulePolicy(source, [...base, ...allow], rules(file['deny'] ?? [], 'deny', source));
}

function parseObject(text: string, source: string): Record<string, unknown> {
  if (text.length > POLICY_LENGTH) throw bad(source, 'it is longer than 1 MiB');
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw bad(source, `it is not valid JSON: ${messageOf(error)}`);
  }
  return asObject(value, 'it', source);
}

function baseRules(base: unknown, kontrolUser: string, source: string): readonly PolicyRule[] {
  if (base === 'none') return [];
  if (base === 'own') return ownRules(kontrolUser);
  if (base === 'open') return [{ users: ['*'], actions: POLICY_ACTIONS, kites: ['/'] }];
  throw bad(source, '"base" must be "own", "open" or "none"');
}

function rules(value: unknown, name: string, source: string): readonly PolicyRule[] {
  if (!Array.isArray(value)) throw bad(source, `"${name}" must be a list of rules`);
  return value.map((item: unknown, index) => rule(item, `${name}[${index}]`, source));
}

function rule(value: unknown, place: string, source: string): PolicyRule {
  const object = asObject(value, place, source);
  for (const key of Object.keys(object)) {
    if (!['users', 'actions', 'kites'].includes(key))
      throw bad(source, `${place} has "${key.slice(0, QUOTED_LENGTH)}"; a rule has users, actions and kites`);
  }
  const kites = texts(object['kites'], `${place}.kites`, source);
  for (const path of kites) {
    const tooLong = path.split('/').length > IDENTITY_FIELDS.length + 1;
    if (!path.startsWith('/') || tooLong || /.\/$|\/\//.test(path)) {
      throw bad(
        source,
        `${place}.kites has "${path.slice(0, QUOTED_LENGTH)}", which is not a path like /user/prod/math`,
      );
    }
  }
  const actions = texts(object['actions'], `${place}.actions`, source);
  for (const action of actions) {
    if (!(POLICY_ACTIONS as readonly string[]).includes(action))
      throw bad(
        source,
        `${place}.actions has "${action.slice(0, QUOTED_LENGTH)}", none of ${POLICY_ACTIONS.join(', ')}`,
      );
  }
  return {
    users: texts(object['users'], `${place}.users`, source),
    actions: actions as readonly PolicyAction[],
    kites,
  };
}

function texts(value: unknown, place: string, source: string): readonly string[] {
  if (
    Array.isArray(value) &&
    value.length > 0 &&
    value.every((item) => typeof item === 'string' && item !== '')
  )
    return value as string[];
  throw bad(source, `${place} must be a list of texts`);
}

function asObject(value: unknown, place: string, source: string): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw bad(source, `${place} must be an object`);
  return value as Record<string, unknown>;
}

function bad(source: string, reason: string): ConfigurationError {
  return new ConfigurationError('badPolicy', `The policy file ${source} cannot be used: ${reason}`);
}
