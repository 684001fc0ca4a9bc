import { describe, expect, it } from 'vitest';
import { kiteHome } from '../../../../src/lib/kite/config/kite-home.js';

describe('kiteHome', () => {
  it('kiteHome returns KITE_HOME, else .kite in the home folder', () => {
    expect(kiteHome({ KITE_HOME: '/keys', HOME: '/home/alice' })).toBe('/keys');
    expect(kiteHome({ KITE_HOME: '', HOME: '/home/alice' })).toBe('/home/alice/.kite');
    expect(kiteHome({})).toMatch(/[/\\]\.kite$/);
  });
});
