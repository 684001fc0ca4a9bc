import type { ServerResponse } from 'node:http';
import { expect, it, onTestFinished } from 'vitest';
import { IDLE_BACKENDS } from '../../../../src/lib/proxy/limits/proxy-limits.js';
import { Backends } from '../../../../src/lib/proxy/reverse/backends.js';
import { settled } from '../../../helpers/kite/cores.js';
import { ManualClock } from '../../../helpers/process/manual-clock.js';
import { startBackend } from '../../../helpers/proxy/proxy.js';

it('Backends closes an idle connection if IDLE_BACKENDS are idle', async () => {
  const requests = 1 + IDLE_BACKENDS;
  const responses: ServerResponse[] = [];
  const { server, url } = await startBackend((_request, response) => {
    responses.push(response);
    // The connections are idle at the same time only if all of them are used at the same time.
    if (responses.length === requests) for (const each of responses) each.end();
  });
  let closed = 0;
  const firstClosed = new Promise<void>((resolve) => {
    server.on('connection', (socket) =>
      socket.on('close', () => {
        closed++;
        resolve();
      }),
    );
  });
  const backends = new Backends({
    connectTimeout: 1000,
    responseTimeout: 1000,
    verify: true,
    ca: undefined,
    clock: new ManualClock(),
  });
  onTestFinished(() => backends.close());
  const { hostname: host, port, pathname: path } = new URL(url);
  const target = { url, secure: false, host, address: host, port: Number(port), path };
  const ended = Array.from({ length: requests }, () => {
    const request = backends.open(target, { method: 'GET', path, headers: { host }, alone: false });
    return new Promise<void>((resolve) => {
      request.on('response', (response) => response.on('end', resolve).resume()).end();
    });
  });
  await Promise.all(ended);
  await firstClosed;
  await settled();
  expect(closed).toBe(1);
});
