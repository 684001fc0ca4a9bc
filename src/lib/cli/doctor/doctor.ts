import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { CliError } from '../runtime/cli-error.js';
import type { CommandSettings } from '../settings/command-settings.js';
import { commonSettings } from '../settings/common-settings.js';
import type { FoundKey } from '../target/find-key.js';
import type { KontrolCommandOptions } from '../target/kontrol-flags.js';
import { withKey } from '../target/with-kontrol.js';
import type { OutputFormat } from '../terminal/output-format.js';
import { type Listing, printList } from '../terminal/listing.js';
import { Spinner } from '../terminal/spinner.js';
import type { CommandRuntime } from '../runtime/command-runtime.js';
import { type Finding, fromError, ok, skipped } from './check.js';
import { checkContexts, checkHome, checkKey } from './key-checks.js';
import { checkServer, checkStorage, checkToken } from './kontrol-checks.js';

export interface DoctorOptions extends KontrolCommandOptions {
  readonly format: OutputFormat | undefined;
}

/** Milliseconds that one step may take, where the person does not say. */
const PATIENCE = 5000;

/**
 * Looks at everything that a command needs, from the kite key to a call with a token, and prints what it finds.
 *
 * @throws CliError where something failed, with the exit code of the first
 */
export async function doctor(options: DoctorOptions, runtime: CommandRuntime): Promise<void> {
  const findings = await examine(options, runtime);
  await printList(findings, listing, options.format, runtime);
  const broken = findings.filter(({ verdict }) => verdict === 'failed');
  const [first] = broken;
  if (!first) return;
  const count = broken.length === 1 ? '1 check' : `${broken.length} checks`;
  throw new CliError(`${count} failed: ${broken.map(({ check }) => check).join(', ')}.`, {
    exitCode: first.exitCode,
    type: 'doctor',
    hint: first.hint,
  });
}

const listing: Listing<Finding> = {
  columns: [
    { heading: 'check', text: ({ check }) => check },
    { heading: 'result', text: ({ verdict }) => verdict },
    { heading: 'found', text: ({ detail }) => detail },
    { heading: 'what to do', text: ({ hint }) => hint },
  ],
  data: ({ check, verdict, detail, hint }) => ({ check, result: verdict, detail, hint }),
  name: ({ check }) => check,
};

async function examine(options: DoctorOptions, runtime: CommandRuntime): Promise<Finding[]> {
  const { settings } = options;
  const spinner = new Spinner(runtime);
  const { finding, found } = await spinner.during('Looking for the kite key', () => checkKey(settings));
  const findings = [finding, checkContexts(settings, found), await checkHome(settings.env, canWrite)];
  let url: string | undefined;
  try {
    // A context that does not exist has been reported.
    [url] = settings.withOptionalContext().value(commonSettings.kontrol, found?.key);
  } catch (error) {
    return [...findings, fromError('Kontrol', error)];
  }
  if (url === undefined) {
    return [...findings, skipped('Kontrol', 'nothing says where it is: --kontrol URL')];
  }
  findings.push(...(await examineKontrol(url, options, found, runtime, spinner)));
  return findings;
}

async function examineKontrol(
  url: string,
  { settings }: DoctorOptions,
  found: FoundKey | undefined,
  runtime: CommandRuntime,
  spinner: Spinner,
): Promise<Finding[]> {
  const { signal, env, version, clock } = runtime;
  const given = settings.withOptionalContext().resolve(commonSettings.timeout);
  const timeout = given.source.type === 'default' ? PATIENCE : given.value;
  const server = await spinner.during(`Asking ${url}`, () =>
    checkServer(url, { signal, now: () => clock.now() }),
  );
  const storage = await spinner.during(`Asking ${url}`, () => checkStorage(url, signal));
  if (!found || server.some(({ check }) => check === 'server')) return [...server, storage];
  const asking = settings.with(commonSettings.kontrol, url).with(commonSettings.timeout, timeout);
  const reached = await checkReached(url, asking, found, runtime);
  if (reached.verdict === 'failed') return [...server, storage, reached];
  const token = await spinner.during('Calling a kite with a token', () =>
    checkToken({ key: found.key, url, env, version, timeout, signal }),
  );
  return [...server, storage, reached, token];
}

/** Whether Kontrol takes the kite key, and how fast it answers. */
async function checkReached(
  url: string,
  settings: CommandSettings,
  found: FoundKey,
  runtime: CommandRuntime,
): Promise<Finding> {
  try {
    return await withKey(settings, found, 'pinging Kontrol', runtime, async ({ client, kontrol }) => {
      const start = runtime.now();
      await client.call<unknown, string>('kite.ping', []);
      const ms = (runtime.now() - start).toFixed(1);
      // What everybody may ask who has a kite key that is accepted.
      await kontrol.getKites({ username: found.key.username });
      return ok('Kontrol', `${url} answers in ${ms} ms and takes the kite key`);
    });
  } catch (error) {
    runtime.signal.throwIfAborted();
    return fromError('Kontrol', error);
  }
}

function canWrite(path: string): Promise<boolean> {
  return access(path, constants.W_OK).then(
    () => true,
    () => false,
  );
}
