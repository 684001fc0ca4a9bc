import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { CompletionCache } from '../../../../src/lib/cli/completion/completion-cache.js';
import { ManualClock } from '../../../helpers/process/manual-clock.js';
import { temporaryFolder } from '../../../helpers/process/temporary-folder.js';

describe('CompletionCache', () => {
  const cacheIn = (folder: string, clock: ManualClock) =>
    new CompletionCache({ XDG_CACHE_HOME: folder }, () => clock.now());
  const fails = () => Promise.reject(new Error('no'));

  it('CompletionCache refreshes after half a minute, and returns a stale answer if that fails', async () => {
    const clock = new ManualClock();
    const folder = temporaryFolder();
    let queries = 0;
    const ask = async () => [`answer ${++queries}`];
    const get = (answer: () => Promise<string[]>) => cacheIn(folder, clock).get(['q'], answer);
    expect(await get(ask)).toEqual(['answer 1']);
    clock.advance(29_000);
    expect(await get(ask)).toEqual(['answer 1']);
    clock.advance(1000);
    expect(await get(fails)).toEqual(['answer 1']);
    expect(await get(ask)).toEqual(['answer 2']);
    clock.advance(25 * 3_600_000);
    expect(await get(fails)).toEqual([]);
    expect(await cacheIn(folder, clock).get(['other'], fails)).toEqual([]);
  });

  it('CompletionCache ignores a file that is broken or not writable', async () => {
    const clock = new ManualClock();
    const folder = temporaryFolder();
    const ask = async () => ['a'];
    await cacheIn(folder, clock).get(['q'], ask);
    for (const text of ['{', 'null', '{"x":4}']) {
      writeFileSync(join(folder, 'kitectl', 'completion.json'), text);
      expect(await cacheIn(folder, clock).get(['q'], ask)).toEqual(['a']);
    }
    expect(await cacheIn('/proc/nowhere', clock).get(['q'], ask)).toEqual(['a']);
  });
});
