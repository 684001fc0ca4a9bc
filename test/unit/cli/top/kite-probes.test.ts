import { describe, expect, it } from 'vitest';
import { KiteProbes } from '../../../../src/lib/cli/top/kite-probes.js';
import { PROBES, TOP_CONNECTIONS } from '../../../../src/lib/cli/runtime/command-limits.js';
import type { RemoteKite } from '../../../../src/lib/kite/kontrol/remote-kite.js';
import { testIdentity } from '../../../helpers/kite/keys.js';

/** Kites that answer at once, and counts of their clients. */
class Kites {
  open = 0;
  most = 0;
  time = 0;

  remote(n: number): Pick<RemoteKite, 'kite' | 'url' | 'client'> {
    const client = (): unknown => {
      this.most = Math.max(this.most, ++this.open);
      return {
        connected: false,
        dial: () => Promise.resolve(),
        tell: () => Promise.resolve('pong'),
        close: () => void this.open--,
      };
    };
    const kite = testIdentity({ name: `kite-${n}`, id: `id-${n}` });
    return { kite, url: `http://kite-${n}/kite`, client: client as RemoteKite['client'] };
  }

  probes(count: number, stay: boolean): KiteProbes {
    const probes = new KiteProbes({ now: () => this.time++, signal: new AbortController().signal, stay });
    for (let n = 0; n < count; n++) probes.add(this.remote(n));
    return probes;
  }
}

describe('the probes of top', () => {
  it('the probes of top ask every kite, a limited number at a time', async () => {
    const kites = new Kites();
    const probes = kites.probes(12 * PROBES, false);
    await probes.measure();
    expect(probes.rows().filter(({ responds }) => responds === true)).toHaveLength(12 * PROBES);
    expect(kites).toMatchObject({ open: 0, most: PROBES });
  });

  it('the probes of top ask kites that register in a burst a limited number at a time', async () => {
    const kites = new Kites();
    const probes = kites.probes(0, false);
    const runs: Promise<void>[] = [];
    probes.onChange = () => void runs.push(probes.measureNew());
    for (let n = 0; n < 4 * PROBES; n++) probes.add(kites.remote(n));
    await Promise.all(runs);
    expect(probes.rows().filter(({ responds }) => responds === true)).toHaveLength(4 * PROBES);
    expect(kites).toMatchObject({ open: 0, most: PROBES });
  });

  it('the probes of top that the time does not suffice for are not asked', async () => {
    const kites = new Kites();
    const probes = kites.probes(4 * PROBES, false);
    await probes.measure(PROBES);
    const rows = probes.rows();
    const left = rows.filter(({ asked }) => !asked);
    expect(left.length).toBeGreaterThan(0);
    expect(left.length).toBeLessThan(4 * PROBES);
    expect(left.every(({ responds, latency }) => responds === null && latency === null)).toBe(true);
    expect(rows.filter(({ responds }) => responds === false)).toEqual([]);
  });

  it('the probes of top stay connected to a limited number of kites', async () => {
    const kites = new Kites();
    const probes = kites.probes(TOP_CONNECTIONS + 9, true);
    await probes.measure();
    expect(kites.open).toBe(TOP_CONNECTIONS);
    expect(probes.rows().every(({ responds }) => responds)).toBe(true);
  });
});
