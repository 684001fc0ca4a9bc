import { describe, expect, it } from 'vitest';
import { PEER_LOG_BYTES } from '../../../../src/lib/cli/runtime/command-limits.js';
import { PeerLog } from '../../../../src/lib/cli/target/peer-log.js';

function logWith(all: boolean) {
  const written: string[] = [];
  const world = { time: 0 };
  const log = new PeerLog({ all, write: (text) => written.push(text), now: () => world.time });
  return { log, written, world };
}

describe('PeerLog', () => {
  it('PeerLog prints messages as visible text, up to a size per second', () => {
    const { log, written, world } = logWith(false);
    log.print('a\u001b[2J');
    log.print('x'.repeat(PEER_LOG_BYTES));
    log.print('b');
    world.time = 1000;
    log.print('c');
    expect(written).toEqual(['a\\x1b[2J\n', 'c\n']);
  });

  it('PeerLog reports once, at the end, how many messages were left out, and how to print them', () => {
    const { log, written } = logWith(false);
    for (let n = 0; n < 3; n++) log.print('x'.repeat(PEER_LOG_BYTES));
    log.end();
    log.end();
    expect(written.slice(1)).toEqual([
      `note: 2 messages of the kite were left out, because it logged more than ${PEER_LOG_BYTES} bytes in a second. ` +
        'To print all of them, use --all-logs.\n',
    ]);
  });

  it('PeerLog prints everything if all logs are requested, and then has nothing to say at the end', () => {
    const { log, written } = logWith(true);
    for (let n = 0; n < 3; n++) log.print('x'.repeat(PEER_LOG_BYTES));
    log.end();
    expect(written).toHaveLength(3);
  });
});
