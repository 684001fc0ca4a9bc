import { describe, expect, it } from 'vitest';
import { defaultLimits } from '../../../src/lib/kite/limits/kite-limits.js';
import { roundedJson } from '../../../src/lib/dnode/message-json.js';

describe('roundedJson', () => {
  it('roundedJson converts numbers like JSON.parse and JSON.stringify', () => {
    const { args } = roundedJson.parse('{"method":0,"arguments":[9007199254740993]}', defaultLimits);
    expect(args).toEqual([9_007_199_254_740_992]);
    expect(roundedJson.scrub([9_007_199_254_740_992, 1e21], 10).json).toBe('[9007199254740992,1e+21]');
  });
});
