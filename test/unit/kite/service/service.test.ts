import { describe, expect, it } from 'vitest';
import { ATTEMPTS_OF_CALL } from '../../../../src/lib/kite/limits/kite-limits.js';
import { KiteError } from '../../../../src/lib/protocol/errors.js';
import type { Service } from '../../../../src/lib/kite/service/service.js';
import { settled } from '../../../helpers/kite/cores.js';
import { type Fleet, makeFleet } from '../../../helpers/kite/fleet.js';

/** Calls `square` as often, one call after the other. */
async function squares(service: Service, count: number) {
  for (let n = 0; n < count; n++) expect(await service.tell('square', n)).toBe(n * n);
}

/** The index of a kite that a call waits for. */
function busyOne({ members }: Fleet, service: Service): number {
  const busy = service.metrics().kites.find(({ pending }) => pending > 0);
  return members.findIndex(({ url }) => url === busy?.url);
}

function failureOf(call: Promise<unknown>): Promise<KiteError> {
  return call.then(
    (value) => {
      throw new Error(`resolved with ${String(value)}`);
    },
    (error: unknown) => error as KiteError,
  );
}

describe('the calls of a service', () => {
  it('a call waits until a kite is connected, and calls spread over all kites', async () => {
    const fleet = makeFleet(3);
    const service = fleet.service();
    await squares(service, 300);
    for (const { runs } of fleet.members) expect(runs).toBeGreaterThan(50);
    const { events, waiting, kites } = service.metrics();
    expect(waiting).toBe(0);
    expect(events).toMatchObject({ found: 3, connecting: 3, ready: 3, wait: 1, retry: 0, out: 0 });
    expect(events.pick).toBe(300);
    expect(kites.map(({ state }) => state)).toEqual(['ready', 'ready', 'ready']);
  });

  it('calls with round-robin take each kite in turn', async () => {
    const fleet = makeFleet(3);
    const service = fleet.service({ balance: 'roundRobin' });
    await service.tell('which');
    await settled();
    const which: unknown[] = [];
    for (let n = 0; n < 6; n++) which.push(await service.tell('which'));
    expect(which.slice(0, 3)).toEqual(which.slice(3));
    expect(new Set(which)).toEqual(new Set([0, 1, 2]));
  });

  it('the error of a handler is the error of the call, which is not made again', async () => {
    const fleet = makeFleet(2, (core) => {
      core
        .handle('fail', () => {
          throw new KiteError('bad', 'why', { code: 'E42' });
        })
        .disableAuthentication();
    });
    const service = fleet.service({ idempotent: true });
    expect(await failureOf(service.tell('fail'))).toMatchObject({ type: 'bad', code: 'E42', message: 'why' });
    expect(service.metrics().events.retry).toBe(0);
  });

  it('a call that no kite is there for fails after the wait with what was tried', async () => {
    const fleet = makeFleet(2);
    fleet.kill(0);
    fleet.kill(1);
    const service = fleet.service({ client: { backoff: { random: () => 0 } } });
    const call = failureOf(service.tell('square', 4));
    await settled();
    fleet.caller.clock.advance(1000);
    const error = await call;
    expect(error).toMatchObject({ type: 'disconnect', code: 'noKite', retryable: true });
    expect(error.message).toMatch(
      /^Cannot call "square" of http:\/\/kite-0\/kite and 1 more: no kite within 1s; /,
    );
    expect(error.message).toContain('http://kite-0/kite is out: Cannot connect to http://kite-0/kite');
    expect(error.message).toContain('http://kite-1/kite is out: ');
  });

  it('the errors of a service do not contain the password or the query of a URL', async () => {
    const fleet = makeFleet(1);
    const service = fleet.service({
      urls: ['http://bob:secret@kite-8/kite?token=secret', 'http://kite-9/kite'],
    });
    const call = failureOf(service.tell('square', 4));
    await settled();
    fleet.caller.clock.advance(10_000);
    const error = await call;
    expect(error.code).toBe('noKite');
    expect(`${error.stack} ${String(error.cause)}`).not.toContain('secret');
    expect(error.message).toContain('http://…@kite-8/kite?…');
  });

  it('a call that waits ends with its timeout, or when its signal aborts', async () => {
    const fleet = makeFleet(1);
    fleet.kill(0);
    const service = fleet.service();
    const short = failureOf(service.call('square', [4], { timeout: 100 }));
    const controller = new AbortController();
    const aborted = failureOf(service.call('square', [4], { signal: controller.signal }));
    await settled();
    controller.abort(new Error('enough'));
    expect(await aborted).toMatchObject({ type: 'aborted' });
    expect(await failureOf(service.call('square', [4], { signal: controller.signal }))).toMatchObject({
      type: 'aborted',
    });
    fleet.caller.clock.advance(100);
    expect(await short).toMatchObject({
      code: 'noKite',
      message: expect.stringContaining('no kite within 100ms'),
    });
    expect(service.metrics().waiting).toBe(0);
  });

  it('a service that closes rejects the calls that wait and those that run, and later ones', async () => {
    const fleet = makeFleet(2);
    const service = fleet.service();
    const running = failureOf(service.tell('endless'));
    await settled();
    service.close();
    service.close();
    expect(await running).toMatchObject({ type: 'disconnect', code: 'closed' });
    expect(await failureOf(service.tell('square', 4))).toMatchObject({ type: 'disconnect', code: 'closed' });
    await expect(service.all('square', 4).next()).rejects.toMatchObject({ code: 'closed' });
    const waiting = makeFleet(1);
    waiting.kill(0);
    const other = waiting.service();
    const call = failureOf(other.tell('square', 4));
    await settled();
    await other[Symbol.asyncDispose]();
    expect(await call).toMatchObject({ code: 'closed' });
  });
});

describe('the failover of a service', () => {
  it('a kite that ends gets no calls until it is back, and is dialed again', async () => {
    const fleet = makeFleet(2);
    const service = fleet.service();
    await squares(service, 10);
    fleet.kill(0);
    const before = fleet.member(0).runs;
    await squares(service, 20);
    expect(fleet.member(0).runs).toBe(before);
    fleet.restart(0);
    fleet.caller.clock.advance(10_000);
    await settled();
    await squares(service, 50);
    expect(fleet.member(0).runs).toBeGreaterThan(before);
    expect(fleet.events.filter((event) => event.startsWith('out'))).toEqual(['out kite-0']);
  });

  it('a lost call of an idempotent method is made again at another kite, and one of another method is not', async () => {
    const fleet = makeFleet(2);
    const service = fleet.service({ idempotent: ['square'], balance: 'roundRobin' });
    await squares(service, 4);
    const lost = failureOf(service.tell('endless'));
    await settled();
    const busy = busyOne(fleet, service);
    fleet.kill(busy);
    expect(await lost).toMatchObject({ type: 'disconnect', code: 'lost', retryable: false });
    expect(fleet.events).not.toContain(`retry kite-${busy}`);

    const other = makeFleet(2);
    const again = other.service({ idempotent: true });
    await squares(again, 4);
    const call = again.tell('endless');
    await settled();
    const first = busyOne(other, again);
    other.kill(first);
    await settled();
    expect(again.metrics()).toMatchObject({ events: { retry: 1 } });
    expect(other.member(1 - first).runs).toBeGreaterThan(0);
    again.close();
    await failureOf(call);
  });

  it('a call that a kite rejects because it shuts down is made at another one, and runs once', async () => {
    const fleet = makeFleet(3);
    const service = fleet.service();
    await squares(service, 6);
    const calls = Array.from({ length: 30 }, (_, n) => service.tell('square', n));
    fleet.member(1).core.drain();
    expect(await Promise.all(calls)).toEqual(Array.from({ length: 30 }, (_, n) => n * n));
    expect(fleet.members.reduce((sum, { runs }) => sum + runs, 0)).toBe(36);
    expect(service.metrics().events.draining).toBe(1);
    expect(service.metrics().events.retry).toBeGreaterThan(0);
    await squares(service, 20);
    expect(service.metrics().kites.find(({ url }) => url === fleet.member(1).url)?.state).toBe('draining');
  });

  it('calls are made again within the budget only', async () => {
    const fleet = makeFleet(2);
    const service = fleet.service({ idempotent: true });
    await squares(service, 2);
    const calls = Array.from({ length: 300 }, () => failureOf(service.call('endless', [], { timeout: 0 })));
    await settled();
    fleet.kill(0);
    await settled();
    const { retry, exhausted } = service.metrics().events;
    // 100 from the beginning, and a tenth of 302 calls.
    expect(retry).toBe(130);
    expect(retry + exhausted).toBeGreaterThan(130);
    service.close();
    const errors = await Promise.all(calls);
    expect(
      errors.some(({ message }) => message.includes('the retry budget is exhausted; http://kite-0/kite: ')),
    ).toBe(true);
  });

  it('a call is sent to five kites at most', async () => {
    const fleet = makeFleet(8);
    const service = fleet.service({ idempotent: true });
    await squares(service, 8);
    const call = failureOf(service.call('endless', [], { timeout: 0 }));
    for (let attempt = 0; attempt < ATTEMPTS_OF_CALL; attempt++) {
      await settled();
      fleet.kill(busyOne(fleet, service));
    }
    const error = await call;
    expect(error).toMatchObject({ type: 'disconnect', code: 'lost', retryable: false });
    expect(error.message).toContain(
      'Cannot call "endless" of http://kite-0/kite and 7 more: too many attempts; ',
    );
    expect((error.cause as AggregateError).errors.length).toBe(ATTEMPTS_OF_CALL);
    expect(fleet.members.reduce((sum, { runs }) => sum + runs, 0)).toBe(13);
  });
});

describe('a kite that does not answer', () => {
  it('the idempotent calls of a frozen kite are made elsewhere, and later calls avoid it until it answers', async () => {
    const fleet = makeFleet(2);
    const service = fleet.service({ idempotent: ['square'], balance: 'roundRobin' });
    await squares(service, 4);
    fleet.freeze(0);
    const calls = [service.tell('square', 5), service.tell('square', 6)];
    const other = failureOf(service.call('endless', [], { timeout: 5000 }));
    const another = failureOf(service.call('endless', [], { timeout: 5000 }));
    const { clock } = fleet.caller;
    for (let second = 0; second < 4; second++) {
      clock.advance(1000);
      await settled();
    }
    expect(await Promise.all(calls)).toEqual([25, 36]);
    expect(service.metrics().events).toMatchObject({ out: 1, move: 1 });
    const before = service.metrics().events;
    await squares(service, 10);
    expect(service.metrics().events).toMatchObject({ wait: before.wait, move: before.move });
    clock.advance(2000);
    expect(await other).toMatchObject({ type: 'timeout' });
    expect(await another).toMatchObject({ type: 'timeout' });
    fleet.thaw(0);
    for (let second = 0; second < 40; second++) {
      clock.advance(1000);
      await settled();
    }
    expect(service.metrics().kites.map(({ state }) => state)).toEqual(['ready', 'ready']);
  });

  it('a call that times out makes later calls avoid the kite at once, until it answers a ping', async () => {
    const fleet = makeFleet(2);
    const service = fleet.service({ balance: 'roundRobin' });
    await squares(service, 4);
    fleet.freeze(1);
    const { clock } = fleet.caller;
    let slow = 0;
    for (let n = 0; n < 10; n++) {
      const call = service.call('square', [n], { timeout: 500 });
      const result = call.catch(() => undefined);
      await settled();
      clock.advance(500);
      if ((await result) === undefined) slow++;
    }
    expect(slow).toBe(1);
  });

  it('a kite that answers pings and takes long is not taken out, and neither is the last kite', async () => {
    const fleet = makeFleet(2);
    const service = fleet.service();
    await squares(service, 4);
    const call = failureOf(service.call('endless', [], { timeout: 60_000 }));
    const { clock } = fleet.caller;
    for (let second = 0; second < 10; second++) {
      clock.advance(1000);
      await settled();
    }
    expect(service.metrics().events.out).toBe(0);
    fleet.kill(0);
    fleet.freeze(1);
    const last = failureOf(service.call('square', [4], { timeout: 8000 }));
    for (let second = 0; second < 10; second++) {
      clock.advance(1000);
      await settled();
    }
    expect(await last).toMatchObject({ type: 'timeout' });
    expect(service.metrics().kites.find(({ url }) => url === fleet.member(1).url)?.state).toBe('ready');
    service.close();
    await call;
  });
});

describe('the streams of a service', () => {
  it('a stream has the items of one kite, and its result', async () => {
    const fleet = makeFleet(2);
    const service = fleet.service();
    const items: unknown[] = [];
    for await (const item of service.stream('count', 3)) items.push(item);
    expect(items).toEqual([1, 2, 3]);
  });

  it('a stream that a kite has rejected is opened at another one, and one that has begun is not', async () => {
    const fleet = makeFleet(2);
    const service = fleet.service({ idempotent: true, balance: 'roundRobin' });
    await squares(service, 4);
    const streams = [service.stream('count', 3), service.stream('count', 3)];
    fleet.member(0).core.drain();
    for (const stream of streams) {
      const items: unknown[] = [];
      for await (const item of stream) items.push(item);
      expect(items).toEqual([1, 2, 3]);
    }
    const begun = service.stream('count', 1e9);
    await begun.next();
    fleet.kill(1);
    await expect(begun.result).rejects.toMatchObject({ code: 'lost' });
  });

  it('a call with a stream among its arguments is not made again, because the stream has ended', async () => {
    const fleet = makeFleet(2, (core) => {
      core.handle('sum', () => new Promise(() => {})).disableAuthentication();
    });
    const service = fleet.service({ idempotent: true });
    await squares(service, 4);
    const call = failureOf(service.tell('sum', (async function* () {})()));
    await settled();
    fleet.kill(busyOne(fleet, service));
    expect(await call).toMatchObject({ code: 'lost' });
  });
});
