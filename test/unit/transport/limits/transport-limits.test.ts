import { describe, expect, it } from 'vitest';
import {
  channelLimits,
  HEAD_BYTES,
  KEPT_PREFIXES,
  SESSION_NAME_LENGTH,
} from '../../../../src/lib/transport/limits/transport-limits.js';
import { withPrefix } from '../../../../src/lib/transport/channel/expected-prefixes.js';
import { readSignal } from '../../../../src/lib/transport/webrtc/signals.js';
import { readUpgradeAnswer } from '../../../../src/lib/transport/websocket/upgrade.js';

describe('the limits of connections', () => {
  it('the limits of connections allow to send a message of the maximum size, and pause before the queue is full', () => {
    const { messageBytes, pauseBytes, sendQueueBytes } = channelLimits;
    expect(messageBytes).toBeLessThan(sendQueueBytes);
    expect(pauseBytes).toBeLessThan(sendQueueBytes);
  });

  it('the limits of connections bound the header of a handshake response', () => {
    const head = `HTTP/1.1 101 Switching Protocols\r\nX: `;
    expect(readUpgradeAnswer(head.padEnd(HEAD_BYTES - 1, 'x'), '')).toBeUndefined();
    expect(readUpgradeAnswer(head.padEnd(HEAD_BYTES, 'x'), '')).toEqual({ type: 'notHttp' });
  });

  it('the limits of connections bound the number of message prefixes that are compared', () => {
    let prefixes: readonly number[] = [];
    for (let prefix = 0; prefix <= KEPT_PREFIXES; prefix++) prefixes = withPrefix(prefixes, prefix);
    expect(prefixes).toHaveLength(KEPT_PREFIXES);
    expect(prefixes).not.toContain(0);
  });

  it('the limits of connections bound the name of a WebRTC session', () => {
    const signal = (length: number): unknown =>
      readSignal({ type: 'leave', src: 'x', payload: { session: 'x'.repeat(length) } });
    expect(signal(SESSION_NAME_LENGTH)).toBeDefined();
    expect(signal(SESSION_NAME_LENGTH + 1)).toBeUndefined();
  });
});
