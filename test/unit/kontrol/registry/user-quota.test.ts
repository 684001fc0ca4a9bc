import { expect, it } from 'vitest';
import { defaultKontrolLimits } from '../../../../src/lib/kontrol/limits/kontrol-limits.js';
import { UserQuota } from '../../../../src/lib/kontrol/registry/user-quota.js';

it('a quota counts for each user, and its error names the user, the limit and what to do', () => {
  const quota = new UserQuota({
    limits: { ...defaultKontrolLimits, watchersPerUser: 2 },
    name: 'watchersPerUser',
    what: 'watches',
    advice: 'cancel one with cancelWatcher',
  });
  quota.take('bob');
  quota.take('bob');
  quota.take('alice');
  expect(() => quota.take('bob')).toThrow(
    'The user bob has 2 watches, and Kontrol allows 2 (limits.watchersPerUser): cancel one with cancelWatcher, or ask',
  );
  expect(() => quota.take('alice', 1)).toThrow('The user alice has 2 watches');
  quota.release('bob');
  quota.take('bob');
});
