import { describe, expect, it } from 'vitest';
import { dialFirst, type DialCandidate } from '../../../../src/lib/cli/target/dial-first.js';
import { Spinner } from '../../../../src/lib/cli/terminal/spinner.js';
import type { Client } from '../../../../src/lib/index.js';
import { KiteError } from '../../../../src/lib/protocol/errors.js';
import { failureOf } from '../../../helpers/cli/found-kites.js';
import { testRuntime } from '../../../helpers/cli/test-runtime.js';

describe('dialFirst', () => {
  const offers: DialCandidate[] = ['a', 'b', 'c'].map((name) => ({ url: `http://${name}/kite`, auth: null }));

  const runtime = testRuntime();
  const world = { spinner: new Spinner(runtime), runtime };

  function clients(reachable: string[]) {
    const dialed: string[] = [];
    const closed: string[] = [];
    const connect = ({ url }: DialCandidate): Client =>
      ({
        dial: () => {
          dialed.push(url);
          return reachable.includes(url)
            ? Promise.resolve()
            : Promise.reject(new KiteError('disconnect', `${url} is gone`));
        },
        close: () => closed.push(url),
      }) as unknown as Client;
    return { dialed, closed, connect };
  }

  it('dialFirst dials the next kite if one is unreachable, and no more than needed', async () => {
    const { dialed, closed, connect } = clients(['http://b/kite', 'http://c/kite']);
    const { url } = await dialFirst(offers, world, connect);
    expect(url).toBe('http://b/kite');
    expect(dialed).toEqual(['http://a/kite', 'http://b/kite']);
    expect(closed).toEqual(['http://a/kite']);
  });

  it('dialFirst fails with exit code 6 if every kite is unreachable', async () => {
    const { dialed, connect } = clients([]);
    expect(await failureOf(dialFirst(offers, world, connect))).toMatchObject({
      exitCode: 6,
      message: expect.stringMatching(
        /^None of 3 kites could be called: http:\/\/a\/kite: .*; http:\/\/b\/kite: .*; http:\/\/c\/kite: /,
      ) as string,
    });
    expect(dialed).toHaveLength(3);
  });
});
