import { constants } from 'node:fs';
import fs from 'node:fs/promises';
import { type Outgoing, outgoing } from '../../transport/handshake/outgoing.js';
import { isKiteError } from '../../protocol/errors.js';
import { exactQuery } from '../../protocol/query.js';
import { NOT_KONTROL_HINT, toCliError } from '../frame/failures.js';
import { CliError } from '../runtime/cli-error.js';
import { ExitCode } from '../runtime/exit-codes.js';
import type { CommandSettings } from '../settings/command-settings.js';
import { commonSettings } from '../settings/common-settings.js';
import type { FoundKey } from '../target/find-key.js';
import type { KontrolCommandOptions } from '../target/kontrol-flags.js';
import { readAccess } from '../target/read-access.js';
import { withKey } from '../target/with-kontrol.js';
import type { OutputFormat } from '../terminal/output-format.js';
import { type Listing, printList } from '../terminal/listing.js';
import { Spinner } from '../terminal/spinner.js';
import type { CommandRuntime } from '../runtime/command-runtime.js';
import { type ConnectionFinding, failed, type Finding, fromError, ok, skipped } from './check.js';
import { checkContexts, checkHome, checkKey, checkVariables, withAnswer } from './key-checks.js';
import { proxyFinder } from '../../kite/config/find-proxy.js';
import { checkClock, checkStorage, checkTls, checkToken, requestInfo, skewOf } from './kontrol-checks.js';
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
  const local = [
    checkContexts(settings, found),
    await checkHome(settings.env, canWrite),
    ...checkVariables(settings.env),
  ];
  const optional = settings.withOptionalContext();
  let url: string | undefined;
  let access: Outgoing;
  try {
    // checkContexts reports a context that does not exist.
    [url] = optional.value(commonSettings.kontrol, found?.key);
    access = outgoing(readAccess(optional));
  } catch (error) {
    return [finding, ...local, fromError('Kontrol', error)];
  }
  if (url === undefined) {
    return [finding, ...local, skipped('Kontrol', 'no URL: pass --kontrol URL or set KITE_KONTROL_URL')];
  }
  const kontrol = await checkKontrol({ url, access }, optional, found, runtime, spinner);
  return [withAnswer(finding, kontrol.connection), ...local, ...kontrol.findings];
}

/** The findings about Kontrol, with that of the connection, if one was made. */
interface KontrolFindings {
  readonly findings: readonly Finding[];
  readonly connection?: ConnectionFinding;
}

async function checkKontrol(
  { url, access }: { readonly url: string; readonly access: Outgoing },
  settings: CommandSettings,
  found: FoundKey | undefined,
  runtime: CommandRuntime,
  spinner: Spinner,
): Promise<KontrolFindings> {
  const { signal, env, version, clock } = runtime;
  const timeoutSetting = settings.resolve(commonSettings.timeout);
  const timeout = timeoutSetting.source.type === 'default' ? CHECK_TIMEOUT : timeoutSetting.value;
  const probe = { signal, access, findProxy: proxyFinder(env) };
  const proxy = checkProxy(url, probe.findProxy);
  const server = await spinner.during(`Connecting to ${url}`, () => requestInfo(url, probe));
  const now = clock.now();
  const storageOf = (): Promise<Finding> =>
    spinner.during(`Connecting to ${url}`, () => checkStorage(url, probe));
  if ('verdict' in server) return { findings: [...proxy, server, await storageOf()] };
  const tls = checkTls(server, { url, now, access });
  if (!found) return { findings: [...proxy, tls, checkClock(server, now, undefined), await storageOf()] };
  const connectionSettings = settings.with(commonSettings.kontrol, url).with(commonSettings.timeout, timeout);
  const connection = await checkConnection(url, connectionSettings, found, runtime);
  const storage = connection.isKontrol
    ? await storageOf()
    : skipped('storage', 'the server is not a Kontrol');
  const before = [...proxy, tls];
  if (connection.finding.verdict === 'failed') {
    const findings = [...before, checkClock(server, now, undefined), storage, connection.finding];
    return { findings, connection };
  }
  const token = await spinner.during('Calling a kite with a token', () =>
    checkToken({
      skew: skewOf(server, now),
      settings,
      key: found.key,
      url: connection.url ?? url,
      env,
      version,
      timeout,
      signal,
    }),
  );
  const findings = [...before, checkClock(server, now, token), storage, connection.finding, token];
  return { findings, connection };
}

/** Checks that the server is a Kontrol, and that it accepts the kite key. Measures its response time. */
async function checkConnection(
  url: string,
  settings: CommandSettings,
  found: FoundKey,
  runtime: CommandRuntime,
): Promise<ConnectionFinding> {
  try {
    return await withKey(
      settings,
      found,
      'pinging Kontrol',
      runtime,
      async ({ client, kontrol, url: connected }) => {
        const start = runtime.now();
        await client.call<unknown, string>('kite.ping', []);
        const ms = (runtime.now() - start).toFixed(1);
        // Every user with a valid kite key may send this query.
        const query = kontrol.getKites(exactQuery({ username: found.key.username }));
        const isKontrol = await query.then(
          () => true,
          (error: unknown) => {
            if (isKiteError(error, 'methodNotFound')) return false;
            throw error;
          },
        );
        const detail = isKontrol
          ? `${connected} responds in ${ms} ms and accepts the kite key`
          : `${url} is a kite, but not a Kontrol: it does not offer getKites`;
        const finding = isKontrol
          ? ok('Kontrol', detail)
          : failed('Kontrol', detail, NOT_KONTROL_HINT, ExitCode.configuration);
        return { finding, isKontrol, url: connected };
      },
    );
  } catch (error) {
    runtime.signal.throwIfAborted();
    return { finding: fromError('Kontrol', error), isKontrol: true, code: toCliError(error).code };
  }
}

function canWrite(path: string): Promise<boolean> {
  return fs.access(path, constants.W_OK).then(
    () => true,
    () => false,
  );
}
