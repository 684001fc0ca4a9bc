import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { CliError } from '../runtime/cli-error.js';
import { contextIfThere } from '../target/contexts.js';
import type { FoundKey, KeyChoice } from '../target/find-key.js';
import { type KontrolOptions, withKey } from '../target/with-kontrol.js';
import type { OutputFormat } from '../terminal/output-format.js';
import { type Listing, printList } from '../terminal/listing.js';
import { Spinner } from '../terminal/spinner.js';
import type { Surroundings } from '../runtime/command-runtime.js';
import { type Finding, fromError, ok, skipped } from './check.js';
import { checkContexts, checkHome, checkKey } from './key-checks.js';
import { checkServer, checkStorage, checkToken } from './kontrol-checks.js';

export interface DoctorOptions extends KontrolOptions, KeyChoice {
  readonly format: OutputFormat | undefined;
}

/** Milliseconds that one step may take, where the person does not say. */
const PATIENCE = 5000;

/**
 * Looks at everything that a command needs, from the kite key to a call with a token, and prints what it finds.
 *
 * @throws CliError where something failed, with the exit code of the first
 */
export async function doctor(options: DoctorOptions, surroundings: Surroundings): Promise<void> {
  const findings = await examine(options, surroundings);
  await printList(findings, listing, options.format, surroundings);
  const broken = findings.filter(({ verdict }) => verdict === 'failed');
  const [first] = broken;
  if (!first) return;
  throw new CliError(`${broken.map(({ check }) => check).join(', ')}: not as it should be.`, {
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

async function examine(options: DoctorOptions, surroundings: Surroundings): Promise<Finding[]> {
  const { env } = surroundings;
  const spinner = new Spinner(surroundings);
  const { finding, found } = await spinner.during('Looking for the kite key', () => checkKey(options, env));
  const findings = [finding, checkContexts(options, found, env), await checkHome(env, canWrite)];
  const url = kontrolUrl(options, found, env);
  if (url === undefined) {
    return [...findings, skipped('Kontrol', 'nothing says where it is: --kontrol URL')];
  }
  findings.push(...(await examineKontrol(url, options, found, surroundings, spinner)));
  return findings;
}

async function examineKontrol(
  url: string,
  options: DoctorOptions,
  found: FoundKey | undefined,
  surroundings: Surroundings,
  spinner: Spinner,
): Promise<Finding[]> {
  const { signal, env, version, clock } = surroundings;
  const timeout = options.timeout ?? PATIENCE;
  const server = await spinner.during(`Asking ${url}`, () =>
    checkServer(url, { signal, now: () => clock.now() }),
  );
  const storage = await spinner.during(`Asking ${url}`, () => checkStorage(url, signal));
  if (!found || server.some(({ check }) => check === 'server')) return [...server, storage];
  const reached = await checkReached(url, { ...options, timeout }, found, surroundings);
  if (reached.verdict === 'failed') return [...server, storage, reached];
  const token = await spinner.during('Calling a kite with a token', () =>
    checkToken({ key: found.key, url, env, version, timeout, signal }),
  );
  return [...server, storage, reached, token];
}

/** Whether Kontrol takes the kite key, and how fast it answers. */
async function checkReached(
  url: string,
  options: DoctorOptions,
  { key, source }: FoundKey,
  surroundings: Surroundings,
): Promise<Finding> {
  const asking = { ...options, kontrol: [url], key, source };
  try {
    return await withKey(asking, 'pinging Kontrol', surroundings, async ({ client }) => {
      const start = surroundings.now();
      await client.call<unknown, string>('kite.ping', []);
      const ms = (surroundings.now() - start).toFixed(1);
      // What everybody may ask who has a kite key that is accepted.
      await client.call<unknown, string>('getKites', [{ query: { username: key.username } }]).catch(mindNone);
      return ok('Kontrol', `${url} answers in ${ms} ms and takes the kite key`);
    });
  } catch (error) {
    surroundings.signal.throwIfAborted();
    return fromError('Kontrol', error);
  }
}

/** The reference answers with an error where there is no kite. */
function mindNone(error: unknown): void {
  if (!(error instanceof Error) || !/no kites found|key not found/i.test(error.message)) throw error;
}

function kontrolUrl(
  { kontrol, context }: KontrolOptions,
  found: FoundKey | undefined,
  env: Surroundings['env'],
): string | undefined {
  const given = env['KITE_KONTROL_URL'] || contextIfThere(context, env)?.context.kontrol;
  return (kontrol ?? (given || found?.key.kontrolUrl || '').split(','))[0]?.trim() || undefined;
}

function canWrite(path: string): Promise<boolean> {
  return access(path, constants.W_OK).then(
    () => true,
    () => false,
  );
}
