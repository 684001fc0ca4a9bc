import { describe, expect, it } from 'vitest';
import { defaultLimits } from '../../../../src/lib/kite/limits/kite-limits.js';
import {
  defaultProxyLimits,
  TARGET_URL_LENGTH,
  TUNNEL_TOKEN_LENGTH,
} from '../../../../src/lib/proxy/limits/proxy-limits.js';
import { BackendPolicy } from '../../../../src/lib/proxy/reverse/backend-policy.js';
import { BackendUrls } from '../../../../src/lib/proxy/reverse/backend-url.js';
import { TunnelTokens } from '../../../../src/lib/proxy/tunnel/tunnel-tokens.js';
import { ManualClock } from '../../../helpers/process/manual-clock.js';

describe('the limits of proxies', () => {
  it('the limits of proxies contain those of every kite, and cannot be changed for the whole process', () => {
    expect(defaultProxyLimits).toMatchObject(defaultLimits);
    expect(Object.isFrozen(defaultProxyLimits)).toBe(true);
  });

  it('the limits of proxies bound the URL that a kite registers', async () => {
    const policy = new BackendPolicy({ localKites: true });
    const targets = new BackendUrls({ policy, limits: defaultProxyLimits, ownPort: () => undefined });
    const url = (length: number): string => 'http://127.0.0.1/'.padEnd(length, 'x');
    await expect(targets.of(url(TARGET_URL_LENGTH), '127.0.0.1:9')).resolves.toMatchObject({ port: 80 });
    await expect(targets.of(url(TARGET_URL_LENGTH + 1), '127.0.0.1:9')).rejects.toMatchObject({
      code: 'badUrl',
    });
  });

  it('the limits of proxies bound the token of a tunnel', () => {
    const tokens = new TunnelTokens(new ManualClock(), 1000);
    const [short, long] = ['kite', 'k'.repeat(TUNNEL_TOKEN_LENGTH)].map((kite) => ({ kite, tunnel: 1 }));
    expect(short && tokens.read(tokens.sign(short))).toEqual(short);
    expect(long && tokens.read(tokens.sign(long))).toBeUndefined();
  });
});
