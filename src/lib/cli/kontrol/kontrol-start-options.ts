import { join } from 'node:path';
import { kiteHome } from '../../kite/config/kite-home.js';
import type { Environment } from '../../kite/config/resolve-setting.js';
import type { KontrolLimits, StorageConfig } from '../../kontrol.js';
import { usageError } from '../runtime/cli-error.js';
import { type CliSetting, settingLabel } from '../settings/cli-setting.js';
import { CommandSettings, type ParsedFlags } from '../settings/command-settings.js';
import type { KeyStore } from '../settings/contexts.js';
import { kontrolStartSettings, type PolicyChoice } from '../settings/kontrol-start-settings.js';
import { storageSettings } from '../settings/storage-settings.js';
import { isAnyAddress, urlHost } from '../../util/listen-address.js';
import { isLoopbackHost } from '../../util/loopback.js';
import { storageConfigOf } from './storage-choice.js';
import { storageSecretsOf } from './storage-secrets.js';
import type { TransferOptions } from './export-import.js';

/** The resolved options of `kontrol start`. */
export interface KontrolStartOptions {
  /** Create Kontrol's own kite key and exit. */
  readonly initial: boolean;
  readonly force: boolean;
  readonly ip: string;
  readonly port: number;
  readonly username: string;
  /** URL of Kontrol in kite keys. If undefined, it is the address that Kontrol listens at, with an ephemeral port. */
  readonly kontrolUrl: string | undefined;
  readonly registerUrl: string | undefined;
  readonly environment: string;
  readonly region: string;
  readonly version: string | undefined;
  /** Default: the key pair in the storage. */
  readonly keyFiles: KeyFiles | undefined;
  readonly tlsFiles: { readonly certificate: string; readonly privateKey: string } | undefined;
  readonly allowOrigin: readonly string[] | '*' | undefined;
  readonly allowedHosts: readonly string[] | '*' | undefined;
  readonly trustedProxies: readonly string[];
  /** How long callers are served after a signal to end, in milliseconds. */
  readonly lameDuck: number;
  readonly limits: Partial<KontrolLimits>;
  /** Path of the audit log, or `-` for standard output. */
  readonly auditLog: string | undefined;
  readonly policy: PolicyChoice;
  readonly registration: 'invite' | 'open';
  readonly webrtc: boolean;
  /** Whether Kontrol serves its web page. */
  readonly ui: boolean;
  readonly storage: StorageConfig;
  /** Where to store the kite key of Kontrol's own user. Default: the store of the last start, or a file. */
  readonly keyStore: KeyStore | undefined;
  /** Folder of the files that Kontrol creates. */
  readonly home: string;
  /** Warnings to log at the start. */
  readonly warnings: readonly string[];
}

export interface KeyFiles {
  readonly publicKey: string;
  readonly privateKey: string;
}

/**
 * Resolves the options from flags and `KONTROL_*` variables.
 *
 * @throws CliError or ConfigurationError if a value is invalid, or if the combination is unsafe and `force` is not set
 */
export function kontrolStartOptions(flags: ParsedFlags, env: Environment): KontrolStartOptions {
  const settings = CommandSettings.fromFlags(kontrolStartSettings, flags, env);
  const value = <Value, Default>(setting: CliSetting<Value, Default>): Value | Default =>
    settings.value(setting);
  const all = kontrolStartSettings;
  const [ip, port, force, registration, policy] = [
    value(all.ip),
    value(all.port),
    value(all.force),
    value(all.registration),
    value(all.policy),
  ];
  const tlsFiles = filePair(settings, all.tlscertfile, all.tlskeyfile);
  const keyFiles = filePair(settings, all.publickeyfile, all.privatekeyfile);
  const configuredUrl = value(all.kontrolurl);
  const onNetwork = !isLoopbackHost(ip);
  if (onNetwork && registration === 'open' && !force) {
    throw usageError(
      `--registration open lets anyone who can reach ${ip} get a kite key for any user.`,
      'Listen on 127.0.0.1, or use invites: kitectl kontrol invite USER. To allow it anyway, add --force.',
    );
  }
  const defaultUrl = `${tlsFiles ? 'https' : 'http'}://${urlHost(ip)}:${port}/kite`;
  return {
    initial: value(all.initial),
    force,
    ip,
    port,
    username: value(all.username),
    kontrolUrl: configuredUrl ?? (port === 0 ? undefined : defaultUrl),
    registerUrl: value(all.registerurl),
    environment: value(all.environment),
    region: value(all.region),
    version: value(all.version),
    keyFiles: keyFiles && { publicKey: keyFiles[0], privateKey: keyFiles[1] },
    tlsFiles: tlsFiles && { certificate: tlsFiles[0], privateKey: tlsFiles[1] },
    allowOrigin: value(all['allow-origin']),
    allowedHosts: value(all['allow-host']),
    trustedProxies: value(all['trusted-proxy']),
    lameDuck: value(all['lame-duck']),
    limits: value(all.limit),
    auditLog: value(all['audit-log']),
    policy,
    registration,
    webrtc: value(all.webrtc),
    ui: value(all.ui) ?? !onNetwork,
    storage: storageConfigOf(settings),
    keyStore: value(all['key-store']),
    home: join(kiteHome(env), 'kontrol'),
    warnings: kontrolStartWarnings({
      settings,
      onNetwork,
      configuredUrl,
      tls: tlsFiles !== undefined,
      policy,
      registration,
      ip,
    }),
  };
}

/**
 * Resolves the storage from flags and `KONTROL_*` variables.
 *
 * @throws CliError or ConfigurationError if a value is invalid
 */
export function storageOptions(flags: ParsedFlags, env: Environment): StorageConfig {
  return storageConfigOf(CommandSettings.fromFlags(storageSettings, flags, env));
}

/**
 * Returns the storage settings and the secrets of a command that exports or imports what is in a storage.
 *
 * @throws CliError or ConfigurationError if a value is invalid
 */
export function transferOptions(flags: ParsedFlags, env: Environment): TransferOptions {
  const settings = CommandSettings.fromFlags(storageSettings, flags, env);
  return { storage: storageConfigOf(settings), secrets: storageSecretsOf(settings) };
}

function filePair(
  settings: CommandSettings,
  first: CliSetting<string, undefined>,
  second: CliSetting<string, undefined>,
): readonly [string, string] | undefined {
  const [firstFile, secondFile] = [settings.value(first), settings.value(second)];
  if (firstFile && secondFile) return [firstFile, secondFile];
  if (!firstFile && !secondFile) return undefined;
  const [present, missing] = firstFile ? [first, second] : [second, first];
  throw usageError(
    `${settingLabel(present)} is set without ${settingLabel(missing)}.`,
    `Add --${missing.flag?.name ?? ''} PATH.`,
  );
}

interface WarningConditions {
  readonly settings: CommandSettings;
  readonly onNetwork: boolean;
  readonly configuredUrl: string | undefined;
  readonly tls: boolean;
  readonly policy: KontrolStartOptions['policy'];
  readonly registration: 'invite' | 'open';
  readonly ip: string;
}

function kontrolStartWarnings({
  settings,
  onNetwork,
  configuredUrl,
  tls,
  policy,
  registration,
  ip,
}: WarningConditions): string[] {
  const warnings: string[] = [
    ...settings.ignoredNotes(kontrolStartSettings.port),
    ...(settings.value(storageSettings.storage) === 'postgres'
      ? settings.ignoredNotes(storageSettings['postgres-port'])
      : []),
  ];
  if (policy.type === 'open') {
    warnings.push(
      'Policy open: every user may find and call the kites of all other users, and get tokens for them.',
    );
  }
  if (registration === 'open') {
    warnings.push(
      'Registration is open: anyone who can reach Kontrol can get a kite key for any user without an invite.',
    );
  }
  if (onNetwork && !tls) {
    warnings.push(
      'Kontrol listens on the network without TLS: set --tlscertfile and --tlskeyfile, or use a TLS proxy.',
    );
  }
  if (isAnyAddress(ip) && configuredUrl === undefined) {
    warnings.push(
      'Kite keys will contain a URL that works only on this machine: set the address with --kontrolurl.',
    );
  }
  if (settings.hasFlag(storageSettings['postgres-password'])) {
    warnings.push(
      'Other users of this machine can read -postgres-password: use KONTROL_POSTGRES_PASSWORD instead.',
    );
  }
  return warnings;
}
