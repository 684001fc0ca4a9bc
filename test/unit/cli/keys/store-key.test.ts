import { readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { CliError } from '../../../../src/lib/cli/runtime/cli-error.js';
import { planStore, storeKey } from '../../../../src/lib/cli/keys/store-key.js';
import { readContexts } from '../../../../src/lib/cli/settings/contexts.js';
import { settingsOf } from '../../../helpers/cli/command-settings.js';
import { fakeKeytar, userWithKey } from '../../../helpers/cli/fake-keytar.js';

describe('storeKey', () => {
  it('storeKey leaves the key in a file if the keychain fails to store it', async () => {
    const { env, home, key } = await userWithKey();
    const keytar = fakeKeytar();
    const plan = await planStore(settingsOf({ 'key-store': 'keychain' }, env), keytar.open);
    keytar.fails.set = 'Cannot create an item in a locked collection';
    for (const attempt of [1, 2]) {
      const failure: unknown = await storeKey(key.jwt, plan, env, { force: false }).catch(
        (error: unknown) => error,
      );
      const { message } = failure as Error;
      const [, file = ''] = /The kite key was saved in (\S+) instead/.exec(message) ?? [];
      expect(file.startsWith(attempt === 1 ? join(home, 'kite.key') : join(home, 'keys'))).toBe(true);
      expect(readFileSync(file, 'utf8')).toBe(`${key.jwt}\n`);
    }
    expect(readContexts(env).contexts.size).toBe(0);
  });

  it('storeKey leaves the key in the folder for temporary files if its file cannot be written', async () => {
    const { env, home, key } = await userWithKey();
    const blocker = join(home, 'blocker');
    writeFileSync(blocker, '');
    const plan = {
      ...(await planStore(settingsOf({}, env))),
      file: join(blocker, 'kite.key'),
    };
    await expect(storeKey(key.jwt, plan, env, { force: true })).rejects.toThrow('cannot be written');
    const failure = await storeKey(key.jwt, plan, env, { force: true, rescue: true }).then(
      () => undefined,
      (error: CliError) => error,
    );
    const [, file = ''] = /The new kite key was saved in (\S+) instead/.exec(failure?.message ?? '') ?? [];
    onTestFinished(() => rmSync(dirname(file), { recursive: true }));
    expect(readFileSync(file, 'utf8')).toBe(`${key.jwt}\n`);
    expect(statSync(file).mode & 0o777).toBe(0o400);
    expect(failure?.message).toContain(`${blocker} cannot be written: it is not a folder. The new`);
    expect(failure?.hint).toBe(`Move it with: mv ${file} ${plan.file}. Or use it with --key-file ${file}`);
    expect(`${failure?.message} ${failure?.hint}`).not.toContain(key.jwt);
  });

  it('storeKey requests no key if the keychain could not store it', async () => {
    const { env } = await userWithKey();
    const { open } = fakeKeytar({ set: 'no' });
    await expect(planStore(settingsOf({ 'key-store': 'keychain' }, env), open)).rejects.toThrow(
      'The keychain',
    );
  });
});
