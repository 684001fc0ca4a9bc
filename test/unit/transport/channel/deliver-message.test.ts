import { describe, expect, it } from 'vitest';
import type { ChannelReceiver } from '../../../../src/lib/transport/channel/channel.js';
import { deliverMessage } from '../../../../src/lib/transport/channel/deliver-message.js';
import { BytesMessage } from '../../../../src/lib/transport/channel/outgoing-message.js';

describe('a message with bytes', () => {
  it('a message with bytes reaches a receiver as it is, or as text if the receiver has no method for it', () => {
    const received: unknown[] = [];
    const textOnly: ChannelReceiver = {
      message: (text) => received.push(text),
      drain: () => undefined,
      close: () => undefined,
    };
    const message = new BytesMessage(['{"v":', Uint8Array.of(1), '}']);
    deliverMessage(textOnly, message);
    deliverMessage({ ...textOnly, bytes: (given) => received.push(given) }, message);
    deliverMessage(textOnly, 'text');
    expect(received).toEqual(['{"v":"AQ=="}', message, 'text']);
  });
});
