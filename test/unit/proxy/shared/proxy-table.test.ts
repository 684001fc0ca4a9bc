import { describe, expect, it, onTestFinished } from 'vitest';
import { type ProxiedPeer, ProxyTable } from '../../../../src/lib/proxy/shared/proxy-table.js';
import { defaultProxyLimits } from '../../../../src/lib/proxy/limits/proxy-limits.js';
import { silentLogger } from '../../../../src/lib/util/logger.js';
import { Emitter } from '../../../../src/lib/util/emitter.js';
import { testIdentity } from '../../../helpers/kite/keys.js';
import { ManualClock } from '../../../helpers/process/manual-clock.js';

class FakePeer extends Emitter<{ disconnect: [code: number, reason: string] }> {
  constructor() {
    super(silentLogger);
  }

  end(): void {
    this.emit('disconnect', 1006, '');
  }
}

function peer(): ProxiedPeer & FakePeer {
  return new FakePeer() as unknown as ProxiedPeer & FakePeer;
}

function tableAt(clock = new ManualClock()): ProxyTable<string> {
  const table = new ProxyTable<string>(clock, silentLogger, defaultProxyLimits);
  onTestFinished(() => table.close());
  return table;
}

const alice = testIdentity();
const mallory = testIdentity({ username: 'mallory' });

describe('the table of a proxy', () => {
  it('the table of a proxy has an entry for a kite while its connection is open', () => {
    const table = tableAt();
    const ended: string[] = [];
    table.on('ended', ({ target }) => ended.push(target));
    const client = peer();
    const entry = table.add({ kite: alice, client, target: 'one' });
    expect(table.get(alice.id)).toBe(entry);
    client.end();
    expect(table.get(alice.id)).toBeUndefined();
    expect(ended).toEqual(['one']);
  });

  it('the table of a proxy moves an id to a newer connection of its user, and the end of the older one changes nothing', () => {
    const table = tableAt();
    const [older, newer] = [peer(), peer()];
    table.add({ kite: alice, client: older, target: 'older' });
    table.add({ kite: alice, client: newer, target: 'newer' });
    older.end();
    expect(table.get(alice.id)?.target).toBe('newer');
    newer.end();
    expect(table.size).toBe(0);
  });

  it('the table of a proxy has one kite per connection: another one replaces it', () => {
    const table = tableAt();
    const client = peer();
    table.add({ kite: alice, client, target: 'first' });
    table.add({ kite: testIdentity({ id: 'other' }), client, target: 'second' });
    expect(Array.from(table, ({ kite }) => kite.id)).toEqual(['other']);
    client.end();
    expect(table.size).toBe(0);
  });

  it('the table of a proxy reserves an id while its kite is connected and for two minutes afterwards', () => {
    const clock = new ManualClock();
    const table = tableAt(clock);
    const taken = { code: 'idTaken' };
    const enter = (): unknown => table.add({ kite: mallory, client: peer(), target: 'mine' });
    const client = peer();
    table.add({ kite: alice, client, target: 'hers' });
    expect(enter).toThrow(expect.objectContaining(taken) as Error);
    expect(table.get(alice.id)?.target).toBe('hers');
    client.end();
    clock.advance(119_000);
    expect(enter).toThrow(expect.objectContaining(taken) as Error);
    clock.advance(1000);
    enter();
    expect(table.get(alice.id)?.target).toBe('mine');
  });

  it('the table of a proxy reserves ids for the number and time of the limits', () => {
    const clock = new ManualClock();
    const table = new ProxyTable<string>(clock, silentLogger, { reservedIds: 2, reservationTime: 500 });
    for (const id of ['a', 'b', 'c']) {
      const client = peer();
      table.add({ kite: testIdentity({ id }), client, target: '' });
      client.end();
    }
    expect(table.reserved).toBe(2);
    clock.advance(500);
    expect(table.reserved).toBe(0);
  });

  it('the table of a proxy keeps nothing of ten thousand kites that disconnected', () => {
    const clock = new ManualClock();
    const table = tableAt(clock);
    for (let i = 0; i < 10_000; i++) {
      const client = peer();
      table.add({ kite: testIdentity({ id: `kite-${i}` }), client, target: '' });
      client.end();
    }
    expect(table.size).toBe(0);
    clock.advance(120_000);
    expect([table.reserved, clock.timers]).toEqual([0, 0]);
  });

  it('the table of a proxy counts sessions and bytes of each kite and of all, also after the kite disconnected', () => {
    const table = tableAt();
    const client = peer();
    const entry = table.add({ kite: alice, client, target: '' });
    const sessions = [entry.openSession(), entry.openSession()];
    sessions[0]?.count(3, 5);
    sessions[0]?.end();
    sessions[0]?.end();
    expect(entry.counts).toEqual({ sessions: 1, sessionsTotal: 2, bytesToKite: 3, bytesFromKite: 5 });
    client.end();
    sessions[1]?.count(1, 1);
    sessions[1]?.end();
    expect(table.totals).toEqual({ sessions: 0, sessionsTotal: 2, bytesToKite: 4, bytesFromKite: 6 });
  });
});
