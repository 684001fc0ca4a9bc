import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { writeContexts } from '../../../../src/lib/cli/settings/contexts.js';
import { resolveKeyLocation } from '../../../../src/lib/cli/target/find-key.js';
import { settingsOf } from '../../../helpers/cli/command-settings.js';
import { userWithKey } from '../../../helpers/cli/fake-keytar.js';

describe('resolveKeyLocation', () => {
  it('the kite key is read from --key-file, KITE_KEY, KITE_KEY_FILE, the context and the kite home, in this order', async () => {
    const { env, home } = await userWithKey();
    const home0 = { type: 'file', file: join(home, 'kite.key') };
    const placeOf = (flags: Record<string, string>, variables: Record<string, string> = env) =>
      resolveKeyLocation(settingsOf(flags, variables));
    expect(placeOf({})).toEqual({ location: home0, chosenBy: { type: 'default' } });
    await writeContexts(
      {
        current: 'a',
        contexts: new Map([
          ['a', { keyFile: '/a.key' }],
          ['b', { username: 'bob', kontrol: 'http://h/kite,http://i/kite', keyStore: 'keychain' }],
          ['c', { keyStore: 'keychain' }],
          ['d', {}],
        ]),
      },
      env,
    );
    const at = (context: string) => placeOf({ context });
    expect(placeOf({})).toEqual({
      location: { type: 'file', file: '/a.key' },
      chosenBy: { type: 'context', name: 'a', field: 'keyFile' },
    });
    expect(at('b').location).toEqual({ type: 'keychain', account: 'bob@http://h/kite' });
    expect(() => at('c')).toThrow('has no user or no Kontrol');
    expect(at('d')).toEqual({ location: home0, chosenBy: { type: 'default' } });
    const file = { ...env, KITE_KEY_FILE: '/f.key' };
    expect(placeOf({}, file)).toEqual({
      location: { type: 'file', file: '/f.key' },
      chosenBy: { type: 'variable', name: 'KITE_KEY_FILE' },
    });
    const both = { ...file, KITE_KEY: 'x' };
    expect(placeOf({}, both)).toEqual({
      location: { type: 'variable' },
      chosenBy: { type: 'variable', name: 'KITE_KEY' },
    });
    expect(placeOf({ 'key-file': '/k' }, both).chosenBy).toEqual({ type: 'flag', name: '--key-file' });
  });
});
