import { describe, expect, it } from 'vitest';
import { findKites, type FoundKite, selectKite } from '../../../../src/lib/cli/target/discovery.js';
import type { KontrolSession } from '../../../../src/lib/cli/target/with-kontrol.js';
import { Spinner } from '../../../../src/lib/cli/terminal/spinner.js';
import type { Client } from '../../../../src/lib/index.js';
import { LinkedKontrolClient } from '../../../../src/lib/kite/kontrol/linked-kontrol-client.js';
import { KiteError } from '../../../../src/lib/protocol/errors.js';
import { silentLogger } from '../../../../src/lib/util/logger.js';
import { failureOf, found } from '../../../helpers/cli/found-kites.js';
import { testRuntime } from '../../../helpers/cli/test-runtime.js';
import { ManualClock } from '../../../helpers/process/manual-clock.js';

function kontrolWith(answer: () => Promise<unknown>): Pick<KontrolSession, 'kontrol' | 'url' | 'spinner'> {
  const client = { dial: async () => {}, on: () => {}, call: answer } as unknown as Client;
  const kontrol = new LinkedKontrolClient({
    urls: ['http://kontrol/kite'],
    auth: () => null,
    newClient: () => client,
    clock: new ManualClock(),
    logger: silentLogger,
  });
  return { spinner: new Spinner(testRuntime()), kontrol, url: 'http://kontrol/kite' };
}

describe('findKites', () => {
  it('findKites fails with exit code 5 if no kite is found, however Kontrol reports it', async () => {
    const refuse = () => Promise.reject(new KiteError('genericError', 'no kites found', { id: 'x' }));
    for (const kontrol of [kontrolWith(() => Promise.resolve({ kites: [] })), kontrolWith(refuse)]) {
      const failure = await failureOf(findKites(kontrol, { username: 'bob', environment: 'prod' }));
      expect(failure).toMatchObject({ exitCode: 5, message: expect.stringContaining('/bob/prod') as string });
    }
  });

  it('findKites rejects malformed answers of Kontrol', async () => {
    const kites = [found('a'), { url: 4 }, null];
    expect(
      await findKites(
        kontrolWith(() => Promise.resolve({ kites })),
        { username: 'bob' },
      ),
    ).toMatchObject([found('a'), { url: '', token: '' }, { url: '', token: '' }]);
    await expect(
      findKites(
        kontrolWith(() => Promise.resolve(null)),
        {},
      ),
    ).rejects.toThrow('"getKites"');
  });

  it('findKites passes on other errors', async () => {
    const error = new KiteError('authenticationError', 'no');
    await expect(
      findKites(
        kontrolWith(() => Promise.reject(error)),
        { username: 'bob' },
      ),
    ).rejects.toBe(error);
  });
});

describe('selectKite', () => {
  const all = [found('b'), found('a'), found('c')];
  const answering =
    (...names: string[]) =>
    ({ kite }: FoundKite): Promise<boolean> =>
      Promise.resolve(names.includes(kite.name));

  it('a query that matches one kite selects it without a ping', async () => {
    const probe = () => Promise.reject(new Error('asked'));
    expect(await selectKite([found('a')], testRuntime(), probe)).toEqual(found('a'));
  });

  it('a query selects the only kite that answers', async () => {
    expect(await selectKite(all, testRuntime(), answering('c'))).toEqual(found('c'));
  });

  it('a query selects no kite, with exit code 5, if none matches or none answers', async () => {
    expect(await failureOf(selectKite([], testRuntime(), answering()))).toMatchObject({
      exitCode: 5,
      message: expect.stringContaining('you have no kites') as string,
    });
    expect(await failureOf(selectKite(all, testRuntime(), answering()))).toMatchObject({
      exitCode: 5,
      message: expect.stringContaining('none of your 3 kites responds') as string,
    });
  });

  it('a query in a pipe lists the kites that answer, with exit code 5', async () => {
    const failure = await failureOf(selectKite(all, testRuntime(), answering('b', 'a')));
    expect(failure.exitCode).toBe(5);
    expect(failure.message.split('\n')).toEqual([
      '2 of your kites respond:',
      '/bob/prod/a/1.0.0/eu/vm/id-a  http://a/kite',
      '/bob/prod/b/1.0.0/eu/vm/id-b  http://b/kite',
    ]);
  });
});
