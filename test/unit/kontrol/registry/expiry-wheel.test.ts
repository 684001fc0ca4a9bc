import { describe, expect, it } from 'vitest';
import { type Expiring, ExpiryWheel } from '../../../../src/lib/kontrol/registry/expiry-wheel.js';

function entry(leaseExpiresAt: number): Expiring {
  return { leaseExpiresAt, checkAt: -1 };
}

describe('the expiry wheel', () => {
  it('the expiry wheel returns entries once their second has come, and each once', () => {
    const wheel = new ExpiryWheel();
    const [early, late] = [entry(1000), entry(2500)];
    wheel.add(late);
    wheel.add(early);
    expect([...wheel.takeDue(999)]).toEqual([]);
    expect([...wheel.takeDue(1000)]).toEqual([early]);
    expect([...wheel.takeDue(2999)]).toEqual([]);
    expect([...wheel.takeDue(3000)]).toEqual([late]);
    expect([...wheel.takeDue(10_000)]).toEqual([]);
  });

  it('the expiry wheel never returns an entry whose lease does not end', () => {
    const wheel = new ExpiryWheel();
    wheel.add(entry(Infinity));
    expect([...wheel.takeDue(Number.MAX_SAFE_INTEGER)]).toEqual([]);
  });

  it('the expiry wheel returns an entry that was added again at its latest time only', () => {
    const wheel = new ExpiryWheel();
    const moved = entry(5000);
    wheel.add(moved);
    wheel.addAt(moved, 2000);
    expect([...wheel.takeDue(2000)]).toEqual([moved]);
    expect([...wheel.takeDue(5000)]).toEqual([]);
  });

  it('the expiry wheel accepts entries while it returns others', () => {
    const wheel = new ExpiryWheel();
    const refreshed = entry(1000);
    wheel.add(refreshed);
    for (const due of wheel.takeDue(1000)) wheel.addAt(due, 4000);
    expect([...wheel.takeDue(3999)]).toEqual([]);
    expect([...wheel.takeDue(4000)]).toEqual([refreshed]);
  });
});
