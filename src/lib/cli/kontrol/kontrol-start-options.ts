import { join } from 'node:path';
import { kiteHome } from '../../kite/config/kite-home.js';
import type { Environment } from '../../kite/config/resolve-setting.js';
import type { StorageConfig } from '../../kontrol.js';
import { usageError } from '../runtime/cli-error.js';
import { type CliSetting, settingLabel } from '../settings/cli-setting.js';
import { CommandSettings, type ParsedFlags } from '../settings/command-settings.js';
import type { KeyStore } from '../settings/contexts.js';
import { kontrolStartSettings, type PolicyChoice } from '../settings/kontrol-start-settings.js';
import { storageSettings } from '../settings/storage-settings.js';
import { isAnyAddress, urlHost } from '../../util/listen-address.js';
import { isLoopbackHost } from '../../util/loopback.js';
import { storageChoice } from './storage-choice.js';

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
  readonly environment: string;
  readonly region: string;
  readonly version: string | undefined;
  /** Undefined: the person named none. */
  readonly keyFiles: KeyFiles | undefined;
  readonly tlsFiles: { readonly certificate: string; readonly privateKey: string } | undefined;
  /** Undefined: the person named none. */
  readonly allowOrigin: readonly string[] | '*' | undefined;
  readonly allowedHosts: readonly string[] | '*' | undefined;
  readonly policy: PolicyChoice;
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
 * @throws CliError or ConfigurationError where one has a value that is not accepted, or where what they say together is not
 *   safe
 */
export function startOptions(flags: ParsedFlags, env: Environment): StartOptions {
  const settings = CommandSettings.fromFlags(kontrolStartSettings, flags, env);
  const of = <Value, Default>(setting: CliSetting<Value, Default>): Value | Default =>
    settings.value(setting);
  const all = kontrolStartSettings;
  const [ip, port, force, registration, policy] = [
    of(all.ip),
    of(all.port),
    of(all.force),
    of(all.registration),
    of(all.policy),
  ];
  const tlsFiles = filePair(settings, all.tlscertfile, all.tlskeyfile);
  const keyFiles = filePair(settings, all.publickeyfile, all.privatekeyfile);
  const given = of(all.kontrolurl);
  const beyond = !isLoopbackHost(ip);
  if (beyond && registration === 'open' && !force) {
    throw usageError(
      `--registration open gives everybody who reaches ${ip} a kite key for any user.`,
      'Listen on 127.0.0.1, or leave it out and invite people: kitectl kontrol invite USER. If you mean it: --force',
    );
  }
  const own = `${tlsFiles ? 'https' : 'http'}://${urlHost(ip)}:${port}/kite`;
  return {
    initial: of(all.initial),
    force,
    ip,
    port,
    username: of(all.username),
    kontrolUrl: given ?? (port === 0 ? undefined : own),
    registerUrl: of(all.registerurl),
    environment: of(all.environment),
    region: of(all.region),
    version: of(all.version),
    keyFiles: keyFiles && { publicKey: keyFiles[0], privateKey: keyFiles[1] },
    tlsFiles: tlsFiles && { certificate: tlsFiles[0], privateKey: tlsFiles[1] },
    allowOrigin: of(all['allow-origin']),
    allowedHosts: of(all['allow-host']),
    policy,
    registration,
    webrtc: of(all.webrtc),
    ui: of(all.ui) ?? !beyond,
    storage: storageChoice(settings),
    keyStore: of(all['key-store']),
    home: join(kiteHome(env), 'kontrol'),
    warnings: warningsOf({ settings, beyond, given, tls: tlsFiles !== undefined, policy, registration, ip }),
  };
}

/**
 * The store that flags and `KONTROL_*` variables describe.
 *
 * @throws CliError or ConfigurationError where one has a value that is not accepted
 */
export function storageOptions(flags: ParsedFlags, env: Environment): StorageConfig {
  return storageChoice(CommandSettings.fromFlags(storageSettings, flags, env));
}

function filePair(
  settings: CommandSettings,
  first: CliSetting<string, undefined>,
  second: CliSetting<string, undefined>,
): readonly [string, string] | undefined {
  const [one, other] = [settings.value(first), settings.value(second)];
  if (one && other) return [one, other];
  if (!one && !other) return undefined;
  const [there, missing] = one ? [first, second] : [second, first];
  throw usageError(
    `${settingLabel(there)} is given without ${settingLabel(missing)}.`,
    `Add --${missing.flag?.name ?? ''} PATH.`,
  );
}

interface Decided {
  readonly settings: CommandSettings;
  readonly beyond: boolean;
  readonly given: string | undefined;
  readonly tls: boolean;
  readonly policy: StartOptions['policy'];
  readonly registration: 'invite' | 'open';
  readonly ip: string;
}

function warningsOf({ settings, beyond, given, tls, policy, registration, ip }: Decided): string[] {
  const warnings: string[] = [];
  if (policy.type === 'open') {
    warnings.push('Policy open: every user may find, call and get tokens for the kites of all others.');
  }
  if (registration === 'open') {
    warnings.push(
      'Registration is open: anyone who can reach Kontrol gets a kite key for any user, without an invite.',
    );
  }
  if (beyond && !tls) {
    warnings.push(
      'Kontrol listens beyond this machine without TLS: give it -tlscertfile and -tlskeyfile, or a proxy.',
    );
  }
  if (isAnyAddress(ip) && given === undefined) {
    warnings.push(
      'Kite keys will say that Kontrol is on their own machine: name its address with -kontrolurl.',
    );
  }
  if (settings.hasFlag(storageSettings['postgres-password'])) {
    warnings.push(
      'Others on this machine can read -postgres-password: use KONTROL_POSTGRES_PASSWORD instead.',
    );
  }
  return warnings;
}
