import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { writeContexts } from '../../../../src/lib/cli/target/contexts.js';
import { placeOfKey } from '../../../../src/lib/cli/target/find-key.js';
import { personWithKey } from '../../../helpers/cli/fake-keytar.js';

describe('placeOfKey', () => {
  it('takes --key-file, KITE_KEY, KITE_KEY_FILE, the context and the kite home, in this order', async () => {
    const { env, home } = await personWithKey();
    const home0 = { type: 'file', file: join(home, 'kite.key') };
    const choice = { keyFile: undefined };
    expect(placeOfKey(choice, env)).toEqual({ place: home0, reason: 'default' });
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
    const at = (context: string) => placeOfKey({ keyFile: undefined, context }, env);
    expect(placeOfKey(choice, env)).toEqual({ place: { type: 'file', file: '/a.key' }, reason: 'context' });
    expect(at('b').place).toEqual({ type: 'keychain', account: 'bob@http://h/kite' });
    expect(() => at('c')).toThrow('does not say whose');
    expect(at('d')).toEqual({ place: home0, reason: 'default' });
    const file = { ...env, KITE_KEY_FILE: '/f.key' };
    expect(placeOfKey(choice, file)).toEqual({
      place: { type: 'file', file: '/f.key' },
      reason: 'KITE_KEY_FILE',
    });
    expect(placeOfKey(choice, { ...file, KITE_KEY: 'x' }).reason).toBe('KITE_KEY');
    expect(placeOfKey({ keyFile: '/k' }, { ...file, KITE_KEY: 'x' }).reason).toBe('flag');
  });
});
