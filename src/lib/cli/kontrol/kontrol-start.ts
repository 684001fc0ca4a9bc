import { join } from 'node:path';
import { Kontrol, loadPolicy, openStorage, type Storage } from '../../kontrol.js';
import { systemClock } from '../../util/clock.js';
import type { Logger } from '../../util/logger.js';
import { systemErrorReason } from '../../util/system-error.js';
import { configurationError } from '../runtime/cli-error.js';
import {
  endOptions,
  handleServerSignals,
  loggerFor,
  type ReloadPart,
  waitForAbort,
} from '../frame/server-lifecycle.js';
import { serverEnvironment } from '../settings/client-environment.js';
import { kontrolStartSettings } from '../settings/kontrol-start-settings.js';
import { readTlsFiles, reloadedTls } from '../target/tls-files.js';
import { printDetails } from '../terminal/details.js';
import type { OutputFormat } from '../terminal/output-format.js';
import type { CommandRuntime } from '../runtime/command-runtime.js';
import { startListening } from '../settings/start-listening.js';
import { type AuditOutput, openAuditOutput } from './audit-output.js';
import { promptAtFirstStart } from './first-start.js';
import { defaultKeyFiles, writeInitialKey } from './initial.js';
import { createKeyFiles, readKeyFiles } from './key-files.js';
import { ensureOwnKey, openOwnKeyStore, renewOwnKeyOnKeyChange } from './own-key.js';
import { withStorageHint } from './storage-hint.js';
import type { KontrolStartOptions } from './kontrol-start-options.js';

type StartKontrolOptions = KontrolStartOptions & {
  readonly format: OutputFormat | undefined;
  /** The root folder of this package. */
  readonly root: string;
};

/**
 * Runs Kontrol until `signal` fires, then shuts it down gracefully. Creates missing keys at the first start.
 *
 * @throws CliError if Kontrol cannot start
 */
export async function startKontrol(options: StartKontrolOptions, runtime: CommandRuntime): Promise<void> {
  await startListening(kontrolStartSettings, async () => {
    try {
      if (options.initial) await writeInitialKey(options, runtime);
      else await runKontrol(await promptAtFirstStart(options, runtime), runtime);
    } catch (error) {
      throw withStorageHint(error, options.storage.type);
    }
  });
}

async function runKontrol(options: StartKontrolOptions, runtime: CommandRuntime): Promise<void> {
  const { signal, stderr, env } = runtime;
  // Long responses leave much garbage behind.
  runtime.limitGarbage();
  const print = (text: string): void => void stderr.write(`${text}\n`);
  const logger = loggerFor(runtime);
  for (const warning of options.warnings) logger.warn(warning);
  const {
    ip,
    port,
    username,
    version = runtime.version,
    environment,
    region,
    registration,
    webrtc,
  } = options;
  const ownKey = await openOwnKeyStore(options.keyStore, options.home, env);
  const keyPair = await loadKeyPair(options, print);
  const storage = openStorage(options.storage, { clock: systemClock, logger });
  const audit =
    options.auditLog === undefined ? undefined : await openAudit(options.auditLog, logger, runtime);
  const kontrol = new Kontrol({
    storage,
    audit: audit?.write,
    username,
    url: options.kontrolUrl,
    registerUrl: options.registerUrl,
    keyPair,
    policy: await loadPolicy(policyName(options), username),
    registration,
    forceOpenRegistration: options.force,
    webrtc,
    page: options.ui ? join(options.root, 'dist', 'ui') : undefined,
    ip,
    port,
    tls: await readTlsFiles(options.tlsFiles),
    allowOrigin: options.allowOrigin,
    allowedHosts: options.allowedHosts,
    trustedProxies: options.trustedProxies,
    limits: options.limits,
    version,
    environment,
    region,
    logger,
    env: serverEnvironment(env),
  });
  runtime.deferExit();
  await kontrol.listen();
  handleServerSignals(reloadedParts(options, kontrol, audit), logger, runtime);
  try {
    await ensureOwnKey(kontrol, ownKey, print);
    renewOwnKeyOnKeyChange(kontrol, ownKey, logger);
    reportStorage(storage, options, print);
    print(`Kontrol listens at ${kontrol.url}`);
    if (options.ui)
      print(`Its web page is ${new URL('/', kontrol.kite.url).href}: sign in with kitectl kontrol ui`);
    if (options.format !== undefined) {
      const fields = [{ label: 'URL', value: kontrol.url }];
      await printDetails({ fields, data: { url: kontrol.url }, name: kontrol.url }, options.format, runtime);
    }
    await waitForAbort(signal);
  } finally {
    print('Kontrol is shutting down.');
    await kontrol.close(endOptions(runtime, options.lameDuck));
    await audit?.close();
  }
}

/** What Kontrol reads again on SIGHUP. */
function reloadedParts(
  options: StartKontrolOptions,
  kontrol: Kontrol,
  audit: AuditOutput | undefined,
): readonly ReloadPart[] {
  const { policy, tlsFiles, auditLog } = options;
  const policyPart: ReloadPart = {
    what: `the policy in ${policyName(options)}`,
    reload: async () => kontrol.usePolicy(await loadPolicy(policyName(options), kontrol.username)),
  };
  return [
    ...(policy.type === 'file' ? [policyPart] : []),
    ...reloadedTls(tlsFiles, (tls) => kontrol.kite.useTls(tls)),
    ...(audit ? [{ what: `the audit log ${auditLog}`, reload: () => audit.reopen() }] : []),
  ];
}

/** @throws CliError if the file cannot be opened */
async function openAudit(
  target: string,
  ...tools: [logger: Logger, runtime: CommandRuntime]
): Promise<AuditOutput> {
  try {
    return await openAuditOutput(target, ...tools);
  } catch (error) {
    throw configurationError(
      `The audit log ${target} cannot be opened: ${systemErrorReason(error)}`,
      'Check --audit-log: the folder must exist, and its user must be the one of Kontrol.',
    );
  }
}

/**
 * Reads the key pair from the configured files or from the default ones. Creates the default ones if the storage is not
 * persistent. If undefined, the key pair of the storage is used.
 *
 * @throws CliError or ConfigurationError if a configured file is missing or invalid
 */
async function loadKeyPair(
  { keyFiles, storage, home }: StartKontrolOptions,
  print: (text: string) => void,
): Promise<Awaited<ReturnType<typeof readKeyFiles>>> {
  const files = keyFiles ?? defaultKeyFiles(home);
  const pair = await readKeyFiles(files);
  if (pair) return pair;
  if (keyFiles) {
    throw configurationError(
      `The key files ${files.publicKey} and ${files.privateKey} do not exist.`,
      'Create them with --initial, or with: kitectl keygen --out DIR',
    );
  }
  if (storage.type !== 'memory') return undefined;
  const generated = await createKeyFiles(files);
  print(`Created a key pair: ${files.privateKey} and ${files.publicKey}`);
  return generated;
}

function policyName({ policy }: StartKontrolOptions): string {
  if (policy.type === 'file') return policy.file;
  return policy.type;
}

function reportStorage(storage: Storage, options: StartKontrolOptions, print: (text: string) => void): void {
  const where = options.storage.type === 'file' ? ` in ${options.storage.folder}` : '';
  print(`Registrations and keys are in the ${storage.name} store${where}.`);
  if (storage.name === 'memory') print('They are lost when Kontrol exits, except for the key pair files.');
  if (storage.secrets === 'plain') {
    print('Private keys are stored unencrypted: set KONTROL_SECRET to encrypt them.');
  }
}
