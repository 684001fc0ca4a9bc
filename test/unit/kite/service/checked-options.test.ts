import { describe, expect, it } from 'vitest';
import { checkedTarget, requireServiceOptions } from '../../../../src/lib/kite/service/checked-options.js';
import { isConfigurationError } from '../../../../src/lib/protocol/errors.js';
import { isQueryError } from '../../../../src/lib/protocol/query.js';

function problemOf(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    if (isConfigurationError(error) || isQueryError(error)) return error.message;
    throw error;
  }
  return 'none';
}

describe('the target of a service', () => {
  it('a path is a query with the version as a constraint, and a URL or a list of URLs is one', () => {
    const query = { username: 'bob', environment: 'prod', name: 'math', version: '>= 1.2' };
    expect(checkedTarget('/bob/prod/math/>= 1.2')).toEqual({ type: 'query', query });
    expect(checkedTarget(query)).toEqual({ type: 'query', query });
    const [one, two] = ['http://localhost:3636/kite', 'wss://example.com/kite'] as const;
    expect(checkedTarget(one)).toEqual({ type: 'urls', urls: [one] });
    expect(checkedTarget([one, two, one])).toEqual({ type: 'urls', urls: [one, two] });
  });

  it('a target that cannot be served is rejected with the reason', () => {
    const targets = ['', 'math', 'ftp://localhost/kite', [], ['/bob/prod/math'], '/bob//math', {}, null, [7]];
    const problems = targets.map((target) => problemOf(() => checkedTarget(target as never)));
    console.log(`${problems.length} targets`);
    expect(problems).not.toContain('none');
    expect(problems[1]).toBe(
      'Cannot create a service: "math" is neither a URL such as http://localhost:3636/kite nor a query such as /bob/prod/math',
    );
  });
});

describe('the options of a service', () => {
  it('an option that is invalid is rejected by its name', () => {
    const options = [
      ['idempotent', 'square'],
      ['idempotent', [7]],
      ['balance', 'random'],
      ['connections', 0],
      ['connections', 1.5],
      ['wait', -1],
      ['wait', Number.NaN],
      ['region', 7],
    ] as const;
    for (const [name, value] of options)
      expect(problemOf(() => requireServiceOptions({ [name]: value }))).toContain(`the option ${name} is`);
    expect(problemOf(() => requireServiceOptions({ idempotent: true, wait: 0, region: '' }))).toBe('none');
  });
});
