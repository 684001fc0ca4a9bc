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
import { checkContexts, checkHome, checkKey, checkVariables } from './key-checks.js';
import { proxyFinder } from '../../kite/config/find-proxy.js';
import { checkServer, checkStorage, checkToken } from './kontrol-checks.js';
import { checkProxy } from './proxy-check.js';

export interface DoctorOptions extends KontrolCommandOptions {
  readonly format: OutputFormat | undefined;
}

/** Timeout of one check in milliseconds, unless the user sets one. */
const CHECK_TIMEOUT = 5000;

/**
 * Checks everything that a command needs, from the kite key to a call with a token, and prints the findings.
 *
 * @throws CliError if a check failed, with the exit code of the first one
 */
export async function doctor(options: DoctorOptions, runtime: CommandRuntime): Promise<void> {
  const findings = await runChecks(options, runtime);
  await printList(findings, listing, options.format, runtime);
  const failures = findings.filter(({ verdict }) => verdict === 'failed');
  const [first] = failures;
  if (!first) return;
  const count = failures.length === 1 ? '1 check' : `${failures.length} checks`;
  throw new CliError(`${count} failed: ${failures.map(({ check }) => check).join(', ')}.`, {
    exitCode: first.exitCode,
    type: 'doctor',
    hint: first.hint,
  });
}

const listing: Listing<Finding> = {
  columns: [
    { heading: 'check', text: ({ check }) => check },
    { heading: 'result', text: ({ verdict }) => verdict },
    { heading: 'detail', text: ({ detail }) => detail },
    { heading: 'hint', text: ({ hint }) => hint },
  ],
  data: ({ check, verdict, detail, hint }) => ({ check, result: verdict, detail, hint }),
  name: ({ check }) => check,
};

async function runChecks(options: DoctorOptions, runtime: CommandRuntime): Promise<Finding[]> {
  const { settings } = options;
  const spinner = new Spinner(runtime);
  const { finding, found } = await spinner.during('Looking for the kite key', () =>
    checkKey(settings, runtime.clock.now()),
  );
  const findings = [
    finding,
    checkContexts(settings, found),
    await checkHome(settings.env, canWrite),
    ...checkVariables(settings.env),
  ];
  let url: string | undefined;
  try {
    // checkContexts reports a context that does not exist.
    [url] = settings.withOptionalContext().value(commonSettings.kontrol, found?.key);
  } catch (error) {
    return [...findings, fromError('Kontrol', error)];
  }
  if (url === undefined) {
    return [...findings, skipped('Kontrol', 'no URL: pass --kontrol URL or set KITE_KONTROL_URL')];
  }
  findings.push(...(await checkKontrol(url, options, found, runtime, spinner)));
  return findings;
}

async function checkKontrol(
  url: string,
  { settings }: DoctorOptions,
  found: FoundKey | undefined,
  runtime: CommandRuntime,
  spinner: Spinner,
): Promise<Finding[]> {
  const { signal, env, version, clock } = runtime;
  const timeoutSetting = settings.withOptionalContext().resolve(commonSettings.timeout);
  const timeout = timeoutSetting.source.type === 'default' ? CHECK_TIMEOUT : timeoutSetting.value;
  const findProxy = proxyFinder(env);
  const proxy = checkProxy(url, env);
  const server = await spinner.during(`Connecting to ${url}`, () =>
    checkServer(url, { findProxy, signal, now: () => clock.now() }),
  );
  const storage = await spinner.during(`Connecting to ${url}`, () => checkStorage(url, findProxy, signal));
  if (!found || server.some(({ check }) => check === 'server')) return [...proxy, ...server, storage];
  const connectionSettings = settings.with(commonSettings.kontrol, url).with(commonSettings.timeout, timeout);
  const connection = await checkConnection(url, connectionSettings, found, runtime);
  if (connection.verdict === 'failed') return [...proxy, ...server, storage, connection];
  const token = await spinner.during('Calling a kite with a token', () =>
    checkToken({ settings, key: found.key, url, env, version, timeout, signal }),
  );
  return [...proxy, ...server, storage, connection, token];
}

/** Checks that Kontrol accepts the kite key, and measures its response time. */
async function checkConnection(
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
      // Every user with a valid kite key may send this query.
      await kontrol.getKites({ username: found.key.username });
      return ok('Kontrol', `${url} responds in ${ms} ms and accepts the kite key`);
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
