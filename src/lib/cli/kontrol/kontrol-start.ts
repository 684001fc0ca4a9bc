import { join } from 'node:path';
import { Kontrol, loadPolicy, openStorage, type Storage } from '../../kontrol.js';
import { systemClock } from '../../util/clock.js';
import { type CliError, configurationError } from '../runtime/cli-error.js';
import { listenError, loggerFor, waitForAbort } from '../frame/server-lifecycle.js';
import { readTlsFiles } from '../target/tls-files.js';
import { printDetails } from '../terminal/details.js';
import type { OutputFormat } from '../terminal/output-format.js';
import type { CommandRuntime } from '../runtime/command-runtime.js';
import { askAtFirstStart } from './first-start.js';
import { defaultKeyFiles, writeInitialKey } from './initial.js';
import { makeKeyFiles, readKeyFiles } from './key-files.js';
import { keepOwnKey, ownKeyStore, renewOwnKeyWhenKeysChange } from './own-key.js';
import type { StartOptions } from './kontrol-start-options.js';

type Options = StartOptions & {
  readonly format: OutputFormat | undefined;
  /** The folder of this package. */
  readonly root: string;
};

/**
 * Runs a Kontrol until the person or the system ends it, and lets what it is doing finish first. What is missing at the
 * first start is made, and said to be.
 *
 * @throws CliError when it cannot start
 */
export async function startKontrol(options: Options, runtime: CommandRuntime): Promise<void> {
  try {
    if (options.initial) await writeInitialKey(options, runtime);
    else await serve(await askAtFirstStart(options, runtime), runtime);
  } catch (error) {
    throw asCliError(error);
  }
}

async function serve(options: Options, runtime: CommandRuntime): Promise<void> {
  const { signal, stderr, env } = runtime;
  const say = (text: string): void => void stderr.write(`${text}\n`);
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
  const ownKey = await ownKeyStore(options.keyStore, options.home, env);
  const keyPair = await keyPairOf(options, say);
  const storage = openStorage(options.storage, { clock: systemClock, logger });
  const kontrol = new Kontrol({
    storage,
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
    version,
    environment,
    region,
    logger,
    env,
  });
  runtime.deferExit();
  await kontrol.listen();
  try {
    await keepOwnKey(kontrol, ownKey, say);
    renewOwnKeyWhenKeysChange(kontrol, ownKey, logger);
    logStorage(storage, options, say);
    say(`Kontrol listens at ${kontrol.url}`);
    if (options.ui)
      say(`Its page is at ${new URL('/', kontrol.kite.url).href}: sign in with kitectl kontrol ui`);
    if (options.format !== undefined) {
      const fields = [{ label: 'URL', value: kontrol.url }];
      await printDetails({ fields, data: { url: kontrol.url }, name: kontrol.url }, options.format, runtime);
    }
    await waitForAbort(signal);
  } finally {
    say('Kontrol ends.');
    await kontrol.close();
  }
}

/**
 * The key pair in the files that the person named, or in those that were made where none are named: by `-initial`, or here
 * where the store forgets its own. Undefined: the store's.
 */
async function keyPairOf(
  { keyFiles, storage, home }: Options,
  say: (text: string) => void,
): Promise<Awaited<ReturnType<typeof readKeyFiles>>> {
  const files = keyFiles ?? defaultKeyFiles(home);
  const pair = await readKeyFiles(files);
  if (pair) return pair;
  if (keyFiles) {
    throw configurationError(
      `There are no keys at ${files.publicKey} and ${files.privateKey}.`,
      'Have them made with -initial, or make them with: kitectl keygen --out DIR',
    );
  }
  if (storage.kind !== 'memory') return undefined;
  const made = await makeKeyFiles(files);
  say(`Made a key pair: ${files.privateKey} and ${files.publicKey}`);
  return made;
}

function policyName({ policy }: Options): string {
  if (policy.type === 'file') return policy.file;
  return policy.type === 'open' ? 'open' : 'own';
}

function logStorage(storage: Storage, options: Options, say: (text: string) => void): void {
  const where = options.storage.kind === 'file' ? ` in ${options.storage.folder}` : '';
  say(`Registrations and keys are kept by the store "${storage.name}"${where}.`);
  if (storage.name === 'memory')
    say('They are forgotten when Kontrol ends, except for the key pair in its files.');
  if (storage.secrets === 'plain') {
    say('Private keys are stored there unencrypted: set KONTROL_SECRET to encrypt them.');
  }
}

/** What stands in the way of a Kontrol is of this machine, or of its store. */
function asCliError(error: unknown): CliError {
  return listenError(error);
}
