import { describe, expect, it } from 'vitest';
import { resolveTarget as resolve } from '../../../../src/lib/cli/target/target.js';
import { settingsOf } from '../../../helpers/cli/command-settings.js';

const resolveTarget = (to: string | undefined, env: Readonly<Record<string, string>>) =>
  resolve(settingsOf({ to }, { KITE_HOME: '/nowhere', ...env }));

describe('resolveTarget', () => {
  it('resolveTarget prefers --to to KITE_TO', () => {
    expect(resolveTarget('http://a/kite', { KITE_TO: 'http://b/kite' })).toEqual({
      type: 'url',
      url: 'http://a/kite',
    });
    expect(resolveTarget(undefined, { KITE_TO: 'wss://b/kite?x=1' })).toEqual({
      type: 'url',
      url: 'wss://b/kite?x=1',
    });
  });

  it('resolveTarget treats a target that begins with a slash as a query', () => {
    expect(resolveTarget('/bob/prod/math', {})).toEqual({
      type: 'query',
      path: '/bob/prod/math',
      source: '--to',
    });
    expect(resolveTarget(undefined, { KITE_TO: '/bob' })).toMatchObject({
      path: '/bob',
      source: 'The environment variable KITE_TO',
    });
  });

  it('resolveTarget selects the only running kite of the user by default', () => {
    expect(resolveTarget(undefined, {})).toEqual({ type: 'own' });
    expect(resolveTarget(undefined, { KITE_TO: '' })).toEqual({ type: 'own' });
  });

  it.each([
    ['math', {}, '--to is "math"; it must be a URL'],
    [undefined, { KITE_TO: 'math' }, 'KITE_TO is "math"; it must be a URL'],
    ['localhost:3636', {}, 'it must be a URL that begins with http'],
    ['ftp://h/kite', {}, 'it must be a URL that begins with http'],
  ])('resolveTarget rejects %s and %o', (to, env, message) => {
    expect(() => resolveTarget(to, env)).toThrow(message);
  });

  it('resolveTarget rejects a password without repeating it', () => {
    expect(() => resolveTarget('http://me:secret@h/kite', {})).toThrow(
      /^(?!.*secret).*user name or password/,
    );
  });
});
