import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo, LookupFunction } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import { noProxy } from '../../../../src/lib/transport/handshake/forward-proxy.js';
import { NodePost } from '../../../../src/lib/transport/xhr/node-post.js';
import type { PostResult } from '../../../../src/lib/transport/xhr/post.js';

it('a session over XHR resolves its host once, so that every request is sent to the same server', async () => {
  const connections = new Set<unknown>();
  const server = http.createServer((request, response) => {
    connections.add(request.socket);
    request.resume().on('end', () => response.end('ok'));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo;
  let lookups = 0;
  const resolve: LookupFunction = (_, options, done) => {
    // Nothing listens at the second address.
    const address = ++lookups === 1 ? '127.0.0.1' : '192.0.2.1';
    if (options.all) done(null, [{ address, family: 4 }]);
    else done(null, address, 4);
  };
  const post = new NodePost(
    new URL(`http://kites.example.com:${port}/kite`),
    1000,
    { findProxy: noProxy },
    resolve,
  );
  onTestFinished(() => post.close());
  const answer = (speaking: boolean): Promise<PostResult> =>
    new Promise((done) => void post.post('/', '', speaking, done));
  for (const speaking of [false, true]) {
    expect(await answer(speaking)).toEqual({ status: 200, text: 'ok', remoteAddress: `127.0.0.1:${port}` });
  }
  expect(connections.size).toBe(2);
  expect(lookups).toBe(1);
});
