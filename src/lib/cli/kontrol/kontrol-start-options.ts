import { join } from 'node:path';
import { HOSTS, ORIGINS } from '../../kite/config/accepted-values.js';
import { kiteHome } from '../../kite/config/kite-home.js';
import { usageError } from '../runtime/cli-error.js';
import { accepted } from '../target/connection-flags.js';
import type { KeyStore } from '../target/contexts.js';
import { isLoopbackHost } from '../../util/loopback.js';
import { checkedUrl } from '../target/target.js';
import { portOf, said, type Setting, variableOf } from './storage-setting.js';
import type { ParsedStartFlags, ParsedStorageFlags } from './kontrol-start-flags.js';
import type { StorageConfig } from '../../kontrol/storage/index.js';
import { storageChoice } from './storage-choice.js';

type Environment = Readonly<Record<string, string | undefined>>;

/** What `kontrol start` does, decided. */
export interface StartOptions {
  /** Make Kontrol's own kite key and end. */
  readonly initial: boolean;
  readonly force: boolean;
  readonly ip: string;
  readonly port: number;
  readonly username: string;
  /** Goes into kite keys. Undefined: wherever it listens, on a port that is not known yet. */
  readonly kontrolUrl: string | undefined;
  readonly registerUrl: string | undefined;
  readonly environment: string | undefined;
  readonly region: string | undefined;
  readonly version: string | undefined;
  /** Undefined: the person named none. */
  readonly keyFiles: KeyFiles | undefined;
  readonly tlsFiles: { readonly certificate: string; readonly privateKey: string } | undefined;
  /** Undefined: the person named none. */
  readonly allowOrigin: readonly string[] | '*' | undefined;
  readonly allowedHosts: readonly string[] | '*' | undefined;
  readonly policy: { readonly type: 'default' | 'open' } | { readonly type: 'file'; readonly file: string };
  readonly registration: 'invite' | 'open';
  readonly webrtc: boolean;
  /** Whether it shows its page. */
  readonly ui: boolean;
  readonly storage: StorageConfig;
  /** Where to keep the kite key of Kontrol's own user. Undefined: as the last time, or in a file. */
  readonly keyStore: KeyStore | undefined;
  /** Folder of what Kontrol makes for itself. */
  readonly home: string;
  /** What the person should know before it starts. */
  readonly warnings: readonly string[];
}

export interface KeyFiles {
  readonly publicKey: string;
  readonly privateKey: string;
}

/**
 * Flags and `KONTROL_*` variables as options.
 *
 * @throws CliError where one does not say what it must, or where what they say together is not safe
 */
export function startOptions(flags: ParsedStartFlags, env: Environment): StartOptions {
  const text = settingOf(flags, env);
  const on = (name: 'initial' | 'webrtc'): boolean => flags[name] || switchOf(name, env);
  const ip = text('ip') ?? '127.0.0.1';
  const port = portOf(text('port'), 'port', 4000, 0);
  const tlsFiles = filePair(text, 'tlscertfile', 'tlskeyfile');
  const keyFiles = filePair(text, 'publickeyfile', 'privatekeyfile');
  const registration = registrationOf(text('registration'));
  const given = text('kontrolurl');
  const kontrolUrl = given
    ? checkedUrl(given, '--kontrolurl', 'http://127.0.0.1:4000/kite')
    : port === 0
      ? undefined
      : `${tlsFiles ? 'https' : 'http'}://${hostOf(ip)}:${port}/kite`;
  const beyond = !isLoopbackHost(ip);
  if (beyond && registration === 'open' && !flags.force) {
    throw usageError(
      `--registration open gives everybody who reaches ${ip} a kite key for any user.`,
      'Listen on 127.0.0.1, or leave it out and invite people: kitectl kontrol invite USER. If you mean it: --force',
    );
  }
  const home = join(kiteHome(env), 'kontrol');
  const policy = policyOf(text('policy'));
  return {
    initial: on('initial'),
    force: flags.force,
    ip,
    port,
    username: nameOf(text('username'), 'username') ?? 'kontrol',
    kontrolUrl,
    registerUrl: optionalUrl(text('registerurl')),
    environment: nameOf(text('environment'), 'environment'),
    region: nameOf(text('region'), 'region'),
    version: versionOf(text('version')),
    keyFiles: keyFiles && { publicKey: keyFiles[0], privateKey: keyFiles[1] },
    tlsFiles: tlsFiles && { certificate: tlsFiles[0], privateKey: tlsFiles[1] },
    allowOrigin: accepted(text('allow-origin'), said('allow-origin'), ORIGINS),
    allowedHosts: accepted(text('allow-host'), said('allow-host'), HOSTS),
    policy,
    registration,
    webrtc: on('webrtc'),
    ui: choice('ui', flags, env) ?? !beyond,
    storage: storageOptions(flags, env),
    keyStore: keyStoreSetting(text('key-store')),
    home,
    warnings: warningsOf({ flags, beyond, given, tls: tlsFiles !== undefined, policy, registration, ip }),
  };
}

/**
 * The store that flags and `KONTROL_*` variables describe.
 *
 * @throws CliError where one does not say what it must
 */
export function storageOptions(flags: ParsedStorageFlags, env: Environment): StorageConfig {
  const home = join(kiteHome(env), 'kontrol');
  return storageChoice(
    settingOf(flags, env),
    { 'postgres-tls': choice('postgres-tls', flags, env) },
    env,
    home,
  );
}

function settingOf(flags: Partial<ParsedStartFlags>, env: Environment): Setting {
  return (name) => {
    const flag = flags[name];
    return (typeof flag === 'string' ? flag : undefined) || env[variableOf(name)]?.trim() || undefined;
  };
}

/** Undefined where nobody says whether. */
function choice(
  name: 'ui' | 'postgres-tls',
  flags: Partial<ParsedStartFlags>,
  env: Environment,
): boolean | undefined {
  return flags[name] ?? (env[variableOf(name)]?.trim() ? switchOf(name, env) : undefined);
}

function switchOf(name: string, env: Environment): boolean {
  const value = env[variableOf(name)]?.trim().toLowerCase();
  if (!value || value === 'false' || value === '0') return false;
  if (value === 'true' || value === '1') return true;
  throw usageError(`${variableOf(name)} must be true or false, not ${value}.`);
}

function filePair(
  text: Setting,
  first: keyof ParsedStartFlags,
  second: keyof ParsedStartFlags,
): readonly [string, string] | undefined {
  const [one, other] = [text(first), text(second)];
  if (one && other) return [one, other];
  if (!one && !other) return undefined;
  const [there, missing] = one ? [first, second] : [second, first];
  throw usageError(`${said(there)} is given without ${said(missing)}.`, `Add --${missing} PATH.`);
}

function registrationOf(text: string | undefined): 'invite' | 'open' {
  if (text === undefined || text === 'invite' || text === 'open') return text ?? 'invite';
  throw usageError(`${said('registration')} must be invite or open, not ${text}.`);
}

function keyStoreSetting(text: string | undefined): KeyStore | undefined {
  if (text === undefined || text === 'file' || text === 'keychain') return text;
  throw usageError(`${said('key-store')} must be file or keychain, not ${text}.`);
}

function policyOf(text: string | undefined): StartOptions['policy'] {
  if (text === undefined || text === 'default' || text === 'own') return { type: 'default' };
  if (text === 'open') return { type: 'open' };
  return { type: 'file', file: text };
}

function nameOf(text: string | undefined, name: string): string | undefined {
  if (text?.includes('/')) throw usageError(`${said(name)} must not contain "/": ${text}`);
  return text;
}

function versionOf(text: string | undefined): string | undefined {
  if (text === undefined || /^\d+\.\d+\.\d+(?:[-+][\w.+-]+)?$/.test(text)) return text;
  throw usageError(`${said('version')} must be three numbers such as 1.0.0, not ${text}.`);
}

function optionalUrl(text: string | undefined): string | undefined {
  return text === undefined ? undefined : checkedUrl(text, '--registerurl', 'http://127.0.0.1:4000/kite');
}

function isAny(ip: string): boolean {
  return ip === '0.0.0.0' || ip === '::';
}

/** The host under which this machine reaches what listens on `ip`. */
function hostOf(ip: string): string {
  if (ip === '0.0.0.0') return '127.0.0.1';
  if (ip === '::') return '[::1]';
  return ip.includes(':') ? `[${ip}]` : ip;
}

interface Decided {
  readonly flags: ParsedStartFlags;
  readonly beyond: boolean;
  readonly given: string | undefined;
  readonly tls: boolean;
  readonly policy: StartOptions['policy'];
  readonly registration: 'invite' | 'open';
  readonly ip: string;
}

function warningsOf({ flags, beyond, given, tls, policy, registration, ip }: Decided): string[] {
  const warnings: string[] = [];
  if (policy.type === 'open') {
    warnings.push('Policy open: every user may find, call and get tokens for the kites of all others.');
  }
  if (registration === 'open') {
    warnings.push(
      'Registration open: whoever reaches Kontrol gets a kite key for any user, without an invite.',
    );
  }
  if (beyond && !tls) {
    warnings.push(
      'Kontrol listens beyond this machine without TLS: give it -tlscertfile and -tlskeyfile, or a proxy.',
    );
  }
  if (isAny(ip) && given === undefined) {
    warnings.push(
      'Kite keys will say that Kontrol is on their own machine: name its address with -kontrolurl.',
    );
  }
  if (flags['postgres-password'] !== undefined) {
    warnings.push(
      'Others on this machine can read -postgres-password: use KONTROL_POSTGRES_PASSWORD instead.',
    );
  }
  return warnings;
}
