import { describe, expect, it } from 'vitest';
import { CommandSettings } from '../../../../src/lib/cli/settings/command-settings.js';
import { commonSettings } from '../../../../src/lib/cli/settings/common-settings.js';
import { writeContexts } from '../../../../src/lib/cli/settings/contexts.js';
import { registerSettings } from '../../../../src/lib/cli/settings/register-settings.js';
import { storageSecrets } from '../../../../src/lib/cli/settings/storage-settings.js';
import { settingsOf } from '../../../helpers/cli/command-settings.js';
import { temporaryFolder } from '../../../helpers/process/temporary-folder.js';

const { kontrol, timeout, to, kiteKey } = commonSettings;

/** The environment of a user with two contexts, of which `dev` is active. */
async function withContexts(): Promise<{ readonly KITE_HOME: string }> {
  const env = { KITE_HOME: temporaryFolder() };
  const contexts = new Map([
    ['dev', { kontrol: 'http://dev/kite', timeout: '4s' }],
    ['prod', { kontrol: 'http://prod/kite' }],
  ]);
  await writeContexts({ current: 'dev', contexts }, env);
  return env;
}

describe('CommandSettings', () => {
  it('CommandSettings reads the context of --context, else KITE_CONTEXT, else the active one', async () => {
    const env = await withContexts();
    const from = (flags: Record<string, string>, variables: Record<string, string> = {}) =>
      settingsOf(flags, { ...env, ...variables }).value(kontrol);
    expect(from({})).toEqual(['http://dev/kite']);
    expect(from({}, { KITE_CONTEXT: 'prod' })).toEqual(['http://prod/kite']);
    expect(from({ context: 'prod' }, { KITE_CONTEXT: 'dev' })).toEqual(['http://prod/kite']);
    expect(settingsOf({ context: 'prod' }, env).context?.name).toBe('prod');
  });

  it('CommandSettings rejects a context that does not exist, except for a command that creates it', async () => {
    const env = await withContexts();
    const settings = settingsOf({ context: 'prd' }, env);
    expect(() => settings.value(kontrol)).toThrow(
      expect.objectContaining({ exitCode: 2, hint: 'Did you mean prod?' }),
    );
    expect(settings.withOptionalContext().value(kontrol)).toEqual([]);
    expect(settings.withOptionalContext().context).toBeUndefined();
  });

  it('CommandSettings reads no context for a kite key of another Kontrol', async () => {
    const settings = settingsOf({}, await withContexts()).withoutContext();
    const key = { username: 'kontrol', kontrolUrl: 'http://own/kite' };
    expect(settings.value(kontrol, key)).toEqual(['http://own/kite']);
    expect(settings.value(timeout)).toBe(15_000);
  });

  it('CommandSettings reads a setting from the flag of the command', () => {
    const settings = CommandSettings.fromFlags(
      registerSettings,
      { to: 'http://a/kite' },
      { KITE_HOME: '/nowhere' },
    );
    expect(settings.resolve(kontrol)).toMatchObject({
      value: ['http://a/kite'],
      source: { type: 'flag', name: '--to' },
    });
    expect(settings.value(to)).toBeUndefined();
    expect(settings.hasFlag(kontrol)).toBe(true);
    expect(settings.hasFlag(to)).toBe(false);
  });

  it('CommandSettings rejects an invalid flag at once, even if its setting is not read', () => {
    expect(() => settingsOf({ timeout: 'soon' }, {})).toThrow('--timeout is "soon"');
  });

  it('CommandSettings ignores an empty flag', () => {
    const settings = settingsOf({ to: '', 'key-file': ' ' }, { KITE_HOME: '/nowhere', KITE_TO: '/bob' });
    expect(settings.value(to)).toEqual({ type: 'query', path: '/bob' });
    expect(settings.hasFlag(kiteKey)).toBe(false);
  });

  it('CommandSettings can set a setting as if by its flag', () => {
    const settings = settingsOf({ timeout: '1s' }, { KITE_HOME: '/nowhere' });
    expect(settings.with(timeout, 300).value(timeout)).toBe(300);
    expect(settings.value(timeout)).toBe(1000);
    const elsewhere = settings.with(kontrol, 'http://a/kite').value(kontrol, {
      username: 'bob',
      kontrolUrl: 'http://b/kite',
    });
    expect(elsewhere).toEqual(['http://a/kite']);
  });

  it('CommandSettings lists every source of a setting in order of precedence', () => {
    const env = { KITE_HOME: '/nowhere', KITE_KEY: 'x', KITE_KEY_FILE: '/f.key' };
    expect(
      settingsOf({ 'key-file': '/k' }, env)
        .resolveAll(kiteKey)
        .map(({ value }) => value),
    ).toEqual([{ type: 'file', file: '/k' }, { type: 'variable' }, { type: 'file', file: '/f.key' }]);
  });

  it('CommandSettings keeps spaces in a secret', () => {
    const settings = CommandSettings.withoutFlags({ KONTROL_SECRET: ' hunter2 ' });
    expect(settings.value(storageSecrets.secret)).toBe(' hunter2 ');
  });
});
