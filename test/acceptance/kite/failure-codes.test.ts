import { createServer, type Socket } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { isKiteError, Kite } from '../../../src/lib/index.js';
import { KiteError } from '../../../src/lib/protocol/errors.js';
import { drainingError } from '../../../src/lib/kite/call/call-errors.js';
import { DialError } from '../../../src/lib/transport/handshake/dial-error.js';
import { dialCodes } from '../../../src/lib/errors/error-codes.js';
import { silentLogger } from '../../../src/lib/util/logger.js';
import { connected, makeCore, settled } from '../../helpers/kite/cores.js';
import { endless } from '../../helpers/kite/endless.js';
import { listenInTest } from '../../helpers/transport/listen-in-test.js';

/** Returns what a caller can see of a failure: type, code, and whether the call can be made again. */
async function failureOf(call: Promise<unknown>): Promise<readonly [string, string, boolean]> {
  const error = await call.then(
    (value) => new Error(`resolved with ${JSON.stringify(value)}`),
    (reason: unknown) => reason,
  );
  if (!isKiteError(error)) throw new Error('not a KiteError', { cause: error });
  return [error.type, error.code, error.retryable];
}

const LOST = ['disconnect', 'lost', false];
const CLOSED = ['disconnect', 'closed', false];
const NOT_SENT = ['disconnect', 'notSent', true];
const DRAINING = ['disconnect', 'draining', true];
const TIMEOUT = ['timeout', '', false];

/** A connection with a call that runs until its signal aborts. */
async function withPendingCall() {
  const pair = await connected();
  const requests = endless(pair.server);
  await pair.client.tell('kite.ping');
  const pending = failureOf(pair.client.tell('endless'));
  await settled();
  return { ...pair, pending, requests };
}

describe('the end of a connection', () => {
  it('a call that was sent is lost if the connection drops before the answer', async () => {
    const { near, client, pending, requests } = await withPendingCall();
    const stream = failureOf(client.stream('endless').result);
    await settled();
    near.ended(1006, '');
    expect([await pending, await stream]).toEqual([LOST, LOST]);
    expect(requests.length).toBe(2);
  });

  it('a call over a connection that has ended is not sent', async () => {
    const { near, client, pending } = await withPendingCall();
    near.ended(1006, '');
    await pending;
    expect(await failureOf(client.tell('kite.ping'))).toEqual(NOT_SENT);
    expect(await failureOf(client.stream('kite.ping').result)).toEqual(NOT_SENT);
  });

  it('a call of a client that was never dialed is not sent', async () => {
    expect(await failureOf(makeCore().newClient('memory:').tell('kite.ping'))).toEqual(NOT_SENT);
  });

  it('a call to a peer whose connection has ended is not sent', async () => {
    const { server, near, pending } = await withPendingCall();
    const [peer] = server.accepted;
    near.close(1006, '');
    await pending;
    expect(await failureOf(peer?.tell('kite.ping') ?? Promise.resolve())).toEqual(NOT_SENT);
  });

  it('a call whose ping before it is lost was not sent', async () => {
    const { client, near } = await connected();
    const call = failureOf(client.tell('read', (async function* () {})()));
    near.ended(1006, '');
    expect(await call).toEqual(NOT_SENT);
  });

  it('a call that is pending when its client closes is closed, and so are later ones', async () => {
    const { client, pending } = await withPendingCall();
    const stream = failureOf(client.stream('endless').result);
    client.close();
    client.close();
    expect([await pending, await stream]).toEqual([CLOSED, CLOSED]);
    expect(await failureOf(client.tell('kite.ping'))).toEqual(CLOSED);
    expect(await failureOf(client.dial())).toEqual(CLOSED);
    expect(await failureOf(client.dialForever())).toEqual(CLOSED);
  });

  it('a call to a kite that shuts down is rejected by either side', async () => {
    const { server, client, pending } = await withPendingCall();
    const late = failureOf(client.tell('kite.ping'));
    server.drain();
    // The first was on its way, and the second is made after the announcement.
    expect(await late).toEqual(DRAINING);
    await settled();
    expect(await failureOf(client.tell('kite.ping'))).toEqual(DRAINING);
    client.close();
    await pending;
  });
});

describe('the failures of one call', () => {
  it('an aborted call fails with the reason of its signal as the cause', async () => {
    const { client } = await withPendingCall();
    const controller = new AbortController();
    const { signal } = controller;
    const reason = new Error('enough');
    const calls = [
      client.call('endless', [], { signal }),
      client.callStream('endless', [], { signal }).result,
    ];
    await settled();
    controller.abort(reason);
    calls.push(client.call('endless', [], { signal }));
    for (const call of calls) {
      const error: unknown = await call.catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ type: 'aborted', code: '', retryable: false, cause: reason });
      expect((error as Error).message).toBe('The caller has aborted the call: enough');
    }
    client.close();
  });

  it('a call that times out may have run', async () => {
    const { client, caller } = await withPendingCall();
    const calls = [
      client.tellWithTimeout(10, 'endless'),
      client.callStream('endless', [], { timeout: 10 }).result,
    ];
    const failures = calls.map(failureOf);
    await settled();
    caller.clock.advance(10);
    expect(await Promise.all(failures)).toEqual([TIMEOUT, TIMEOUT]);
    client.close();
  });

  it('a stream that exceeds the timeout of its call is named in the error', async () => {
    const { client, server, caller } = await connected();
    server.handle('quiet', async function* ({ signal }) {
      yield 1;
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
    });
    const stream = client.callStream('quiet', [], { timeout: 2000 });
    await stream.next();
    caller.clock.advance(2000);
    await expect(stream.result).rejects.toMatchObject({
      type: 'timeout',
      message: 'The stream of "quiet" has not ended within 2s',
    });
    await settled();
  });

  it('a call that the queue has no space for is not sent, and can be made again', async () => {
    const { client, near } = await connected();
    near.bufferedBytes = 1e9;
    expect(await failureOf(client.tell('kite.ping', 'text'))).toEqual(['sendError', 'queueFull', true]);
  });

  it('a call that is larger than a message cannot be made again', async () => {
    const { client } = await connected();
    expect(await failureOf(client.tell('kite.ping', 'x'.repeat(17 * 1024 * 1024)))).toEqual([
      'sendError',
      '',
      false,
    ]);
  });

  it('a call whose arguments cannot be sent cannot be made again', async () => {
    const { client } = await connected();
    const circular: unknown[] = [];
    circular.push(circular);
    expect(await failureOf(client.tell('kite.ping', circular))).toEqual(['argumentError', '', false]);
  });

  it('a caller cannot mistake the code of a call that its handler has made for its own', async () => {
    const { client, server } = await connected();
    for (const code of ['notSent', 'draining'] as const) {
      server.handle(code, () => {
        throw new KiteError('disconnect', 'the other kite', { code, retryable: true });
      });
      expect(await failureOf(client.tell(code))).toEqual(LOST);
      // An error that has passed through JSON, or that the program has made.
      server.handle(code, () => {
        throw Object.assign(new Error('the other kite'), { type: 'disconnect', code });
      });
      expect(await failureOf(client.tell(code))).toEqual(LOST);
    }
  });

  it('a handler cannot mistake the code of a call that a callback has made for that of the callback', async () => {
    const { client, server } = await connected();
    const outcomes: unknown[] = [];
    server.handle('ask', async ({ args: [ask] }) => {
      outcomes.push(await failureOf((ask as () => Promise<unknown>)()));
    });
    await client.tell('kite.ping');
    for (const fails of [drainingError('math'), { type: 'disconnect', code: 'draining', message: 'x' }]) {
      await client.tell('ask', () => Promise.reject(fails as Error));
      await client.tell('ask', () => {
        throw fails as Error;
      });
    }
    expect(outcomes).toEqual([LOST, LOST, LOST, LOST]);
  });

  it('a hostile kite cannot make a caller repeat a call by naming the codes of the caller', async () => {
    const { client, server } = await connected();
    for (const code of ['notSent', 'refused', 'queueFull']) {
      server.handle(code, () => {
        throw Object.assign(new Error('x'), { type: 'disconnect', code, retryable: true });
      });
      expect(await failureOf(client.tell(code))).toMatchObject({ 2: false });
    }
  });
});

function client(url: string) {
  const kite = new Kite('caller', '1.0.0', { kiteKey: false, env: {}, logger: silentLogger });
  onTestFinished(() => kite.close());
  return kite.newClient(url, { handshakeTimeout: 200 });
}

describe('the URL of a client in its errors', () => {
  it('the errors of a client do not contain the password or the query of its URL', async () => {
    const peer = client('http://bob:secret@127.0.0.1:1/kite?token=secret');
    const messages: string[] = [peer.remoteAddress];
    const fail = (): Promise<unknown> =>
      peer.tell('square').catch((error: KiteError) => messages.push(`${error.stack} ${String(error.cause)}`));
    await fail();
    await peer.dial().catch((error: KiteError) => messages.push(String(error.stack)));
    await fail();
    peer.close();
    await fail();
    await peer.dial().catch((error: KiteError) => messages.push(String(error.stack)));
    expect(messages).toHaveLength(6);
    for (const message of messages) expect(message).not.toContain('secret');
  });
});

describe('the failures of a dial', () => {
  it('a dial that fails has the code of the reason, and the call was not sent', async () => {
    const sockets = new Set<Socket>();
    const silent = await listenInTest(
      createServer((socket) => sockets.add(socket)),
      sockets,
    );
    const closing = await listenInTest(
      createServer((socket) => socket.destroy()),
      [],
    );
    const failures = [
      await failureOf(client('ftp://localhost/kite').dial()),
      await failureOf(client('http://127.0.0.1:1/kite').dial()),
      await failureOf(client('http://no-such-host.invalid/kite').dial()),
      await failureOf(client(`http://127.0.0.1:${closing}/kite`).dial()),
      await failureOf(client(`http://127.0.0.1:${silent}/kite`).dial()),
    ];
    expect(failures).toEqual([
      ['disconnect', 'invalidUrl', false],
      ['disconnect', 'refused', true],
      ['disconnect', 'notFound', true],
      ['disconnect', 'reset', true],
      ['disconnect', 'timeout', true],
    ]);
  });

  it('every code of a dial is that of a KiteError with the type disconnect', async () => {
    let covered = 0;
    for (const code of Object.keys(dialCodes) as (keyof typeof dialCodes)[]) {
      const dialer = () => Promise.reject(new DialError(code, new URL('http://localhost/kite'), 'why'));
      const failure = await failureOf(makeCore({ dialer }).newClient('memory:').dial());
      expect(failure).toEqual(['disconnect', code, code !== 'invalidUrl']);
      covered++;
    }
    console.log(`${covered} codes of dials`);
  });
});
