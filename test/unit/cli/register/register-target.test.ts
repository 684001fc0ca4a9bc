import { describe, expect, it } from 'vitest';
import { registerTarget } from '../../../../src/lib/cli/register/register-target.js';
import { surroundingsOf } from '../../../helpers/cli/test-runtime.js';
import { temporaryFolder } from '../../../helpers/process/temporary-folder.js';

describe('registerTarget', () => {
  it('takes flags before the environment', async () => {
    const env = {
      KITE_HOME: temporaryFolder(),
      KITE_KONTROL_URL: 'http://a/kite,http://b/kite',
      KITE_USERNAME: 'eve',
    };
    expect(await registerTarget({ to: 'http://c/kite', username: 'bob' }, surroundingsOf({ env }))).toEqual({
      to: 'http://c/kite',
      username: 'bob',
    });
    expect(await registerTarget({}, surroundingsOf({ env }))).toEqual({
      to: 'http://a/kite',
      username: 'eve',
    });
  });

  it.each([
    [{}, 'No Kontrol to ask'],
    [{ to: 'http://c/kite' }, 'Nobody to register'],
    [{ to: 'http://c/kite', username: 'a/b' }, 'contains no "/"'],
    [{ to: 'kontrol', username: 'bob' }, '--to is not a URL'],
  ])('refuses %o where nobody can be asked', async (flags, message) => {
    const world = surroundingsOf({ env: { KITE_HOME: temporaryFolder() } });
    await expect(registerTarget(flags, world)).rejects.toThrow(message);
  });
});
