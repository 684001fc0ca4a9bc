import { describe, expect, it } from 'vitest';
import { parseToken } from '../../src/lib/keys/index.js';
import type { FoundKite } from '../../src/lib/kontrol/queries.js';
import { connect, startKontrol } from '../helpers/kontrol.js';

interface Kites {
  readonly kites: FoundKite[];
  readonly watcherID?: string;
}

const URL_OF_MATH = 'http://127.0.0.1:3636/kite';

describe('a kite that registers over its connection', () => {
  it('is found with its URL and a token for its name, and asked for its heartbeat', async () => {
    const { kontrol } = await startKontrol();
    const math = await connect(kontrol, 'bob');
    expect(await math.tell('register', { url: URL_OF_MATH })).toEqual({
      url: URL_OF_MATH,
      heartbeatInterval: 0,
    });
    expect(await math.heartbeat).toMatchObject({ seconds: 10 });
    const query = { username: 'bob', environment: 'prod', name: 'math' };
    const { kites } = await math.tell<Kites>('getKites', { query });
    expect(kites).toMatchObject([{ kite: math.kite.identity, url: URL_OF_MATH }]);
    expect(parseToken(kites[0]?.token ?? '')).toMatchObject({
      issuer: 'kontrol',
      username: 'bob',
      audience: '/bob/prod/math',
    });
  });
});
