import { describe, expect, it } from 'vitest';
import type { Channel, ChannelReceiver } from '../../../../src/lib/transport/channel/channel.js';
import { ForwardingChannel } from '../../../../src/lib/transport/channel/forwarding-channel.js';
import { Fragment } from '../../../../src/lib/transport/channel/outgoing-message.js';

class Observed extends ForwardingChannel {
  readonly events: string[] = [];

  protected override received(): void {
    this.events.push('received');
  }

  protected override ended(): void {
    this.events.push('ended');
  }
}

/** A channel that records its calls. Every member of the interface, also the optional ones, has to be here. */
function recorder() {
  const calls: unknown[] = [];
  let receiver: ChannelReceiver | undefined;
  const channel: Required<Channel> = {
    remoteAddress: 'there',
    bufferedBytes: 7,
    sendsBytes: true,
    start: (given) => {
      receiver = given;
      calls.push('start');
    },
    send: (message) => calls.push(['send', message]),
    expect: (prefix) => calls.push(['expect', prefix.text]),
    authenticated: () => calls.push('authenticated'),
    pause: () => calls.push('pause'),
    resume: () => calls.push('resume'),
    close: (...args) => calls.push(['close', ...args]),
  };
  return { channel, calls, receiver: () => receiver };
}

const silent: ChannelReceiver = { message: () => {}, drain: () => {}, close: () => {} };

describe('ForwardingChannel', () => {
  it('ForwardingChannel passes on every member of a channel', () => {
    const { channel, calls } = recorder();
    const whole = new Observed(channel);
    whole.start(silent);
    whole.send('a message');
    whole.expect(new Fragment('prefix'));
    whole.authenticated();
    whole.pause();
    whole.resume();
    whole.close(3000, 'bye');
    expect([whole.remoteAddress, whole.bufferedBytes, whole.sendsBytes]).toEqual(['there', 7, true]);
    expect(calls).toEqual([
      'start',
      ['send', 'a message'],
      ['expect', 'prefix'],
      'authenticated',
      'pause',
      'resume',
      ['close', 3000, 'bye'],
    ]);
    const names = calls.map((call) => (Array.isArray(call) ? call[0] : call) as string);
    const values = ['remoteAddress', 'bufferedBytes', 'sendsBytes'];
    expect([...names, ...values].toSorted()).toEqual(Object.keys(channel).toSorted());
    console.log(`${Object.keys(channel).length} members of a channel are passed on`);
  });

  it('ForwardingChannel passes on what arrives, and reports messages and the end', () => {
    const { channel, receiver } = recorder();
    const whole = new Observed(channel);
    const arrived: unknown[] = [];
    whole.start({
      deliverBeforeClose: true,
      message: (text, prefix) => arrived.push([text, prefix?.text, [...whole.events]]),
      drain: () => arrived.push('drain'),
      close: (...args) => arrived.push([args, [...whole.events]]),
    });
    receiver()?.message('rest', new Fragment('prefix'));
    receiver()?.drain();
    receiver()?.close(1006, 'gone');
    expect(receiver()?.deliverBeforeClose).toBe(true);
    expect(arrived).toEqual([
      ['rest', 'prefix', []],
      'drain',
      [
        [1006, 'gone'],
        ['received', 'ended'],
      ],
    ]);
  });
});
