import { describe, expect, it } from 'vitest';
import { registerTarget } from '../../../../src/lib/cli/register/register-target.js';
import { CommandSettings } from '../../../../src/lib/cli/settings/command-settings.js';
import { registerSettings } from '../../../../src/lib/cli/settings/register-settings.js';
import { testRuntime } from '../../../helpers/cli/test-runtime.js';
import { temporaryFolder } from '../../../helpers/process/temporary-folder.js';

describe('registerTarget', () => {
  const target = (flags: Readonly<Record<string, string>>, env: Readonly<Record<string, string>>) =>
    registerTarget(CommandSettings.fromFlags(registerSettings, flags, env), testRuntime({ env }));

  it('registerTarget prefers flags to the environment', async () => {
    const env = {
      KITE_HOME: temporaryFolder(),
      KITE_KONTROL_URL: 'http://a/kite,http://b/kite',
      KITE_USERNAME: 'eve',
    };
    expect(await target({ to: 'http://c/kite', username: 'bob' }, env)).toEqual({
      to: 'http://c/kite',
      username: 'bob',
    });
    expect(await target({}, env)).toEqual({
      to: 'http://a/kite',
      username: 'eve',
    });
  });

  it.each([
    [{}, 'No Kontrol to ask'],
    [{ to: 'http://c/kite' }, 'No username'],
    [{ to: 'http://c/kite', username: 'a/b' }, '--username is "a/b"; it must be a name without "/"'],
    [{ to: 'kontrol', username: 'bob' }, '--to is "kontrol"; it must be one or more URLs'],
  ])('registerTarget rejects %o without a terminal', async (flags, message) => {
    const refused = async () => target(flags, { KITE_HOME: temporaryFolder() });
    await expect(refused).rejects.toThrow(message);
  });
});
