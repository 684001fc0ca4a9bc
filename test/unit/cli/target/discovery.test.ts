import { describe, expect, it } from 'vitest';
import { CliError } from '../../../../src/lib/cli/runtime/cli-error.js';
import { dialFirst, type Offer } from '../../../../src/lib/cli/target/dial-first.js';
import { findKites, theOneMeant } from '../../../../src/lib/cli/target/discovery.js';
import { type AtKontrol, type Found } from '../../../../src/lib/cli/target/with-kontrol.js';
import { formatList as formatRows } from '../../../../src/lib/cli/terminal/listing.js';
import { kites } from '../../../../src/lib/cli/query/query.js';
import { Spinner } from '../../../../src/lib/cli/terminal/spinner.js';
import type { Surroundings } from '../../../../src/lib/cli/runtime/command-runtime.js';
import type { Client } from '../../../../src/lib/index.js';
import { KiteError } from '../../../../src/lib/protocol/errors.js';
import { Sink, surroundingsOf } from '../../../helpers/cli/test-runtime.js';

function found(name: string): Found {
  const kite = {
    username: 'bob',
    environment: 'prod',
    name,
    version: '1.0.0',
    region: 'eu',
    hostname: 'vm',
    id: `id-${name}`,
  };
  return { kite, url: `http://${name}/kite`, token: `token-${name}` };
}

function kontrolWith(answer: () => Promise<unknown>): Pick<AtKontrol, 'client' | 'url' | 'spinner'> {
  return {
    spinner: new Spinner(surroundingsOf()),
    client: { call: answer } as unknown as AtKontrol['client'],
    url: 'http://kontrol/kite',
  };
}

async function failureOf(promise: Promise<unknown>): Promise<CliError> {
  const error: unknown = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof CliError) return error;
  throw new Error(`no CliError: ${String(error)}`);
}

describe('findKites', () => {
  it('fails with exit code 5 where nothing is found, however Kontrol says that', async () => {
    const refuse = () => Promise.reject(new KiteError('genericError', 'no kites found', { id: 'x' }));
    for (const kontrol of [kontrolWith(() => Promise.resolve({ kites: [] })), kontrolWith(refuse)]) {
      const failure = await failureOf(findKites(kontrol, { username: 'bob', environment: 'prod' }));
      expect(failure).toMatchObject({ exitCode: 5, message: expect.stringContaining('/bob/prod') as string });
    }
  });

  it('reads what Kontrol sends, whatever it is', async () => {
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
    ).rejects.toThrow('with kites');
  });

  it('passes other failures on', async () => {
    const error = new KiteError('authenticationError', 'no');
    await expect(
      findKites(
        kontrolWith(() => Promise.reject(error)),
        { username: 'bob' },
      ),
    ).rejects.toBe(error);
  });
});

describe('theOneMeant', () => {
  const all = [found('b'), found('a'), found('c')];
  const answering =
    (...names: string[]) =>
    ({ kite }: Found): Promise<boolean> =>
      Promise.resolve(names.includes(kite.name));

  it('is the only one, without asking it', async () => {
    const probe = () => Promise.reject(new Error('asked'));
    expect(await theOneMeant([found('a')], surroundingsOf(), probe)).toEqual(found('a'));
  });

  it('is the only one that answers', async () => {
    expect(await theOneMeant(all, surroundingsOf(), answering('c'))).toEqual(found('c'));
  });

  it('is nobody, with exit code 5, where there is none or none answers', async () => {
    expect(await failureOf(theOneMeant([], surroundingsOf(), answering()))).toMatchObject({
      exitCode: 5,
      message: expect.stringContaining('You have no kite') as string,
    });
    expect(await failureOf(theOneMeant(all, surroundingsOf(), answering()))).toMatchObject({
      exitCode: 5,
      message: expect.stringContaining('None of your 3 kites answers') as string,
    });
  });

  it('in a pipe is a list of those that answer, with exit code 5', async () => {
    const failure = await failureOf(theOneMeant(all, surroundingsOf(), answering('b', 'a')));
    expect(failure.exitCode).toBe(5);
    expect(failure.message.split('\n')).toEqual([
      '2 of your kites answer:',
      '/bob/prod/a/1.0.0/eu/vm/id-a\thttp://a/kite',
      '/bob/prod/b/1.0.0/eu/vm/id-b\thttp://b/kite',
    ]);
  });
});

describe('dialFirst', () => {
  const offers: Offer[] = ['a', 'b', 'c'].map((name) => ({ url: `http://${name}/kite`, auth: null }));

  function clients(reachable: string[]) {
    const dialled: string[] = [];
    const closed: string[] = [];
    const connect = ({ url }: Offer): Client =>
      ({
        dial: () => {
          dialled.push(url);
          return reachable.includes(url)
            ? Promise.resolve()
            : Promise.reject(new KiteError('disconnect', `${url} is gone`));
        },
        close: () => closed.push(url),
      }) as unknown as Client;
    return { dialled, closed, connect };
  }

  it('takes the next kite where one is gone, and no more than it needs', async () => {
    const { dialled, closed, connect } = clients(['http://b/kite', 'http://c/kite']);
    const { url } = await dialFirst(offers, new Spinner(surroundingsOf()), connect);
    expect(url).toBe('http://b/kite');
    expect(dialled).toEqual(['http://a/kite', 'http://b/kite']);
    expect(closed).toEqual(['http://a/kite']);
  });

  it('fails with exit code 6 where all are gone', async () => {
    const { dialled, connect } = clients([]);
    expect(await failureOf(dialFirst(offers, new Spinner(surroundingsOf()), connect))).toMatchObject({
      exitCode: 6,
    });
    expect(dialled).toHaveLength(3);
  });
});

describe('the list of kites', () => {
  const formatList = (found: readonly Found[], world: Surroundings) =>
    formatRows(found, kites, undefined, world);

  it('in a pipe has a line of three fields for each', async () => {
    expect(await formatList([found('a'), found('b')], surroundingsOf())).toBe(
      '1\t/bob/prod/a/1.0.0/eu/vm/id-a\thttp://a/kite\n2\t/bob/prod/b/1.0.0/eu/vm/id-b\thttp://b/kite\n',
    );
  });

  it('cannot be given other lines by what a kite calls itself', async () => {
    const { kite, url } = found('a');
    const text = await formatList(
      [{ kite: { ...kite, hostname: 'x\n2\t/bob' }, url, token: '' }],
      surroundingsOf(),
    );
    expect(text.match(/\n/g)).toHaveLength(1);
    expect(text.match(/\t/g)).toHaveLength(2);
  });

  it('on a terminal is a table that is no wider than it', async () => {
    const stdout = new Sink({ isTTY: true, columns: 72 });
    const text = await formatList([found('math')], surroundingsOf({ stdout, color: 'never' }));
    const lines = text.trimEnd().split('\n');
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(72);
    expect(text).toContain('math');
    expect(text).not.toContain('token');
  });
});
