import { describe, expect, it } from 'vitest';
import { type RunningCalls, whenIdle } from '../../../../src/lib/kite/call/when-idle.js';

describe('whenIdle', () => {
  it('whenIdle resolves at once if no call is running', async () => {
    const calls: RunningCalls = { running: 0, onIdle: undefined };
    await whenIdle(calls);
    expect(calls.onIdle).toBeUndefined();
  });

  it('whenIdle resolves every promise after the last call', async () => {
    const calls: RunningCalls = { running: 1, onIdle: undefined };
    const waiting = [whenIdle(calls), whenIdle(calls)];
    calls.onIdle?.();
    expect(await Promise.all(waiting)).toHaveLength(2);
  });
});
