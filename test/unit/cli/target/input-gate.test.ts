import { Writable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { OUTPUT_QUEUE_BYTES } from '../../../../src/lib/cli/runtime/command-limits.js';
import { InputGate } from '../../../../src/lib/cli/target/input-gate.js';
import { Fragment } from '../../../../src/lib/transport/channel/outgoing-message.js';
import { MemoryChannel } from '../../../helpers/transport/memory-channel.js';

/** A stream that accepts a write only when the test says so. */
class SlowOutput extends Writable {
  accept: (() => void) | undefined;

  override _write(_chunk: unknown, _encoding: BufferEncoding, done: () => void): void {
    this.accept = done;
  }
}

function world() {
  const [stdout, stderr] = [new SlowOutput(), new SlowOutput()];
  const gate = new InputGate({ stdout, stderr });
  const [channel, peer] = MemoryChannel.pair();
  const received: string[] = [];
  const ends: unknown[] = [];
  const watched = gate.watch(channel);
  const start = (): void =>
    watched.start({
      message(text) {
        received.push(text);
        stdout.write(text);
      },
      drain: () => received.push('drain'),
      close: (code, reason) => ends.push([code, reason]),
    });
  return { stdout, stderr, gate, channel, peer, watched, received, ends, start };
}

const BIG = 'x'.repeat(OUTPUT_QUEUE_BYTES + 1);

describe('InputGate', () => {
  it('InputGate stops reading while the output of messages is not read', async () => {
    const { stdout, channel, start } = world();
    start();
    channel.deliver('a');
    expect(channel.paused).toBe(false);
    stdout.accept?.();
    channel.deliver(BIG);
    expect(channel.paused).toBe(true);
    const drained = new Promise((resolve) => stdout.once('drain', resolve));
    stdout.accept?.();
    await drained;
    expect(channel.paused).toBe(false);
  });

  it('InputGate waits for the reader of both streams', async () => {
    const { stdout, stderr, channel, start } = world();
    start();
    stderr.write(BIG);
    channel.deliver(BIG);
    for (const stream of [stdout, stderr]) {
      expect(channel.paused).toBe(true);
      const drained = new Promise((resolve) => stream.once('drain', resolve));
      stream.accept?.();
      await drained;
    }
    expect(channel.paused).toBe(false);
  });

  it('InputGate stops reading from connections that start while it is closed, as often as it is held', () => {
    const { gate, channel, start } = world();
    const [first, second] = [gate.hold(), gate.hold()];
    start();
    expect(channel.paused).toBe(true);
    first();
    expect(channel.paused).toBe(true);
    second();
    expect(channel.paused).toBe(false);
  });

  it('InputGate passes on everything else that happens on a channel', async () => {
    const { channel, peer, watched, received, ends, start } = world();
    start();
    peer.start({ message: () => {}, drain: () => {}, close: () => {} });
    watched.send('to the peer');
    watched.expect?.(new Fragment('prefix'));
    expect(channel.sent).toEqual(['to the peer']);
    channel.bufferedBytes = 7;
    expect([watched.remoteAddress, watched.bufferedBytes]).toEqual(['memory', 7]);
    channel.drained();
    expect(received).toEqual(['drain']);
    watched.pause();
    expect(channel.paused).toBe(true);
    watched.resume();
    expect(channel.paused).toBe(false);
    watched.close(3000, 'bye');
    await new Promise((resolve) => setImmediate(resolve));
    expect(ends).toEqual([[3000, 'bye']]);
  });
});
