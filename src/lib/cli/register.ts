import { readFile, stat } from 'node:fs/promises';
import { type Client, Kite, KiteError } from '../index.js';
import { kiteHome, kiteKeyPath, parseKiteKey, writeKiteKeyFile } from '../keys/index.js';
import { makeVisible } from '../util/visible.js';
import { type CliError, configurationError } from './cli-error.js';
import { ExitCode } from './exit-codes.js';
import { toCliError } from './failures.js';
import { doingAt, type KontrolOptions, kiteOptions } from './kontrol-client.js';
import { ask } from './prompt.js';
import { printDetails } from './output/details.js';
import type { OutputFormat } from './output/format.js';
import type { Surroundings } from './surroundings.js';

export interface RegisterOptions extends Pick<KontrolOptions, 'transport' | 'timeout'> {
  /** URL of Kontrol. */
  readonly to: string;
  /** Whom the kite key is for. */
  readonly username: string;
  /** File with the invite, `-` = standard input; undefined = the person is asked for it. */
  readonly inviteFile: string | undefined;
  /** Replace a kite key that is there. */
  readonly force: boolean;
  readonly format: OutputFormat | undefined;
}

/** Longest invite that is read, in characters. */
const INVITE_LENGTH = 1024;

/**
 * Gets a kite key from Kontrol and writes it to the kite home, readable by its owner only. Kontrol may ask for an invite,
 * which comes from a file or from the person at the terminal.
 *
 * @throws CliError when there is a kite key already (an invite works once, so that this is found out before it is used),
 *   when Kontrol refuses, or when what it sends is no kite key of this user
 */
export async function register(options: RegisterOptions, surroundings: Surroundings): Promise<void> {
  const { username, force, format } = options;
  const home = kiteHome(surroundings.env);
  if (!force) await refuseExisting(kiteKeyPath(home));
  const invite = await readInvite(options.inviteFile, surroundings);
  const jwt = await requestKey(options, invite, surroundings);
  const file = await writeKiteKeyFile(jwt, { home, force });
  const { kontrolUrl } = parseKiteKey(jwt);
  await printDetails(
    {
      fields: [
        { label: 'Username', value: username },
        { label: 'Kontrol URL', value: kontrolUrl },
        { label: 'Kite key', value: file },
      ],
      data: { username, kontrolURL: kontrolUrl, file },
      name: username,
      text: `Your kite key as ${username} is in ${file}.\nSee what it says with: kitectl showkey\n`,
    },
    format,
    surroundings,
  );
}

async function requestKey(
  options: RegisterOptions,
  invite: string | undefined,
  surroundings: Surroundings,
): Promise<string> {
  const { to, username } = options;
  const { env, signal, version } = surroundings;
  const kite = new Kite('kitectl', version, {
    ...kiteOptions(options, env),
    username,
    kiteKey: false,
  });
  const asked = answerGetPass(kite, invite, surroundings);
  // A person needs longer to find the invite than a call may take.
  const timeout = invite === undefined && options.timeout === undefined ? { timeout: 0 } : {};
  const client: Client = kite.newClient(to, { trustRemote: ['kite.getPass'], ...timeout });
  const close = (): void => client.close();
  signal.addEventListener('abort', close, { once: true });
  try {
    await client.dial().catch((error: unknown) => {
      throw toCliError(error, { what: '', target: to });
    });
    const answer: unknown = await client.call('registerMachine', [{ authType: 'invite' }]);
    return requireKeyOf(answer, username, to);
  } catch (error) {
    signal.throwIfAborted();
    if (asked.failure) throw asked.failure;
    throw withInviteHint(toCliError(error, doingAt(to, `registering as ${username}`)), username);
  } finally {
    signal.removeEventListener('abort', close);
    close();
  }
}

function withInviteHint(failure: CliError, username: string): CliError {
  const refused: readonly number[] = [ExitCode.authentication, ExitCode.remoteError];
  if (!refused.includes(failure.exitCode)) return failure;
  const hint = `Get an invite from whoever runs Kontrol; this prints one: kitectl kontrol invite ${username}`;
  return failure.with({ hint });
}

/** Lets the remote ask for the invite, and nothing else. */
function answerGetPass(
  kite: Kite,
  invite: string | undefined,
  surroundings: Surroundings,
): { failure?: Error } {
  const asked: { failure?: Error } = {};
  kite.handle<unknown[]>('kite.getPass', async ({ args: [text] }) => {
    if (invite !== undefined) return invite;
    const { stdin, stderr } = surroundings;
    if (stdin.isTTY !== true || stderr.isTTY !== true) {
      asked.failure = configurationError(
        'Kontrol asks for an invite, and nobody can be asked for it here.',
        'Put it into a file and name that with --invite-file; - reads the standard input.',
      );
      throw new KiteError('genericError', 'Nobody can be asked: this is no terminal');
    }
    try {
      const prompt = typeof text === 'string' && text !== '' ? text : 'Invite: ';
      return (await ask(prompt.endsWith(' ') ? prompt : `${prompt} `, surroundings, true)).trim();
    } catch (error) {
      asked.failure = error as Error;
      throw error;
    }
  });
  return asked;
}

function requireKeyOf(answer: unknown, username: string, to: string): string {
  if (typeof answer !== 'string') {
    throw new KiteError('invalidResponse', `What ${to} sent is no kite key`);
  }
  const key = parsed(answer, to);
  if (key.username === username) return answer;
  const whose = makeVisible(key.username);
  throw new KiteError(
    'invalidResponse',
    `${to} sent a kite key for ${whose} instead of ${username}; it was not kept`,
  );
}

function parsed(jwt: string, to: string): { readonly username: string } {
  try {
    return parseKiteKey(jwt);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new KiteError('invalidResponse', `What ${to} sent is no kite key: ${reason}`);
  }
}

async function refuseExisting(file: string): Promise<void> {
  const kind = await stat(file).catch(() => undefined);
  if (!kind) return;
  throw configurationError(
    `There is a kite key at ${file} already; nothing was asked of Kontrol.`,
    'See whose it is with: kitectl showkey. Replace it with --force, or set KITE_HOME to another folder.',
  );
}

async function readInvite(file: string | undefined, surroundings: Surroundings): Promise<string | undefined> {
  if (file === undefined) return undefined;
  const text = file === '-' ? await readAll(surroundings.stdin) : await readTextFile(file);
  const invite = text.trim();
  if (invite !== '' && invite.length <= INVITE_LENGTH && !invite.includes('\n')) return invite;
  throw configurationError(
    `${file === '-' ? 'The standard input' : file} holds no invite: it must be one line.`,
    'It is what this prints: kitectl kontrol invite USER',
  );
}

async function readTextFile(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw configurationError(`The invite cannot be read: ${reason}`, 'Name another file with --invite-file.');
  }
}

async function readAll(input: AsyncIterable<unknown>): Promise<string> {
  let text = '';
  for await (const chunk of input) {
    text += String(chunk);
    if (text.length > INVITE_LENGTH + 2) break;
  }
  return text;
}
