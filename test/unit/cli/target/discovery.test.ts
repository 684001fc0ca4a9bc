import { describe, expect, it } from 'vitest';
import type { CliError } from '../../../../src/lib/cli/runtime/cli-error.js';
import { findKites, type FoundKite, selectKite } from '../../../../src/lib/cli/target/discovery.js';
import type { KontrolSession } from '../../../../src/lib/cli/target/with-kontrol.js';
import { Spinner } from '../../../../src/lib/cli/terminal/spinner.js';
import type { Client } from '../../../../src/lib/index.js';
import { LinkedKontrolClient } from '../../../../src/lib/kite/kontrol/linked-kontrol-client.js';
import { KiteError } from '../../../../src/lib/protocol/errors.js';
import { silentLogger } from '../../../../src/lib/util/logger.js';
import { failureOf, found } from '../../../helpers/cli/found-kites.js';
import { Sink, testRuntime } from '../../../helpers/cli/test-runtime.js';
import { ManualClock } from '../../../helpers/process/manual-clock.js';

function kontrolWith(answer: () => Promise<unknown>): Pick<KontrolSession, 'kontrol' | 'url' | 'spinner'> {
  const client: unknown = { dial: async () => {}, on: () => {}, call: answer };
  const kontrol = new LinkedKontrolClient({
    urls: ['http://kontrol/kite'],
    auth: () => null,
    newClient: <Remote>() => client as Client<Remote>,
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
    expect(await selectKite([found('a')], testRuntime(), probe, 0)).toEqual(found('a'));
  });

  it('a query selects the only kite that answers', async () => {
    expect(await selectKite(all, testRuntime(), answering('c'), 0)).toEqual(found('c'));
  });

  it('a query selects no kite, with exit code 5, if none matches or none answers', async () => {
    expect(await failureOf(selectKite([], testRuntime(), answering(), 0))).toMatchObject({
      exitCode: 5,
      message: expect.stringContaining('you have no kites') as string,
    });
    expect(await failureOf(selectKite(all, testRuntime(), answering(), 0))).toMatchObject({
      exitCode: 5,
      message: expect.stringContaining('none of your 3 kites responds') as string,
    });
  });

  it('a query in a pipe lists the kites that answer, with exit code 5', async () => {
    const failure = await failureOf(selectKite(all, testRuntime(), answering('b', 'a'), 0));
    expect(failure.exitCode).toBe(5);
    expect(failure.message.split('\n')).toEqual([
      '2 of your kites respond:',
      '/bob/prod/a/1.0.0/eu/vm/id-a  http://a/kite',
      '/bob/prod/b/1.0.0/eu/vm/id-b  http://b/kite',
    ]);
  });

  it('all kites are asked, however many there are, until the one that answers', async () => {
    const many = Array.from({ length: 64 }, (_, n) => found(`kite-${String(n).padStart(2, '0')}`));
    expect(await selectKite(many, testRuntime(), answering('kite-50'), 0)).toEqual(many[50]);
  });

  describe('when the time ends', () => {
    const many = Array.from({ length: 120 }, (_, n) => found(`kite-${String(n).padStart(3, '0')}`));

    /** Asks for 3 s, with kites that do not answer within 2 s, except for some. */
    async function askSlowly(
      ...names: string[]
    ): Promise<{ chosen: string; failure?: CliError; warning: string }> {
      let now = 0;
      const timeouts: number[] = [];
      const stderr = new Sink();
      const chosen = selectKite(
        many,
        testRuntime({ stderr, now: () => now }),
        async ({ kite }, timeout) => {
          timeouts.push(timeout);
          const end = now + timeout;
          await Promise.resolve();
          if (names.includes(kite.name)) return true;
          now = end;
          return false;
        },
        3000,
      );
      const failure = names.length === 1 ? undefined : await failureOf(chosen);
      const name = failure ? '' : (await chosen).kite.name;
      // No answer is awaited for longer than the rest of the time.
      expect([...new Set(timeouts)]).toEqual([2000, 1000]);
      return { chosen: name, ...(failure && { failure }), warning: stderr.text };
    }

    it('a warning contains the number of kites that were not asked before the only one that answers was chosen', async () => {
      expect(await askSlowly('kite-001')).toEqual({
        chosen: 'kite-001',
        warning: 'warning: 20 of your 120 kites were not asked within 3s.\n',
      });
    });

    it('an error that no kite answers contains the number of kites that were not asked', async () => {
      const { failure } = await askSlowly();
      expect(failure?.message).toBe(
        'No target: none of the 100 kites that were asked responds; 20 of your 120 kites were not asked within 3s.',
      );
      expect(failure?.hint).toContain('--timeout');
    });

    it('a list of the kites that answer contains the number of kites that were not asked', async () => {
      const { failure } = await askSlowly('kite-000', 'kite-001');
      expect(failure?.message).toMatch(
        /^2 of your kites respond:\n[^]*\n20 of your 120 kites were not asked within 3s\.$/,
      );
    });
  });
});
