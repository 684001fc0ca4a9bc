import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { request } from '../../helpers/transport/http.js';
import { echo, startSockJs, type TestServer } from '../../helpers/transport/sockjs.js';

// The parts of the SockJS 0.3 protocol without sessions, as requests over real sockets.

let server: TestServer;
let url: string;

beforeAll(async () => {
  server = await startSockJs({ prefixes: ['/kite', '/math-1.0.0/kite'], onSession: echo });
  url = server.url;
});

afterAll(() => server.close());

const NOT_CACHED = 'no-store, no-cache, no-transform, must-revalidate, max-age=0';
const ORIGIN = 'http://localhost:8000';

describe('the greeting', () => {
  it.each(['', '/', '?x=1'])('the greeting is served at the base URL followed by %j', async (suffix) => {
    const answer = await request('GET', url + suffix);
    expect(answer).toMatchObject({ status: 200, body: 'Welcome to SockJS!\n' });
    expect(answer.headers['content-type']).toBe('text/plain; charset=UTF-8');
    expect(answer.headers['set-cookie']).toBeUndefined();
  });

  it('the greeting is served at every prefix', async () => {
    const other = url.replace('/kite', '/math-1.0.0/kite');
    expect(await request('GET', other)).toMatchObject({ status: 200, body: 'Welcome to SockJS!\n' });
  });

  it.each(['/a', '/a.html', '//', '///', '/a/a', '/a/a/', '/a/'])(
    'the greeting is not served at %j',
    async (suffix) => {
      expect((await request('GET', url + suffix)).status).toBe(404);
    },
  );

  it('the SockJS server leaves other paths to other handlers', async () => {
    expect(await request('GET', `${url}s`)).toMatchObject({ status: 404, body: 'not ours' });
  });
});

describe('the iframe page', () => {
  const script = { url: 'https://example.com/sockjs.js?a&b', integrity: 'sha384-AAAA' };
  let base: string;

  beforeAll(async () => {
    const server = await startSockJs({ sockjsClient: script });
    base = server.url;
    return () => server.close();
  });

  it('the iframe page is not served unless a script with its integrity is set', async () => {
    expect(await request('GET', `${url}/iframe.html`)).toMatchObject({ status: 404 });
  });

  it.each(['/iframe.html', '/iframe-.html', '/iframe-0.1.2abc-dirty.2144.html?t=qweqweq123'])(
    'the iframe page is served at %j with a cache lifetime of a year',
    async (suffix) => {
      const { status, headers, body } = await request('GET', base + suffix);
      expect(status).toBe(200);
      expect(headers['content-type']).toBe('text/html; charset=UTF-8');
      expect(headers['cache-control']).toBe('public, max-age=31536000');
      expect(Date.parse(headers.expires ?? '')).toBeGreaterThan(Date.now() + 300 * 86_400_000);
      expect(headers.etag).toBeTruthy();
      expect(headers['last-modified']).toBeUndefined();
      expect(headers['set-cookie']).toBeUndefined();
      expect(body).toMatch(/^<!DOCTYPE html>\n<html>\n<head>\n/);
      expect(body).toContain(
        '<script src="https://example.com/sockjs.js?a&amp;b" integrity="sha384-AAAA" crossorigin="anonymous"></script>',
      );
      expect(body).toContain('SockJS.bootstrap_iframe();');
    },
  );

  it('the iframe page is not sent again to a client that has cached it', async () => {
    const { headers } = await request('GET', `${base}/iframe.html`);
    const again = await request('GET', `${base}/iframe.html`, { headers: { 'if-none-match': headers.etag } });
    expect(again).toMatchObject({ status: 304, body: '' });
    expect(again.headers['content-type']).toBeUndefined();
    const other = await request('GET', `${base}/iframe.html`, { headers: { 'if-none-match': '"other"' } });
    expect(other.status).toBe(200);
  });

  it('the iframe page can be framed only by pages that may connect', async () => {
    const { headers } = await request('GET', `${base}/iframe.html`);
    expect(headers['content-security-policy']).toMatch(/^frame-ancestors 'self' /);
  });

  it.each(['/iframe.htm', '/iframe', '/IFRAME.HTML', '/iframe.HTML', '/iframe-/.html'])(
    'the iframe page is not served at %j',
    async (suffix) => {
      expect((await request('GET', base + suffix)).status).toBe(404);
    },
  );
});

describe('info', () => {
  it('info reports the features of the server', async () => {
    const { status, headers, body } = await request('GET', `${url}/info`, { headers: { origin: ORIGIN } });
    expect(status).toBe(200);
    expect(headers).toMatchObject({
      'content-type': 'application/json; charset=UTF-8',
      'cache-control': NOT_CACHED,
      'access-control-allow-origin': ORIGIN,
      'access-control-allow-credentials': 'true',
    });
    expect(JSON.parse(body)).toEqual({
      websocket: true,
      origins: ['*:*'],
      cookie_needed: false,
      entropy: expect.any(Number),
    });
  });

  it('info returns new entropy with each response', async () => {
    const entropy = async (): Promise<unknown> =>
      JSON.parse((await request('GET', `${url}/info`)).body).entropy;
    expect(await entropy()).not.toBe(await entropy());
  });
});

describe('preflight requests', () => {
  it.each([
    ['/info', 'OPTIONS, GET'],
    ['/abc/abc/xhr', 'OPTIONS, POST'],
    ['/abc/abc/xhr_send', 'OPTIONS, POST'],
    ['/abc/abc/xhr_streaming', 'OPTIONS, POST'],
  ])('a preflight request to %s is answered with a cache lifetime of a year', async (suffix, methods) => {
    const { status, headers, body } = await request('OPTIONS', url + suffix, {
      headers: {
        origin: ORIGIN,
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'a, b, c',
      },
    });
    expect({ status, body }).toEqual({ status: 204, body: '' });
    expect(headers).toMatchObject({
      'access-control-allow-origin': ORIGIN,
      'access-control-allow-credentials': 'true',
      'access-control-allow-methods': methods,
      'access-control-allow-headers': 'a, b, c',
      'access-control-max-age': '31536000',
      'cache-control': 'public, max-age=31536000',
    });
    expect(headers.expires).toBeTruthy();
  });

  it('a preflight request without headers gets none', async () => {
    const { headers } = await request('OPTIONS', `${url}/abc/abc/xhr`, {
      headers: { origin: ORIGIN, 'access-control-request-headers': '' },
    });
    expect(headers['access-control-allow-headers']).toBeUndefined();
  });
});

describe('other methods', () => {
  it.each([
    ['PUT', '', 'GET'],
    ['DELETE', '/info', 'OPTIONS, GET'],
    ['GET', '/0/0/xhr', 'OPTIONS, POST'],
    ['GET', '/0/0/xhr_send', 'OPTIONS, POST'],
    ['POST', '/0/0/eventsource', 'OPTIONS, GET'],
    ['POST', '/0/0/websocket', 'GET'],
    ['POST', '/websocket', 'GET'],
  ])('%s %s is answered with the allowed methods', async (method, suffix, allow) => {
    const { status, headers, body } = await request(method, url + suffix);
    expect({ status, body }).toEqual({ status: 405, body: '' });
    expect(headers.allow).toBe(allow);
    expect(headers['content-type']).toBeUndefined();
  });

  it('HEAD is answered like GET, without a body', async () => {
    expect(await request('HEAD', url)).toMatchObject({ status: 200, body: '' });
  });
});

describe('transports of old browsers', () => {
  it.each(['/0/0/jsonp?c=callback', '/0/0/htmlfile?c=callback'])(
    'the transports of old browsers do not exist: GET %s',
    async (suffix) => {
      expect((await request('GET', url + suffix)).status).toBe(404);
    },
  );

  it('the transports of old browsers do not exist: POST jsonp_send', async () => {
    expect((await request('POST', `${url}/0/0/jsonp_send`, { body: 'd=%5B%22x%22%5D' })).status).toBe(404);
  });
});

describe('requests from pages', () => {
  const evil = { headers: { origin: 'https://evil.example' } };

  it.each([
    ['GET', ''],
    ['GET', '/info'],
    ['POST', '/0/evil/xhr'],
    ['POST', '/0/evil/xhr_send'],
    ['OPTIONS', '/0/evil/xhr'],
    ['GET', '/0/evil/eventsource'],
  ])('a request of an unknown origin is rejected: %s %s', async (method, suffix) => {
    const { status, headers } = await request(method, url + suffix, evil);
    expect(status).toBe(403);
    expect(headers['access-control-allow-origin']).toBeUndefined();
    expect(server.sessions).toHaveLength(0);
  });

  it('a request of an origin that the program allows is accepted', async () => {
    const open = await startSockJs({ allowOrigin: ['https://evil.example'] });
    try {
      const { status, headers } = await request('GET', `${open.url}/info`, evil);
      expect(status).toBe(200);
      expect(headers['access-control-allow-origin']).toBe('https://evil.example');
    } finally {
      await open.close();
    }
  });
});

describe('the session cookie', () => {
  async function startWithCookies(): Promise<TestServer> {
    const server = await startSockJs({ cookie: true, onSession: echo });
    onTestFinished(() => server.close());
    return server;
  }

  it('info reports that a cookie is needed, without setting it', async () => {
    const { url } = await startWithCookies();
    const { headers, body } = await request('GET', `${url}/info`);
    expect(JSON.parse(body)).toMatchObject({ cookie_needed: true });
    expect(headers['set-cookie']).toBeUndefined();
  });

  it.each([
    [undefined, 'dummy'],
    ['JSESSIONID=abcdef', 'abcdef'],
    ['a=b; JSESSIONID=n1.42; c=d', 'n1.42'],
    ['XJSESSIONID=no', 'dummy'],
  ])('a session requested with the cookie %j sets %j', async (cookie, value) => {
    const { url } = await startWithCookies();
    const { headers } = await request('POST', `${url}/000/cookie-${cookie?.length}/xhr`, {
      headers: cookie === undefined ? {} : { cookie },
    });
    expect(headers['set-cookie']).toEqual([`JSESSIONID=${value}; Path=/`]);
  });
});
