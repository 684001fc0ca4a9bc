import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { writeContexts } from '../../../../src/lib/cli/settings/contexts.js';
import { placeOfKey } from '../../../../src/lib/cli/target/find-key.js';
import { settingsOf } from '../../../helpers/cli/command-settings.js';
import { personWithKey } from '../../../helpers/cli/fake-keytar.js';

describe('placeOfKey', () => {
  it('takes --key-file, KITE_KEY, KITE_KEY_FILE, the context and the kite home, in this order', async () => {
    const { env, home } = await personWithKey();
    const home0 = { type: 'file', file: join(home, 'kite.key') };
    const placeOf = (flags: Record<string, string>, variables: Record<string, string> = env) =>
      placeOfKey(settingsOf(flags, variables));
    expect(placeOf({})).toEqual({ place: home0, chosenBy: { type: 'default' } });
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
      place: { type: 'file', file: '/a.key' },
      chosenBy: { type: 'context', name: 'a', field: 'keyFile' },
    });
    expect(at('b').place).toEqual({ type: 'keychain', account: 'bob@http://h/kite' });
    expect(() => at('c')).toThrow('does not say whose');
    expect(at('d')).toEqual({ place: home0, chosenBy: { type: 'default' } });
    const file = { ...env, KITE_KEY_FILE: '/f.key' };
    expect(placeOf({}, file)).toEqual({
      place: { type: 'file', file: '/f.key' },
      chosenBy: { type: 'variable', name: 'KITE_KEY_FILE' },
    });
    const both = { ...file, KITE_KEY: 'x' };
    expect(placeOf({}, both)).toEqual({
      place: { type: 'variable' },
      chosenBy: { type: 'variable', name: 'KITE_KEY' },
    });
    expect(placeOf({ 'key-file': '/k' }, both).chosenBy).toEqual({ type: 'flag', name: '--key-file' });
  });
});
