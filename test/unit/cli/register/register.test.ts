import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { register, type RegisterCommandOptions } from '../../../../src/lib/cli/register/register.js';
import { INVITE_LENGTH } from '../../../../src/lib/cli/runtime/command-limits.js';
import { CliError } from '../../../../src/lib/cli/runtime/cli-error.js';
import { CommandSettings } from '../../../../src/lib/cli/settings/command-settings.js';
import { Kite, KiteError } from '../../../../src/lib/index.js';
import { generateKeyPair, type KeyPair, newKiteKey } from '../../../../src/lib/keys/index.js';
import { systemClock } from '../../../../src/lib/util/clock.js';
import { Sink, testRuntime } from '../../../helpers/cli/test-runtime.js';

let keyPair: KeyPair;

let kontrol: Kite;

let home: string;

let calls: number;

/** The answer of the fake Kontrol; by default a key for the right invite. */
let keyFor: (username: string) => unknown;

function keyOf(username: string): string {
  return newKiteKey({
    username,
    kontrolUser: 'kontrol',
    kontrolUrl: 'http://kontrol:4000/kite',
    keyPair,
    clock: systemClock,
  });
}

beforeAll(async () => {
  keyPair = await generateKeyPair();
  kontrol = new Kite('kontrol', '1.0.0', { port: 0, kiteKey: false, env: {} });
  kontrol
    .handle('registerMachine', async ({ client, kite }) => {
      calls++;
      const invite: unknown = await client.tell('kite.getPass', 'Invite');
      if (invite !== 'right') throw new KiteError('authenticationError', 'The invite is not valid');
      return keyFor(kite.username);
    })
    .disableAuthentication();
  await kontrol.listen();
});

afterAll(() => kontrol.close());

beforeEach(async () => {
  calls = 0;
  keyFor = keyOf;
  home = await mkdtemp(join(tmpdir(), 'kitectl-register-'));
});

afterEach(() => rm(home, { recursive: true, force: true }));

function options(more: Partial<RegisterCommandOptions> = {}): RegisterCommandOptions {
  return {
    to: kontrol.url ?? '',
    username: 'bob',
    inviteFile: '-',
    force: false,
    settings: CommandSettings.withoutFlags({ KITE_HOME: home }),
    format: undefined,
    ...more,
  };
}

const world = (more = {}) =>
  testRuntime({ env: { KITE_HOME: home }, stdin: Readable.from(['right\n']), ...more });

async function failure(promise: Promise<unknown>): Promise<CliError> {
  const error: unknown = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof CliError) return error;
  throw new Error(`no CliError: ${String(error)}`);
}

describe('register', () => {
  it('register writes the kite key that it gets for an invite, readable by its owner only', async () => {
    const stdout = new Sink();
    await register(options({ format: 'json' }), world({ stdout }));
    const file = join(home, 'kite.key');
    expect(JSON.parse(stdout.text)).toEqual({
      username: 'bob',
      kontrolURL: 'http://kontrol:4000/kite',
      exp: null,
      file,
    });
    expect((await stat(file)).mode & 0o777).toBe(0o400);
    expect(stdout.text).not.toContain((await readFile(file, 'utf8')).trim());
  });

  it('register reads the invite from a file', async () => {
    await writeFile(join(home, 'invite'), 'right\n');
    await register(options({ inviteFile: join(home, 'invite') }), world());
    expect((await stat(join(home, 'kite.key'))).isFile()).toBe(true);
  });

  it('register prompts for the invite on a terminal without echo', async () => {
    const stdin = Object.assign(new PassThrough(), { isTTY: true });
    const stderr = new Sink({ isTTY: true });
    const done = register(options({ inviteFile: undefined }), world({ stdin, stderr }));
    await expect.poll(() => stderr.text).toContain('? Invite');
    stdin.write('right');
    stdin.write('\r');
    await done;
    expect(stderr.text).not.toContain('right');
  });

  it('register explains how to pass the invite without a terminal', async () => {
    const { exitCode, hint } = await failure(register(options({ inviteFile: undefined }), world()));
    expect(exitCode).toBe(2);
    expect(hint).toContain('--invite-file');
  });

  it('register keeps an existing kite key and does not use the invite', async () => {
    await writeFile(join(home, 'kite.key'), 'mine');
    expect(await failure(register(options(), world()))).toMatchObject({ exitCode: 3 });
    expect(calls).toBe(0);
    expect(await readFile(join(home, 'kite.key'), 'utf8')).toBe('mine');
    await register(options({ force: true }), world());
    expect(await readFile(join(home, 'kite.key'), 'utf8')).not.toBe('mine');
  });

  it('register fails with exit code 4 if the invite is rejected, and explains how to get one', async () => {
    const wrong = world({ stdin: Readable.from(['wrong']) });
    const { exitCode, hint, message } = await failure(register(options(), wrong));
    expect(exitCode).toBe(4);
    expect(message).toContain('The invite is not valid');
    expect(hint).toContain('kitectl kontrol invite bob');
    await expect(stat(join(home, 'kite.key'))).rejects.toThrow('ENOENT');
  });

  it.each<[string, () => unknown, string]>([
    ['a key of another user', () => keyOf('alice'), 'a kite key for alice instead of bob'],
    ['no key', () => ({ a: 1 }), 'is not a kite key'],
    ['a malformed key', () => 'abc', 'is not a kite key'],
  ])('register stores nothing if Kontrol sends %s', async (_title, answer, message) => {
    keyFor = answer;
    expect((await failure(register(options(), world()))).message).toContain(message);
    await expect(stat(join(home, 'kite.key'))).rejects.toThrow('ENOENT');
  });

  it.each(['', 'two\nlines', 'x'.repeat(INVITE_LENGTH + 1)])(
    'register does not send a malformed invite',
    async (text) => {
      const stdin = Readable.from([text]);
      expect(await failure(register(options(), world({ stdin })))).toMatchObject({ exitCode: 3 });
      expect(calls).toBe(0);
    },
  );

  it('register sends an invite of INVITE_LENGTH characters', async () => {
    const stdin = Readable.from(['x'.repeat(INVITE_LENGTH)]);
    expect(await failure(register(options(), world({ stdin })))).toMatchObject({ exitCode: 4 });
    expect(calls).toBe(1);
  });
});
