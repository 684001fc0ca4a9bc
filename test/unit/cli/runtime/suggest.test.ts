import { describe, expect, it } from 'vitest';
import { suggest } from '../../../../src/lib/cli/runtime/suggest.js';

const commands = ['call', 'keygen', 'ping', 'showkey', 'start', 'status', 'tell', 'uninstall'];

describe('suggest', () => {
  it.each([
    ['cal', 'call'],
    ['clal', 'call'],
    ['showkeys', 'showkey'],
    ['kegen', 'keygen'],
    ['pong', 'ping'],
    ['stat', 'status'],
    ['un', 'uninstall'],
  ])('suggest for %s returns %s', (typed, expected) => {
    expect(suggest(typed, commands)).toBe(expected);
  });

  it.each(['', 'x', 'register', 'aaaaaaaaaaaa'])('suggest returns nothing for "%s"', (typed) => {
    expect(suggest(typed, commands)).toBeUndefined();
  });
});
