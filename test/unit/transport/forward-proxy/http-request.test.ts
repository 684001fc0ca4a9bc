import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import { noProxy } from '../../../../src/lib/transport/handshake/forward-proxy.js';
import { httpSender } from '../../../../src/lib/transport/forward-proxy/http-request.js';

/** Starts a server. Returns its URL and the requests that it has got. */
async function startServer(
  handler: http.RequestListener,
): Promise<{ url: URL; seen: http.IncomingMessage[] }> {
  const seen: http.IncomingMessage[] = [];
  const server = http.createServer((request, response) => {
    seen.push(request);
    handler(request, response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(async () => {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  });
  return { url: new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/a?b=1`), seen };
}

const never = (): AbortSignal => new AbortController().signal;

it('a request has the headers of the access, the credentials of the URL and a body', async () => {
  const { url, seen } = await startServer((request, response) => request.pipe(response));
  const secret = new URL(url.href.replace('//', '//bob:hunter2@'));
  const body = '{"a":"\u00fc"}';
  const send = httpSender({ findProxy: noProxy, headers: { 'X-A': '1' } }, 1000);
  const response = await send(secret, { method: 'POST', body, signal: never() });
  expect(await response.text()).toBe(body);
  expect(response).toMatchObject({ ok: true, status: 200 });
  const basic = `Basic ${Buffer.from('bob:hunter2').toString('base64')}`;
  expect(seen[0]?.headers).toMatchObject({ 'x-a': '1', authorization: basic, 'content-length': '10' });
  await httpSender({ findProxy: noProxy, headers: { authorization: 'Bearer x' } }, 1000)(secret, {
    signal: never(),
  });
  expect(seen[1]?.headers.authorization).toBe('Bearer x');
});

it('a request does not follow a redirect', async () => {
  const { url, seen } = await startServer((_request, response) => {
    response.writeHead(307, { location: '/elsewhere' }).end();
  });
  const response = await httpSender({ findProxy: noProxy, headers: { 'X-A': '1' } }, 1000)(url, {
    signal: never(),
  });
  expect(response.ok).toBe(false);
  expect(response.headers.get('Location')).toBe('/elsewhere');
  expect(response.headers.get('X-None')).toBeNull();
  expect(seen).toHaveLength(1);
});

it('a request rejects with the reason of its signal, before and after it is sent', async () => {
  const controller = new AbortController();
  const { url } = await startServer(() => controller.abort(new Error('enough')));
  const send = httpSender({ findProxy: noProxy }, 1000);
  await expect(send(url, { signal: controller.signal })).rejects.toThrow('enough');
  await expect(send(url, { signal: controller.signal })).rejects.toThrow('enough');
});

it('a request rejects with a DialError if the response is too long or the server is not reachable', async () => {
  const { url } = await startServer((_request, response) => response.end('x'.repeat(1001)));
  await expect(httpSender({ findProxy: noProxy }, 1000)(url, { signal: never() })).rejects.toThrow(
    'The response is larger than 1000 bytes',
  );
  const closed = new URL('http://127.0.0.1:1/');
  await expect(httpSender({ findProxy: noProxy }, 1000)(closed, { signal: never() })).rejects.toMatchObject({
    code: 'refused',
  });
});

it('a response that a proxy forwards and that is too long is not reported as a fault of the proxy', async () => {
  const { url } = await startServer((_request, response) => response.end('x'.repeat(1001)));
  const send = httpSender({ findProxy: () => ({ url, variable: 'HTTP_PROXY' }) }, 1000);
  const error = await send(new URL('http://kites.example.com/'), { signal: never() }).catch(
    (reason: unknown) => reason,
  );
  expect(error).toMatchObject({ code: 'protocol' });
  expect(String(error)).toContain('The response is larger than 1000 bytes');
});
