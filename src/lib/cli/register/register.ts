import { readFile } from 'node:fs/promises';
import { type Client, Kite, KiteError } from '../../index.js';
import { parseKiteKey } from '../../keys/index.js';
import { messageOf } from '../../util/message-of.js';
import { makeVisible } from '../../util/printable.js';
import { type CliError, configurationError } from '../runtime/cli-error.js';
import type { CommandSettings } from '../settings/command-settings.js';
import { commonSettings } from '../settings/common-settings.js';
import { describeLocation, locationData } from '../settings/key-location.js';
import { ExitCode } from '../runtime/exit-codes.js';
import { isTaken, plannedPlace, planStore, storeKey, type StorePlan } from '../keys/store-key.js';
import { toCliError } from '../frame/failures.js';
import { operationAt, kiteOptions } from '../target/with-kontrol.js';
import { promptText, confirm, missingInput } from '../terminal/prompt.js';
import { printDetails } from '../terminal/details.js';
import type { OutputFormat } from '../terminal/output-format.js';
import { canPrompt, type CommandRuntime } from '../runtime/command-runtime.js';
import { INVITE_LENGTH } from '../runtime/command-limits.js';

export interface RegisterOptions {
  /** How to connect, and where to keep the key. A context that they name is made. */
  readonly settings: CommandSettings;
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

/**
 * Gets a kite key from Kontrol and keeps it: in a file, readable by its owner only, or in the keychain. Kontrol may ask for
 * an invite, which comes from a file or from the person at the terminal.
 *
 * @throws CliError when there is a kite key already or the keychain cannot be used (an invite works once, so that this is
 *   found out before it is used), when Kontrol refuses, or when what it sends is no kite key of this user
 */
export async function register(options: RegisterOptions, runtime: CommandRuntime): Promise<void> {
  const { username, to, format } = options;
  const { env } = runtime;
  const plan = await planStore(options.settings);
  const force = options.force || (await mayReplace(plan, { username, kontrolUrl: to }, runtime));
  const invite = await readInvite(options.inviteFile, runtime);
  const jwt = await requestKey(options, invite, runtime);
  const key = parseKiteKey(jwt);
  const place = await storeKey(jwt, plan, env, { force });
  const source = describeLocation(place);
  await printDetails(
    {
      fields: [
        { label: 'Username', value: username },
        { label: 'Kontrol URL', value: key.kontrolUrl },
        { label: 'Kite key', value: source },
      ],
      data: {
        username,
        kontrolURL: key.kontrolUrl,
        ...locationData(place),
        ...(plan.contextName !== undefined && { context: plan.contextName }),
      },
      name: username,
      text: `Your kite key as ${username} is in ${source}.\nSee what it says with: kitectl showkey${inContext(plan)}\n`,
    },
    format,
    runtime,
  );
}

function inContext({ contextName, contexts }: StorePlan): string {
  if (contextName === undefined || (contexts.current ?? contextName) === contextName) return '';
  return ` --context ${contextName}`;
}

/**
 * Whether a key that is there already is to be replaced: a person is asked.
 *
 * @throws CliError where it is not
 */
async function mayReplace(
  plan: StorePlan,
  key: { readonly username: string; readonly kontrolUrl: string },
  runtime: CommandRuntime,
): Promise<boolean> {
  if (!(await isTaken(plan, key))) return false;
  const source = describeLocation(plannedPlace(plan, key));
  const question = `There is a kite key at ${source} already. Replace it?`;
  if (canPrompt(runtime) && (await confirm(question, false, runtime))) return true;
  throw configurationError(
    `A kite key already exists at ${source}; nothing was changed.`,
    'See whose it is with: kitectl showkey. Replace it with --force, or register in another context: --context NAME',
  );
}

async function requestKey(
  options: RegisterOptions,
  invite: string | undefined,
  runtime: CommandRuntime,
): Promise<string> {
  const { to, username } = options;
  const { signal, version } = runtime;
  const settings = options.settings.withOptionalContext();
  const kite = new Kite('kitectl', version, {
    ...kiteOptions(settings),
    username,
    kiteKey: false,
  });
  const asked = answerGetPass(kite, invite, runtime);
  // A person needs longer to find the invite than a call may take.
  const timeout = invite === undefined && !settings.hasFlag(commonSettings.timeout) ? { timeout: 0 } : {};
  const client: Client = kite.newClient(to, { trustRemote: ['kite.getPass'], ...timeout });
  const close = (): void => client.close();
  signal.addEventListener('abort', close, { once: true });
  try {
    await client.dial().catch((error: unknown) => {
      throw toCliError(error, { description: '', target: to });
    });
    const answer: unknown = await client.call('registerMachine', [{ authType: 'invite' }]);
    return requireKeyOf(answer, username, to);
  } catch (error) {
    signal.throwIfAborted();
    if (asked.failure) throw asked.failure;
    throw withInviteHint(toCliError(error, operationAt(to, `registering as ${username}`)), username);
  } finally {
    signal.removeEventListener('abort', close);
    close();
  }
}

function withInviteHint(failure: CliError, username: string): CliError {
  const refused: readonly number[] = [ExitCode.authentication, ExitCode.remoteError];
  if (!refused.includes(failure.exitCode)) return failure;
  const hint = `Get an invite from the operator of Kontrol, who creates one with: kitectl kontrol invite ${username}`;
  return failure.with({ hint });
}

/** Lets the remote ask for the invite, and nothing else. */
function answerGetPass(kite: Kite, invite: string | undefined, runtime: CommandRuntime): { failure?: Error } {
  const asked: { failure?: Error } = {};
  kite.handle<unknown[]>('kite.getPass', async ({ args: [text] }) => {
    if (invite !== undefined) return invite;
    if (!canPrompt(runtime)) {
      asked.failure = missingInput(
        'Kontrol wants an invite.',
        'Put it into a file and name that with --invite-file; - reads the standard input.',
      );
      throw new KiteError('genericError', 'Cannot prompt: this is not a terminal');
    }
    try {
      const message = typeof text === 'string' && text.trim() !== '' ? text.trim() : 'Invite:';
      return (await promptText(message, runtime, true)).trim();
    } catch (error) {
      asked.failure = error as Error;
      throw error;
    }
  });
  return asked;
}

function requireKeyOf(answer: unknown, username: string, to: string): string {
  if (typeof answer !== 'string') {
    throw new KiteError('invalidResponse', `What ${to} sent is not a kite key`);
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
    const reason = messageOf(error);
    throw new KiteError('invalidResponse', `What ${to} sent is not a kite key: ${reason}`);
  }
}

async function readInvite(file: string | undefined, runtime: CommandRuntime): Promise<string | undefined> {
  if (file === undefined) return undefined;
  const text = file === '-' ? await readAll(runtime.stdin) : await readTextFile(file);
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
    const reason = messageOf(error);
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
