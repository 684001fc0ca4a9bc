import { expect, it } from 'vitest';
import { Kite } from '../../../../src/lib/index.js';
import { isSockJsClientScript } from '../../../../src/lib/transport/server/iframe-page.js';
import { silentLogger } from '../../../../src/lib/util/logger.js';

const integrity = 'sha384-oqVuAfXRKap7fdgcCY5uykM6+R9GqQ8K/uxy9rx7HNQlGYl1kPzQho1wx4JwY8wC';

it.each([
  ['https://example.com/sockjs.js', integrity, true],
  ['http://example.com/sockjs.js', integrity, false],
  ['sockjs.js', integrity, false],
  ['https://example.com/sockjs.js', '', false],
  ['https://example.com/sockjs.js', 'md5-AAAA', false],
  ['https://example.com/sockjs.js', 'sha384-"><script>', false],
])('the iframe page accepts the script %j with the integrity %j: %s', (url, digest, accepted) => {
  const sockjsClient = { url, integrity: digest };
  expect(isSockJsClientScript(sockjsClient)).toBe(accepted);
  const newKite = () =>
    new Kite('math', '1.0.0', { kiteKey: false, env: {}, logger: silentLogger, sockjsClient });
  if (accepted) expect(newKite).not.toThrow();
  else expect(newKite).toThrow(/sockjsClient needs an https: URL/);
});
