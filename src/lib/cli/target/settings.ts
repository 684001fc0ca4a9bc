import type { KiteKey } from '../../keys/index.js';
import { type Context, contextInUse, readContexts } from './contexts.js';
import { describePlace, type FoundKey, type KeyChoice, placeOfKey } from './find-key.js';

type Environment = Readonly<Record<string, string | undefined>>;

/** A setting, its value in words, and what says so: `--to`, `KITE_TO`, `context prod`, `kite key` or `default`. */
export interface Setting {
  readonly setting: string;
  readonly value: string;
  readonly source: string;
}

/** The flags that settings can come from, as the command line gives them. */
export interface SettingFlags extends KeyChoice {
  readonly to?: string | undefined;
  readonly kontrol?: string | undefined;
  readonly timeout?: string | undefined;
  readonly transport?: string | undefined;
  readonly auth?: string | undefined;
  readonly color?: string | undefined;
}

/** Where a setting may come from, the strongest first; what is undefined or empty says nothing. */
interface Sources {
  readonly flag?: readonly [name: string, value: string | undefined];
  readonly variable?: string;
  readonly context?: keyof Context;
  readonly key?: (key: KiteKey) => string;
  /** Whether the kite key counts more than the context: it is signed. */
  readonly keyFirst?: boolean;
  readonly otherwise: string;
}

const SETTINGS: ReadonlyArray<readonly [setting: string, sources: (flags: SettingFlags) => Sources]> = [
  [
    'kontrol',
    ({ kontrol }) => ({
      flag: ['--kontrol', kontrol],
      variable: 'KITE_KONTROL_URL',
      context: 'kontrol',
      key: (key) => key.kontrolUrl,
      otherwise: 'none',
    }),
  ],
  [
    'to',
    ({ to }) => ({
      flag: ['--to', to],
      variable: 'KITE_TO',
      context: 'to',
      otherwise: 'the one kite of yours that answers',
    }),
  ],
  [
    'username',
    () => ({
      variable: 'KITE_USERNAME',
      context: 'username',
      key: (key) => key.username,
      keyFirst: true,
      otherwise: 'unknown',
    }),
  ],
  [
    'timeout',
    ({ timeout }) => ({
      flag: ['--timeout', timeout],
      variable: 'KITE_TIMEOUT',
      context: 'timeout',
      otherwise: '15s',
    }),
  ],
  [
    'transport',
    ({ transport }) => ({
      flag: ['--transport', transport],
      variable: 'KITE_TRANSPORT',
      context: 'transport',
      otherwise: 'auto',
    }),
  ],
  [
    'auth',
    ({ auth }) => ({ flag: ['--auth', auth], otherwise: 'the kite key to kites on this machine only' }),
  ],
  ['environment', () => ({ variable: 'KITE_ENVIRONMENT', otherwise: 'unknown' })],
  ['region', () => ({ variable: 'KITE_REGION', otherwise: 'unknown' })],
  ['version', () => ({ variable: 'KITE_VERSION', otherwise: 'what the program says' })],
  ['ip', () => ({ variable: 'KITE_IP', otherwise: '127.0.0.1' })],
  ['port', () => ({ variable: 'KITE_PORT', otherwise: '0, any that is free' })],
  ['handshake timeout', () => ({ variable: 'KITE_HANDSHAKE_TIMEOUT', otherwise: '10s' })],
  ['verify ttl', () => ({ variable: 'KITE_VERIFY_TTL', otherwise: '5m' })],
  ['proxy', () => ({ variable: 'KITE_PROXY_URL', otherwise: 'none' })],
  [
    'allowed origins',
    () => ({
      variable: 'KITE_ALLOW_ORIGIN',
      otherwise: "pages of the kite's own server and of this machine",
    }),
  ],
  [
    'allowed hosts',
    () => ({ variable: 'KITE_ALLOWED_HOSTS', otherwise: 'loopback names at loopback, any elsewhere' }),
  ],
  ['log level', () => ({ variable: 'KITE_LOG_LEVEL', otherwise: 'warn for commands, info for kites' })],
  ['log without colours', () => ({ variable: 'KITE_LOG_NOCOLOR', otherwise: 'no' })],
];

/**
 * Every setting of the command line and of the kites that it runs. `found` is the kite key, or why it cannot be read.
 * Secrets are hidden.
 *
 * @throws CliError where the context that is named is not there
 */
export function settingsOf(
  flags: SettingFlags,
  env: Environment,
  found: FoundKey | { readonly problem: string } | undefined,
): Setting[] {
  const used = contextInUse(flags.context, env);
  const key = found && 'key' in found ? found.key : undefined;
  const one = ([setting, sources]: (typeof SETTINGS)[number]): Setting => {
    const { flag, variable, context, key: ofKey, keyFirst = false, otherwise } = sources(flags);
    const fromKey = key && ofKey ? [['kite key', ofKey(key)] as const] : [];
    const candidates: (readonly [source: string, value: string | undefined])[] = [
      ...(flag ? [flag] : []),
      ...(variable === undefined ? [] : [[variable, env[variable]] as const]),
      ...(keyFirst ? fromKey : []),
      ...(context === undefined || !used ? [] : [[`context ${used.name}`, used.context[context]] as const]),
      ...fromKey,
    ];
    const said = candidates.find(([, value]) => value !== undefined && value.trim() !== '');
    return said
      ? { setting, value: withoutPassword(said[1] ?? ''), source: said[0] }
      : { setting, value: otherwise, source: 'default' };
  };
  return [
    home(env),
    contextSetting(flags, env),
    ...keySettings(flags, env, found),
    ...SETTINGS.map(one),
    color(flags, env),
    ...kontrolVariables(env),
  ];
}

function home(env: Environment): Setting {
  const value = env['KITE_HOME'];
  if (value) return { setting: 'kite home', value, source: 'KITE_HOME' };
  return { setting: 'kite home', value: '~/.kite', source: 'default' };
}

function contextSetting({ context }: SettingFlags, env: Environment): Setting {
  const used = contextInUse(context, env);
  if (!used) return { setting: 'context', value: 'none', source: 'default' };
  const source = context === undefined ? (env['KITE_CONTEXT'] ? 'KITE_CONTEXT' : 'context use') : '--context';
  return { setting: 'context', value: used.name, source };
}

/** Where the kite key is, and whose it is; never the key. */
function keySettings(
  flags: SettingFlags,
  env: Environment,
  found: FoundKey | { readonly problem: string } | undefined,
): Setting[] {
  const { place, reason } = placeOfKey(flags, env);
  const name = contextInUse(flags.context, env)?.name ?? '';
  const source = reason === 'flag' ? '--key-file' : reason === 'context' ? `context ${name}` : reason;
  const text =
    found === undefined
      ? `none at ${describePlace(place)}`
      : 'key' in found
        ? `of ${found.key.username}, at ${describePlace(place)}`
        : found.problem;
  const stores = readContexts(env).contexts.get(name)?.keyStore;
  return [
    { setting: 'kite key', value: text, source },
    stores
      ? { setting: 'key store', value: stores, source: `context ${name}` }
      : { setting: 'key store', value: 'file', source: 'default' },
  ];
}

function color({ color: flag }: SettingFlags, env: Environment): Setting {
  if (flag !== undefined) return { setting: 'color', value: flag, source: '--color' };
  for (const variable of ['FORCE_COLOR', 'NO_COLOR']) {
    const value = env[variable];
    if (!value) continue;
    const never = variable === 'NO_COLOR' || value === '0' || value === 'false';
    return { setting: 'color', value: never ? 'never' : 'always', source: variable };
  }
  return { setting: 'color', value: 'auto', source: 'default' };
}

/** What the environment says to `kontrol start`. */
function kontrolVariables(env: Environment): Setting[] {
  return Object.keys(env)
    .filter((name) => name.startsWith('KONTROL_') && env[name] !== '')
    .toSorted((a, b) => a.localeCompare(b, 'en'))
    .map((name) => {
      const setting = `kontrol start -${name.slice('KONTROL_'.length).toLowerCase().replaceAll('_', '-')}`;
      const secret = /secret|password/i.test(name);
      return { setting, value: secret ? '(hidden)' : withoutPassword(env[name] ?? ''), source: name };
    });
}

/** A URL may carry a password. */
function withoutPassword(text: string): string {
  return text.replace(/\/\/[^/@\s]*@/g, '//…@');
}
