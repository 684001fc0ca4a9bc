import { describe, expect, it } from 'vitest';
import { AwaitedKites } from '../../../../src/lib/cli/query/awaited-kites.js';
import type { WaitCondition } from '../../../../src/lib/cli/query/wait-condition.js';
import { GONE_KITES } from '../../../../src/lib/cli/runtime/command-limits.js';
import type { Kite, RemoteKite } from '../../../../src/lib/index.js';
import { testIdentity } from '../../../helpers/kite/keys.js';
import { ManualClock } from '../../../helpers/process/manual-clock.js';

const unused = {} as Pick<Kite, 'newClient'>;

function awaited(condition: WaitCondition): AwaitedKites {
  return new AwaitedKites({ condition, kite: unused, clock: new ManualClock(), changed: () => {} });
}

function found(id: string, silentSince?: number): RemoteKite {
  return { kite: testIdentity({ id }), url: `http://${id}/kite`, silentSince } as RemoteKite;
}

const one = found('4e1243bd-22c6-4e3f-9e3a-000000000001');
const other = found('4e1243bd-22c6-4e3f-9e3a-000000000002');

describe('AwaitedKites', () => {
  it('AwaitedKites waits until enough kites are registered', () => {
    const kites = awaited({ state: 'registered', count: 2 });
    kites.list([one]);
    expect([kites.isMet, kites.summary]).toEqual([false, '1 registered']);
    kites.change({ action: 'REGISTER', kite: other });
    expect([kites.isMet, kites.summary]).toEqual([true, '2 registered']);
  });

  it('AwaitedKites does not count a kite whose connection to Kontrol has dropped', () => {
    const kites = awaited({ state: 'registered', count: 1 });
    kites.list([found(one.kite.id, 1)]);
    expect([kites.isMet, kites.summary]).toEqual([false, '1 registered (1 silent)']);
    kites.change({ action: 'REGISTER', kite: one });
    expect(kites.isMet).toBe(true);
    kites.change({ action: 'SILENT', kite: found(one.kite.id, 2) });
    expect(kites.isMet).toBe(false);
  });

  it('AwaitedKites waits until all kites are gone, also those that are silent or register later', () => {
    const kites = awaited({ state: 'gone', count: 1 });
    expect(kites.isMet).toBe(false);
    kites.list([one]);
    kites.change({ action: 'SILENT', kite: found(one.kite.id, 1) });
    kites.change({ action: 'REGISTER', kite: other });
    kites.change({ action: 'DEREGISTER', kite: one });
    expect([kites.isMet, kites.problems]).toEqual([false, [`${other.url} is registered`]]);
    kites.change({ action: 'DEREGISTER', kite: other });
    expect([kites.isMet, kites.found.map(({ url }) => url)]).toEqual([true, [one.url, other.url]]);
  });

  it('AwaitedKites remembers a limited number of kites that have gone', () => {
    const kites = awaited({ state: 'gone', count: 1 });
    kites.list([one]);
    for (let n = 0; n <= GONE_KITES; n++) kites.change({ action: 'DEREGISTER', kite: found(`id${n}`) });
    kites.change({ action: 'DEREGISTER', kite: one });
    expect(kites.isMet).toBe(true);
    expect(kites.found).toHaveLength(GONE_KITES);
    expect(kites.found.at(-1)).toMatchObject({ url: one.url });
  });

  it('AwaitedKites lists no more than five problems', () => {
    const kites = awaited({ state: 'gone', count: 1 });
    kites.list(Array.from({ length: 7 }, (_, n) => found(`4e1243bd-22c6-4e3f-9e3a-00000000000${n}`)));
    expect(kites.problems).toHaveLength(6);
    expect(kites.problems.at(-1)).toBe('and 2 more');
  });
});
