import { expect, it } from 'vitest';
import { sourceFiles, withoutComments } from '../../helpers/source-files.js';

// A connection that does not ask for the proxy of its URL does not leave a network whose only way out is a proxy.

/** Code that opens a connection. */
const OPENS =
  /\b(?:net|tls|http|https|http2)\.(?:connect|createConnection|request|get)\b|(?<![.\w])fetch\(|\bnew (?:WebSocket|Socket|Etcd3)\(|\bSocksClient\b|import[^;]*\b(?:connect|createConnection|request|get)\b[^;]* from 'node:(?:net|tls|http|https|http2)'|\bcreateSocket\(|\bimport\('pg'\)|\bdefault\.(?:Client|Pool)\b/;

/** Code of pages, for which the browser chooses the proxy. */
const PAGES = /^src\/(?:ui|lib\/(?:transport|kite)\/page)\//;

/** The files that open connections, with how they choose a proxy. */
const OPENERS: Readonly<Record<string, string>> = {
  'src/lib/transport/forward-proxy/http-tunnel.ts': 'connects to the proxy',
  'src/lib/transport/forward-proxy/socks-tunnel.ts': 'connects to the proxy',
  'src/lib/transport/forward-proxy/secure-tunnel.ts': 'starts TLS in a tunnel',
  'src/lib/transport/forward-proxy/request-route.ts': 'chooses the agent of all HTTP requests',
  'src/lib/transport/forward-proxy/routed-fetch.ts': 'asks for the proxy first',
  'src/lib/transport/websocket/dial-websocket.ts': 'asks for the proxy first',
  'src/lib/cli/call/byte-stream.ts': 'reads a named pipe',
  'src/lib/cli/kites/download.ts': 'gets its function fetch from routedFetch',
  'src/lib/proxy/reverse/backends.ts':
    'kites in the network of a reverse proxy, whose addresses it has checked',
  'src/lib/kite/config/outbound-address.ts': 'sends nothing',
  'src/lib/util/socket-lock.ts': 'a socket file of this machine',
  'src/lib/kontrol/storage/etcd/etcd-cluster.ts': 'a store, in the network of Kontrol',
  'src/lib/kontrol/storage/postgres/database.ts': 'a store, in the network of Kontrol',
};

it('each connection that leaves this machine asks for the proxy of its URL, or is listed with the reason', () => {
  const files = sourceFiles().filter(({ path }) => !PAGES.test(path));
  const opening = files.filter(({ text }) => OPENS.test(withoutComments(text))).map(({ path }) => path);
  console.log(`outgoing connections: ${opening.length} of ${files.length} files open them`);
  expect(opening.toSorted()).toEqual(Object.keys(OPENERS).toSorted());
});

it.each([
  ['const socket = net.connect({ host, port });', true],
  ["import { connect } from 'node:tls';", true],
  ["import { get as getHttp, type IncomingMessage } from 'node:http';", true],
  ['const response = await fetch(url);', true],
  ['const send = secure ? https.request : http.request;', true],
  ["const ws = new WebSocket('ws://h');", true],
  ['await client.connect();', false],
  ['const agent = new http.Agent();', false],
  ["import type { IncomingMessage } from 'node:http';", false],
  ['await sendHttp(url, { signal });', false],
])('the code %j opens a connection: %s', (code, opens) => {
  expect(OPENS.test(code)).toBe(opens);
});
