import { readFile } from 'node:fs/promises';
import { type Client, Kite, KiteError } from '../../index.js';
import { type KiteKey, kiteKeyPath, parseKiteKey } from '../../keys/index.js';
import { expiryOf, secondsOf } from '../keys/show-active-key.js';
import { messageOf } from '../../util/message-of.js';
import { makeVisible } from '../../util/make-visible.js';
import { type CliError, configurationError, usageError } from '../runtime/cli-error.js';
import type { CommandSettings } from '../settings/command-settings.js';
import { commonSettings } from '../settings/common-settings.js';
import { describeLocation, locationData } from '../settings/key-location.js';
import { ExitCode } from '../runtime/exit-codes.js';
import {
  checkStorable,
  keyExists,
  plannedLocation,
  planStore,
  storeKey,
  type StorePlan,
} from '../keys/store-key.js';
import { connectAtPath } from '../target/connect-at-path.js';
import { isGoKontrol } from '../target/missing-method.js';
import { kiteHome } from '../../kite/config/kite-home.js';
import { toCliError } from '../frame/failures.js';
import { operationAt, kiteOptions } from '../target/with-kontrol.js';
import { promptText, confirm } from '../terminal/prompt.js';
import { printDetails } from '../terminal/details.js';
import type { OutputFormat } from '../terminal/output-format.js';
import { canPrompt, type CommandRuntime } from '../runtime/command-runtime.js';
import { INVITE_LENGTH } from '../runtime/command-limits.js';
import { systemErrorReason } from '../../util/system-error.js';

export interface RegisterCommandOptions {
  /** How to connect, and where to store the key. A context that does not exist is created. */
  readonly settings: CommandSettings;
  /** URL of Kontrol. */
  readonly to: string;
  /** The user to get a kite key for. */
  readonly username: string;
  /** File with the invite; `-` is standard input. Default: prompt for it. */
  readonly inviteFile: string | undefined;
  /** Replace an existing kite key. */
  readonly force: boolean;
  readonly format: OutputFormat | undefined;
}

/**
 * Gets a kite key from Kontrol and stores it in a file that only its owner can read, or in the keychain. If Kontrol requires
 * an invite, reads it from a file or prompts for it.
 *
 * @throws CliError if a kite key exists or the keychain is not available, which is checked before the invite is used up; if
 *   Kontrol rejects the registration; or if the response is not a kite key of this user
 */
export async function register(options: RegisterCommandOptions, runtime: CommandRuntime): Promise<void> {
  const { username, to, format } = options;
  const { env } = runtime;
  const plan = await planStore(options.settings);
  const force = options.force || (await confirmReplacement(plan, { username, kontrolUrl: to }, runtime));
  await checkStorable(plan, env, { force });
  const invite = await readInvite(options.inviteFile, runtime);
  const jwt = await requestKey(options, invite, runtime);
  const key = parseKiteKey(jwt);
  const location = await storeKey(jwt, plan, env, { force, rescue: true });
  const source = describeLocation(location);
  await printDetails(
    {
      fields: [
        { label: 'Username', value: username },
        { label: 'Kontrol URL', value: key.kontrolUrl },
        { label: 'Kite key', value: source },
        { label: 'Expires', value: expiryOf(key) },
      ],
      data: {
        username,
        kontrolURL: key.kontrolUrl,
        exp: secondsOf(key.expiresAt),
        ...locationData(location),
        ...(plan.contextName !== undefined && { context: plan.contextName }),
      },
      name: username,
      lines: [
        `Registered as ${username}. The kite key is in ${source}.`,
        ...(key.expiresAt === undefined ? [] : [expiryLine(key)]),
        `Inspect it with: kitectl showkey${contextFlag(plan)}`,
      ],
    },
    format,
    runtime,
  );
}

function expiryLine(key: KiteKey): string {
  return `It expires at ${expiryOf(key)}. A kite that registers with it, such as one of kitectl serve, renews it.`;
}

function contextFlag({ contextName, contexts }: StorePlan): string {
  if (contextName === undefined || (contexts.current ?? contextName) === contextName) return '';
  return ` --context ${contextName}`;
}

/**
 * Returns false if no key exists, and true if the user confirms that it is replaced.
 *
 * @throws CliError otherwise
 */
async function confirmReplacement(
  plan: StorePlan,
  key: { readonly username: string; readonly kontrolUrl: string },
  runtime: CommandRuntime,
): Promise<boolean> {
  if (!(await keyExists(plan, key))) return false;
  const source = describeLocation(plannedLocation(plan, key));
  const question = `A kite key already exists at ${source}. Replace it?`;
  if (canPrompt(runtime) && (await confirm(question, false, runtime))) return true;
  throw configurationError(
    `A kite key already exists at ${source}; nothing was changed.`,
    'Inspect it with: kitectl showkey. Replace it with --force, or register in another context with --context NAME.',
  );
}

async function requestKey(
  options: RegisterCommandOptions,
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
  const inviteRequest = handleInviteRequest(kite, invite, runtime);
  // No timeout while the user may be looking for the invite.
  const timeout = invite === undefined && !settings.hasFlag(commonSettings.timeout) ? { timeout: 0 } : {};
  let client: Client | undefined;
  const close = (): void => client?.close();
  const connect = async (url: string): Promise<Client> => {
    client?.close();
    client = kite.newClient(url, { trustRemote: ['kite.getPass'], ...timeout });
    await client.dial();
    return client;
  };
  signal.addEventListener('abort', close, { once: true });
  try {
    const connected = await connectAtPath(runtime)(to, connect).catch((error: unknown) => {
      throw toCliError(error, { description: '', target: to, toKontrol: true });
    });
    const response: unknown = await connected.call('registerMachine', [{ authType: 'invite' }]);
    return requireKeyForUser(response, username, to);
  } catch (error) {
    signal.throwIfAborted();
    if (inviteRequest.failure) throw inviteRequest.failure;
    const failure = toCliError(error, operationAt(to, `registering as ${username}`));
    if (!isRejection(failure)) throw failure;
    throw failure.with({
      hint: client && (await isGoKontrol(client)) ? goHint(settings) : inviteHint(username),
    });
  } finally {
    signal.removeEventListener('abort', close);
    await kite.close();
  }
}

function isRejection({ exitCode }: CliError): boolean {
  return exitCode === ExitCode.authentication || exitCode === ExitCode.remoteError;
}

function inviteHint(username: string): string {
  return `Get an invite from the operator of Kontrol, who creates one with: kitectl kontrol invite ${username}`;
}

/** A Kontrol of Go knows no invites. The program of its operator decides who gets a kite key. */
function goHint({ env }: CommandSettings): string {
  return `Get a kite key from the operator of this Kontrol, which is of the Go implementation, and save it as ${kiteKeyPath(kiteHome(env))}.`;
}

/** Lets Kontrol request the invite with `kite.getPass`. `failure` is set if the invite could not be prompted for. */
function handleInviteRequest(
  kite: Kite,
  invite: string | undefined,
  runtime: CommandRuntime,
): { failure?: Error } {
  const inviteRequest: { failure?: Error } = {};
  kite.handle<unknown[]>('kite.getPass', async ({ args: [text] }) => {
    if (invite !== undefined) return invite;
    if (!canPrompt(runtime)) {
      const reason = runtime.noInput ? 'prompts are disabled' : 'this is not a terminal';
      inviteRequest.failure = usageError(
        `An invite is required, and ${reason}.`,
        'Pass it with --invite-file FILE; - reads the standard input.',
      );
      throw new KiteError('genericError', `Cannot prompt: ${reason}`);
    }
    try {
      const message = typeof text === 'string' && text.trim() !== '' ? text.trim() : 'Invite:';
      return (await promptText(message, runtime, true)).trim();
    } catch (error) {
      inviteRequest.failure = error as Error;
      throw error;
    }
  });
  return inviteRequest;
}

function requireKeyForUser(response: unknown, username: string, to: string): string {
  if (typeof response !== 'string') {
    throw new KiteError('invalidResponse', `The response of ${to} is not a kite key`);
  }
  const key = parseResponse(response, to);
  if (key.username === username) return response;
  const receivedUser = makeVisible(key.username);
  throw new KiteError(
    'invalidResponse',
    `${to} sent a kite key for ${receivedUser} instead of ${username}; it was not stored`,
  );
}

function parseResponse(jwt: string, to: string): { readonly username: string } {
  try {
    return parseKiteKey(jwt);
  } catch (error) {
    const reason = messageOf(error);
    throw new KiteError('invalidResponse', `The response of ${to} is not a kite key: ${reason}`);
  }
}

async function readInvite(file: string | undefined, runtime: CommandRuntime): Promise<string | undefined> {
  if (file === undefined) return undefined;
  const text = file === '-' ? await readAll(runtime.stdin) : await readTextFile(file);
  const invite = text.trim();
  if (invite !== '' && invite.length <= INVITE_LENGTH && !invite.includes('\n')) return invite;
  throw configurationError(
    `No invite in ${file === '-' ? 'the standard input' : file}: expected one line.`,
    'Use the output of: kitectl kontrol invite USER',
  );
}

async function readTextFile(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    throw configurationError(
      `The invite file ${file} cannot be read: ${systemErrorReason(error)}`,
      'Pass another file with --invite-file.',
    );
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
