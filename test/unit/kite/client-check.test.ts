import { describe, expect, it } from 'vitest';
import type { ClientOptions } from '../../../src/lib/kite/call/client.js';
import { requireClient } from '../../../src/lib/kite/client-check.js';
import { isConfigurationError } from '../../../src/lib/protocol/errors.js';

const URL = 'http://localhost:3636/kite';
const DURATIONS = ['timeout', 'handshakeTimeout'] as const;
const ODD_DURATIONS: readonly unknown[] = [
  Number.NaN,
  -1,
  '5',
  '5s',
  null,
  {},
  [],
  true,
  Number.NEGATIVE_INFINITY,
];

/** What a client cannot have, with the name of the option. */
const REFUSED: readonly (readonly [name: string, url: unknown, options: unknown, value: string])[] = [
  ...[undefined, null, 5, {}, new globalThis.URL(URL)].map(
    (url) => ['The URL of the client', url, {}, ''] as const,
  ),
  ...['zzz', '', 'websocket', 5, null].map(
    (transport) => ['The option transport', URL, { transport }, String(transport)] as const,
  ),
  ...['square', '', 5, null, false, {}, [5]].map(
    (trustRemote) => ['The option trustRemote', URL, { trustRemote }, ''] as const,
  ),
  ...ODD_DURATIONS.flatMap((value) => [
    ...DURATIONS.map((name) => [`The option ${name}`, URL, { [name]: value }, String(value)] as const),
    ...['initial', 'max'].map(
      (name) => [`The option backoff.${name}`, URL, { backoff: { [name]: value } }, String(value)] as const,
    ),
  ]),
];

console.log(`${REFUSED.length} URLs and options of clients are refused`);

describe('requireClient', () => {
  it.each(REFUSED)('requireClient refuses %s for %j with %j', (name, url, options, value) => {
    let error: unknown;
    try {
      requireClient(url, options as ClientOptions);
    } catch (thrown) {
      error = thrown;
    }
    expect(isConfigurationError(error)).toBe(true);
    expect(error).toMatchObject({ code: 'badValue' });
    expect((error as Error).message).toContain(`${name} is `);
    expect((error as Error).message).toContain(value);
    expect((error as Error).message).toContain('; it must be ');
  });

  it('requireClient names the transports, and does not show a key', () => {
    expect(() => requireClient(URL, { transport: 'zzz' as 'auto' })).toThrow(
      'The option transport is "zzz"; it must be one of auto, WebSocket, RawWebSocket, XHRPolling',
    );
    for (const auth of [
      'the secret',
      { type: 'token' },
      { key: 'the secret' },
      { type: 1, key: 'the secret' },
    ]) {
      const call = () => requireClient(URL, { auth: auth as never });
      expect(call).toThrow(
        'The option auth has a value that is not accepted; it must be an object { type, key }',
      );
      expect(call).not.toThrow('the secret');
    }
  });

  it.each<ClientOptions>([
    {},
    { transport: 'XHRPolling', timeout: 0, handshakeTimeout: 5, auth: null },
    { timeout: Number.POSITIVE_INFINITY, backoff: { initial: 0, max: 1 } },
    { auth: { type: 'token', key: '' } },
  ])('requireClient accepts the options %j', (options) => {
    expect(() => requireClient(URL, options)).not.toThrow();
  });
});
